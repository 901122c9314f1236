"""Data sets by name, as the command lines ask for them."""

from ..errors import InputError
from .idx import load_idx
from .mnist import load_mnist
from .names import DATASETS
from .svhn import load_svhn

__all__ = ["load_dataset"]


def load_dataset(name="mnist", directory=None):
    """Load a data set by name, or from a folder.

    Parameters
    ----------
    name : {"mnist", "svhn"}
        ``"mnist"`` stands for IDX files, ``"svhn"`` for the MATLAB files of the
        Street View House Numbers.
    directory : str or path-like, optional
        Folder with the files. By default MNIST is the copy that comes with the
        package, and SVHN is downloaded once.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        If there is no data set of this name.
    DataError
        If the files are missing, damaged or do not fit together.

    See Also
    --------
    load_mnist, load_idx, load_svhn
    """
    if name == "mnist":
        return load_mnist() if directory is None else load_idx(directory)
    if name == "svhn":
        return load_svhn(directory)
    raise InputError(f"unknown data set {name!r}; known are {', '.join(DATASETS)}")
