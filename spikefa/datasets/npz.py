"""NumPy archives of images, such as Keras's ``mnist.npz``."""

import zipfile
from os import PathLike
from pathlib import Path

import numpy as np

from ..errors import DataError
from .assembly import build_dataset, grey
from .dataset import Dataset
from .files import is_file, is_folder, list_folder, one_line, reason

__all__ = ["find_npz", "load_npz"]

#: Names of training images and labels, test images and labels: Keras, MedMNIST.
_NAMES = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
)
_FIELDS = ("train_images", "train_labels", "test_images", "test_labels")
_WHITE = 255


def load_npz(path: str | PathLike[str], name: str | None = None) -> Dataset:
    """Load an archive of four arrays.

    Parameters
    ----------
    path : str or path-like
        A ``.npz`` file that holds ``x_train``, ``y_train``, ``x_test`` and ``y_test``
        (or ``train_images``, ``train_labels``, ``test_images``, ``test_labels``).
        Images have shape (n, rows, cols), or (n, rows, cols, 3) in colour, and 8-bit
        pixels: uint8, or what dividing them by 255 gives. Labels are integers.
    name : str, optional
        Name of the data set; by default that of the file.

    Returns
    -------
    Dataset
        Colours are turned into grey as the SVHN loader does. Labels that do not run
        from 0 without gaps are numbered anew, in order; `Dataset.classes` has the old
        ones.

    Raises
    ------
    DataError
        If the file is missing, unreadable or lacks an array; if an array is not what
        it should be, or they do not fit together. The text is one line that names
        the file and the array.
    """
    path = Path(path)
    found = _read(path)
    sources = {field: f"{path}: {key}" for field, (key, _) in found.items()}
    train, test = (
        (
            _images(found[f"{part}_images"][1], sources[f"{part}_images"]),
            _labels(found[f"{part}_labels"][1], sources[f"{part}_labels"]),
        )
        for part in ("train", "test")
    )
    return build_dataset(name or path.stem, train, test, sources)


def find_npz(directory):
    """List the archives in a folder that `load_npz` can be given.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    paths : list of pathlib.Path
        Those whose arrays have the names of images and labels.
    """
    if not is_folder(directory):
        is_archive = directory.suffix == ".npz" and is_file(directory)
        return [directory] if is_archive else []
    return [
        path
        for path in list_folder(directory)
        if path.suffix == ".npz" and _has_images(path)
    ]


def _has_images(path):
    try:
        with zipfile.ZipFile(path) as archive:
            there = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
    return any(there.issuperset(names) for names in _NAMES)


def _read(path):
    """Return {field of `Dataset`: (name in the file, array)}."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            there = set(archive.files)
            for names in _NAMES:
                if there.intersection(names):
                    break
            missing = [name for name in names if name not in there]
            if missing:
                listed = one_line(", ".join(sorted(there)[:8])) or "nothing"
                raise DataError(
                    f"{one_line(path)}: holds no array {missing[0]} (it holds {listed})"
                )
            return {
                field: (name, archive[name])
                for field, name in zip(_FIELDS, names, strict=True)
            }
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{one_line(path)}: no such file") from None
    # Exception: a damaged file makes NumPy and zipfile raise nearly anything.
    except Exception as error:
        raise DataError(
            f"{one_line(path)}: cannot be read as a .npz file ({reason(error)})"
        ) from error


def _images(array, source):
    """Return 8-bit grey images, shape (n, rows, cols)."""
    with np.errstate(invalid="ignore"):
        array = _pixels(array, source)
    if array.ndim == 4 and array.shape[3] == 1:
        return array[..., 0]
    if array.ndim == 4 and array.shape[3] == 3:
        return grey(array)
    if array.ndim != 3:
        raise DataError(
            f"{one_line(source)} has shape {array.shape}, not (images, rows, columns) "
            "or (images, rows, columns, 3)"
        )
    return array


def _pixels(array, source):
    if array.dtype in (np.uint8, np.bool_):
        return array.astype(np.uint8, copy=False)
    problem = f"{one_line(source)} is {array.dtype}, and holds values that are no"
    if array.dtype.kind not in "iuf":
        raise DataError(f"{one_line(source)} is {array.dtype}, not 8-bit pixels")
    # What someone has divided by 255 goes on as the bytes that it was.
    whole = array
    if array.dtype.kind == "f":
        divided = bool(array.size) and array.max() <= 1 and (array % 1).any()
        values = array * _WHITE if divided else array
        whole = np.rint(values)
        # Half-precision floats are off by 0.06.
        if not np.allclose(values, whole, rtol=0, atol=0.1 if divided else 0):
            raise DataError(f"{problem} 8-bit pixels, divided by 255 or not")
    if array.size and not (whole.min() >= 0 and whole.max() <= _WHITE):
        raise DataError(f"{problem} 8-bit pixels (0 to 255)")
    return whole.astype(np.uint8)


def _labels(array, source):
    """Return integer labels, shape (n,)."""
    labels = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if labels.ndim != 1:
        raise DataError(f"{one_line(source)} has shape {array.shape}, not (images,)")
    if labels.size and labels.dtype.kind == "f" and not (labels % 1).any():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iu":
        raise DataError(f"{one_line(source)} is {array.dtype}, not integers")
    return labels
