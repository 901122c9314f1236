"""Data sets by name, as the command lines ask for them, or by folder."""

from os import PathLike
from pathlib import Path

from ..errors import DataError, InputError
from .dataset import Dataset
from .files import is_file, list_subfolders, one_line
from .idx_folder import find_idx, load_idx
from .image_folder import find_image_folder, load_image_folder
from .mnist import load_mnist
from .names import DATASETS
from .npz import find_npz, load_npz
from .svhn import load_svhn

__all__ = ["load_dataset", "load_folder"]

#: What lists the data sets of one format in a folder, and what loads one of them.
_FORMATS = (
    (find_idx, load_idx),
    (find_npz, load_npz),
    (find_image_folder, load_image_folder),
)
_DEPTH = 3
_MOST_FOLDERS = 2000
_KNOWN = (
    "train-images-idx3-ubyte[.gz] and the like, no .npz file with x_train and the "
    "like, and no folders train and test of images"
)


def load_dataset(
    name: str = "mnist", directory: str | PathLike[str] | None = None
) -> Dataset:
    """Load a data set by name, or from a folder.

    Parameters
    ----------
    name : {"mnist", "svhn"}
        ``"mnist"`` stands for MNIST and all that looks like it, see `load_folder`;
        ``"svhn"`` for the MATLAB files of the Street View House Numbers.
    directory : str or path-like, optional
        Folder with the files, or the file. By default MNIST is the copy that comes
        with the package, and SVHN is downloaded once.

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
    load_mnist, load_folder, load_svhn
    """
    if name == "mnist":
        return load_mnist() if directory is None else load_folder(directory)
    if name == "svhn":
        return load_svhn(directory)
    raise InputError(f"unknown data set {name!r}; known are {', '.join(DATASETS)}")


def load_folder(path: str | PathLike[str]) -> Dataset:
    """Load the data set in a folder, whatever its format.

    Parameters
    ----------
    path : str or path-like
        A folder of IDX files (`load_idx`), a ``.npz`` file (`load_npz`), a folder with
        either of them, a folder of image files by class (`load_image_folder`), or a
        folder up to three levels above one of these, such as the one that torchvision
        was given.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If there is no data set, or more than one; and all that the loaders raise.

    Notes
    -----
    What had to be decided about the data, such as the numbers of classes, is said in
    a line: a warning of the logger ``spikefa``, once a process, and
    `Dataset.remarks`.
    """
    if not str(path):  # it would be the current folder
        raise DataError("the folder of the data has no name")
    path = Path(path)
    found = _search(path)
    if not found:
        raise DataError(f"{one_line(path)}: no file {_KNOWN}, here or below")
    if len(found) > 1:
        places = [one_line(place) for place, _ in found]
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        raise DataError(
            f"{one_line(path)}: holds several data sets, "
            f"{', '.join(places[:3])}{more}; give the path of one"
        )
    place, load = found[0]
    return load(place)


def _search(path):
    """Return (path, loader) of each data set here, or else of those below."""
    found = _in_folder(path)
    if found or is_file(path):
        if not found:
            raise DataError(f"{one_line(path)}: is neither a folder nor a .npz file")
        return found
    level, visited = list_subfolders(path), 0
    for _ in range(_DEPTH):
        below = []
        for folder in level[: _MOST_FOLDERS - visited]:
            try:
                here = _in_folder(folder)
                below += [] if here else list_subfolders(folder)
            except DataError:  # a folder below that may not be read is not meant
                continue
            found += here
        visited += len(level)
        level = below
    return found


def _in_folder(folder):
    return [(place, load) for find, load in _FORMATS for place in find(folder)]
