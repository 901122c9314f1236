"""The MNIST digits that come with the package (origin and licence: README.md)."""

from importlib import resources

from ..dataset import Dataset
from ..idx_folder import load_idx

__all__ = ["load_mnist"]


def load_mnist() -> Dataset:
    """Load the MNIST digits that are installed with the package.

    Returns
    -------
    Dataset
        60,000 training and 10,000 test images of 28 x 28 pixels, 10 classes,
        named ``"mnist"``.

    Raises
    ------
    DataError
        If a file of the installation is missing or damaged.

    Notes
    -----
    The task of Figs 3 and 4 [paper]. All 60,000 training images are used as they
    are stored; what becomes of an input in 0..1 (such as the
    probability of a spike) is the business of the network, not of this loader.
    """
    # as_file: the package may be installed as a zip.
    with resources.as_file(resources.files(__name__)) as directory:
        return load_idx(directory, name="mnist")
