"""Folders of IDX files: MNIST, Fashion-MNIST, KMNIST, EMNIST, QMNIST."""

import re
from os import PathLike
from pathlib import Path

import numpy as np

from ..errors import DataError
from .assembly import build_dataset
from .dataset import Dataset
from .files import is_folder, list_folder, one_line, title
from .idx import read_idx

__all__ = ["find_idx", "load_idx"]

_NAME = re.compile(
    r"(?:(?P<family>emnist-[a-z]+|qmnist)-)?(?P<part>train|t10k|test)-"
    r"(?:(?P<images>images)[-.]idx3-ubyte|labels[-.]idx(?:1-ubyte|1-int|2-int))"
    r"(?:\.gz)?"
)
_EXPECTED = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
#: What files without a family are called where they lie among others.
_PLAIN = "mnist"


def load_idx(directory: str | PathLike[str], name: str | None = None) -> Dataset:
    """Load a folder of four IDX files, gzipped or not.

    Parameters
    ----------
    directory : str or path-like
        Folder with the images and labels for training and test, named like those
        of MNIST, Fashion-MNIST and KMNIST (``train-images-idx3-ubyte.gz``,
        ``t10k-labels.idx1-ubyte``, ...), of EMNIST
        (``emnist-letters-train-images-idx3-ubyte.gz``, ...) or of QMNIST. If it holds
        several data sets, ``directory / "emnist-letters"`` is one of them. A file may
        lie there packed and unpacked; files of other names are ignored.
    name : str, optional
        Name of the data set; by default that of the folder, or ``emnist-letters``.

    Returns
    -------
    Dataset
        Images as rows of uint8 pixels, shape (n, rows * cols). EMNIST stores its
        images transposed; they are turned upright here. Labels that do not run from
        0 without gaps are numbered anew, in order; `Dataset.classes` has the old ones.

    Raises
    ------
    DataError
        If the folder cannot be read or holds two different files for one purpose; if
        a file is missing, unreadable, truncated, too long or not an IDX file of
        unsigned bytes (labels: of integers); if counts, image sizes or labels do not
        fit together. The text is one line that names the file.
    """
    directory = Path(directory)
    chosen = _among_others(directory)
    folder = directory.parent if chosen else directory
    family, files = _choose(folder, _group(list_folder(folder)), chosen)
    arrays = {
        field: _read_agreeing(paths, 3 if field.endswith("images") else 1)
        for field, paths in files.items()
    }
    if family.startswith("emnist"):
        for field in ("train_images", "test_images"):
            arrays[field] = np.ascontiguousarray(arrays[field].transpose(0, 2, 1))
    return build_dataset(
        name or (title(folder) if family == _PLAIN else family),
        train=(arrays["train_images"], arrays["train_labels"]),
        test=(arrays["test_images"], arrays["test_labels"]),
        sources={field: paths[0] for field, paths in files.items()},
    )


def find_idx(directory):
    """List what `load_idx` can be given.

    Parameters
    ----------
    directory : pathlib.Path
        A folder, or a path such as ``folder/emnist-letters``.

    Returns
    -------
    paths : list of pathlib.Path
        The folder itself if it holds IDX files of one data set, complete or not; a
        path for each one of several.
    """
    if not is_folder(directory):
        return [directory] if _among_others(directory) else []
    families = sorted(_group(list_folder(directory)))
    return [directory] if len(families) == 1 else [directory / f for f in families]


def _among_others(directory):
    """Return the data set that a path names in the folder above it, or None."""
    if is_folder(directory) or not is_folder(directory.parent):
        return None
    try:
        there = _group(list_folder(directory.parent))
    except DataError:  # the folder above may not be read
        return None
    return directory.name if directory.name in there else None


def _group(paths):
    """Return {data set: {field of `Dataset`: its files}}."""
    families = {}
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match:
            part = "train" if match["part"] == "train" else "test"
            kind = "images" if match["images"] else "labels"
            fields = families.setdefault(match["family"] or _PLAIN, {})
            fields.setdefault(f"{part}_{kind}", []).append(path)
    return families


def _choose(folder, families, chosen):
    if chosen is None:
        if len(families) > 1:
            names = sorted(families)
            raise DataError(
                f"{one_line(folder)}: holds files of different data sets "
                f"({', '.join(names)}); {one_line(folder / names[0])} is one of them"
            )
        chosen = next(iter(families), _PLAIN)
    files, prefix = families.get(chosen, {}), "" if chosen == _PLAIN else f"{chosen}-"
    for field, expected in _EXPECTED.items():
        if field not in files:
            if prefix:
                expected = expected.replace("t10k", "test")
            raise DataError(
                f"{one_line(folder)}: no file {prefix}{expected}[.gz] in this folder"
            )
    return chosen, {field: files[field] for field in _EXPECTED}


def _read_agreeing(paths, n_dims):
    """Read a file; others for the same purpose must hold the same."""
    first, *others = (read_idx(path, n_dims) for path in paths)
    for path, other in zip(paths[1:], others, strict=True):
        if not np.array_equal(first, other):
            raise DataError(
                f"{one_line(paths[0].parent)}: {one_line(paths[0].name)} and "
                f"{one_line(path.name)} differ; leave one in the folder"
            )
    return first
