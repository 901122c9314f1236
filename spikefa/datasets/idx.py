"""Folders of IDX files, the format of MNIST and of its relatives.

An IDX file is a header of big-endian integers followed by the bare items: two zero
bytes, a byte for the type of an item, a byte for the number of dimensions, then the
length of each dimension as 32 bits (http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import math
import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from ..errors import DataError
from .dataset import build_dataset
from .files import one_line, reason

__all__ = ["load_idx", "read_idx"]

_NAME = re.compile(
    r"(?P<family>emnist-[a-z]+-)?(?P<part>train|t10k|test)-"
    r"(?:(?P<images>images)[-.]idx3|labels[-.]idx1)-ubyte(?:\.gz)?"
)
_EXPECTED = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
_UNSIGNED_BYTE = 0x08
_TYPES = {
    _UNSIGNED_BYTE: "unsigned bytes",
    0x09: "signed bytes",
    0x0B: "16-bit integers",
    0x0C: "32-bit integers",
    0x0D: "32-bit floats",
    0x0E: "64-bit floats",
}
_GZIP_MAGIC = b"\x1f\x8b"
# Deflate cannot shrink data by more than 1032:1 (zlib's technical notes), so that a
# header that promises more is wrong, and is refused before memory is set aside.
_MAX_COMPRESSION = 1040
_CHUNK = 1 << 20


def load_idx(directory, name=None):
    """Load a folder of four IDX files, gzipped or not.

    Parameters
    ----------
    directory : str or path-like
        Folder with the images and labels for training and test, named like those
        of MNIST, Fashion-MNIST and KMNIST (``train-images-idx3-ubyte.gz``,
        ``t10k-labels.idx1-ubyte``, ...) or like those of EMNIST
        (``emnist-digits-train-images-idx3-ubyte.gz``, ...). Other files in the
        folder are ignored.
    name : str, optional
        Name of the data set; by default that of the folder.

    Returns
    -------
    Dataset
        Images as rows of uint8 pixels, shape (n, rows * cols). EMNIST stores its
        images transposed; they are turned upright here.

    Raises
    ------
    DataError
        If the folder cannot be read or holds two files for one purpose; if a file
        is missing, unreadable, truncated, too long or not an IDX file of unsigned
        bytes; if counts, image sizes or labels do not fit together. The text is
        one line that names the file.
    """
    directory = Path(directory)
    files, transposed = _find_files(directory)
    arrays = {
        field: read_idx(path, n_dims=3 if field.endswith("images") else 1)
        for field, path in files.items()
    }
    if transposed:
        for field in ("train_images", "test_images"):
            arrays[field] = np.ascontiguousarray(arrays[field].transpose(0, 2, 1))
    return build_dataset(
        name or directory.resolve().name or "idx",
        train=(arrays["train_images"], arrays["train_labels"]),
        test=(arrays["test_images"], arrays["test_labels"]),
        sources=files,
    )


def _find_files(directory):
    """Return {field of Dataset: path}, and whether the images are transposed."""
    found = {field: [] for field in _EXPECTED}
    families = set()
    for path in _list_files(directory):
        match = _NAME.fullmatch(path.name)
        if match:
            part = "train" if match["part"] == "train" else "test"
            kind = "images" if match["images"] else "labels"
            found[f"{part}_{kind}"].append(path)
            families.add(match["family"])
    for field, paths in found.items():
        if not paths:
            raise DataError(
                f"{one_line(directory)}: no file {_EXPECTED[field]}[.gz] in this folder"
            )
        if len(paths) > 1:
            raise DataError(
                f"{one_line(directory)}: {paths[0].name} and {paths[1].name} both "
                f"hold the {field.replace('_', ' ')}; leave one in the folder"
            )
    files = {field: paths[0] for field, paths in found.items()}
    if len(families) > 1:
        names = ", ".join(path.name for path in files.values())
        raise DataError(f"{one_line(directory)}: files of different data sets: {names}")
    return files, families != {None}


def _list_files(directory):
    try:
        return sorted(path for path in directory.iterdir() if path.is_file())
    except FileNotFoundError:
        raise DataError(f"{one_line(directory)}: no such folder") from None
    except NotADirectoryError:
        raise DataError(f"{one_line(directory)}: is not a folder") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise DataError(
            f"{one_line(directory)}: cannot be read ({reason(error)})"
        ) from error


def read_idx(path, n_dims):
    """Read one IDX file of unsigned bytes.

    Parameters
    ----------
    path : str or path-like
        The file, gzipped if its name ends in ``.gz``.
    n_dims : int
        Number of dimensions it must have: 3 for images, 1 for labels.

    Returns
    -------
    numpy.ndarray
        The items, uint8, with the shape that the file's header states.

    Raises
    ------
    DataError
        If the file is missing, unreadable, truncated, too long or something else.
    """
    path = Path(path)
    try:
        with open(path, "rb") as raw:
            with _decompressed(raw, path) as stream:
                return _parse(stream, n_dims, os.fstat(raw.fileno()).st_size, path)
    except _Unsound as error:
        raise DataError(f"{one_line(path)}: {error}") from None
    except FileNotFoundError:
        raise DataError(f"{one_line(path)}: no such file") from None
    except EOFError:
        raise DataError(f"{one_line(path)}: is truncated") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{one_line(path)}: is damaged, or has bytes after the end of its gzip "
            f"data ({reason(error)})"
        ) from error
    except (OSError, ValueError, MemoryError) as error:
        raise DataError(
            f"{one_line(path)}: cannot be read ({reason(error)})"
        ) from error


class _Unsound(Exception):
    """What is wrong with the content of the file that is being read."""


def _decompressed(raw, path):
    magic = raw.read(len(_GZIP_MAGIC))
    raw.seek(0)
    if path.suffix == ".gz":
        if magic != _GZIP_MAGIC:
            raise _Unsound("is not a gzip file although its name ends in .gz")
        return gzip.GzipFile(fileobj=raw)
    if magic == _GZIP_MAGIC:
        raise _Unsound("is a gzip file although its name does not end in .gz")
    return raw


def _parse(stream, n_dims, file_size, path):
    shape = _read_header(stream, n_dims)
    size = math.prod(shape)
    limit = file_size * (_MAX_COMPRESSION if path.suffix == ".gz" else 1)
    # Nothing is allocated for a promise that the file cannot keep.
    items = np.empty(size if size <= limit else 0, dtype=np.uint8)
    filled = _fill(stream, items)
    if filled < size:
        raise _Unsound(
            f"is truncated: its header promises {' x '.join(map(str, shape))} bytes"
        )
    # At the end of the data this also makes gzip verify its checksum.
    if stream.read(1):
        raise _Unsound("has bytes after its last item")
    return items.reshape(shape)


def _read_header(stream, n_dims):
    start = stream.read(4)
    if len(start) < 4:
        raise _Unsound("is truncated: it has no complete header")
    zero, code, dims = struct.unpack(">HBB", start)
    if zero != 0:
        raise _Unsound(f"is not an IDX file (magic number 0x{start.hex()})")
    if code != _UNSIGNED_BYTE:
        held = _TYPES.get(code, f"items of unknown type 0x{code:02x}")
        raise _Unsound(f"holds {held} instead of unsigned bytes")
    if dims != n_dims:
        wanted = "images" if n_dims == 3 else "labels"
        raise _Unsound(f"has {dims} dimensions, but {wanted} have {n_dims}")
    lengths = stream.read(4 * n_dims)
    if len(lengths) < 4 * n_dims:
        raise _Unsound("is truncated: it has no complete header")
    shape = struct.unpack(f">{n_dims}I", lengths)
    if 0 in shape:
        held = "images" if n_dims == 3 else "labels"
        raise _Unsound(f"holds no {held} (its size is {' x '.join(map(str, shape))})")
    return shape


def _fill(stream, items):
    """Read into `items` until it is full or the file ends; return the bytes read."""
    # In chunks, because GzipFile.readinto makes a temporary copy of what it reads.
    view, filled = memoryview(items), 0
    while filled < items.size:
        n_bytes = stream.readinto(view[filled : filled + _CHUNK])
        if not n_bytes:
            break
        filled += n_bytes
    return filled
