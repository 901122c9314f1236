"""IDX files, the format of MNIST and of its relatives.

An IDX file is a header of big-endian integers followed by the bare items: two zero
bytes, a byte for the type of an item, a byte for the number of dimensions, then the
length of each dimension as 32 bits (http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .files import one_line, reason

__all__ = ["read_idx"]

_UNSIGNED_BYTE = 0x08
_TYPES = {
    _UNSIGNED_BYTE: "unsigned bytes",
    0x09: "signed bytes",
    0x0B: "16-bit integers",
    0x0C: "32-bit integers",
    0x0D: "32-bit floats",
    0x0E: "64-bit floats",
}
_PIXELS = {_UNSIGNED_BYTE: ">u1"}
#: What labels may be: QMNIST's have 32 bits.
_LABEL_DTYPES = {_UNSIGNED_BYTE: ">u1", 0x0B: ">i2", 0x0C: ">i4"}
#: A line of QMNIST's label files: the class, then the writer and other facts.
_TABLE_COLUMNS = 8
_GZIP_MAGIC = b"\x1f\x8b"
# Deflate cannot shrink data by more than 1032:1 (zlib's technical notes), so that a
# header that promises more is wrong, and is refused before memory is set aside.
_MAX_COMPRESSION = 1040
_CHUNK = 1 << 20


def read_idx(path: str | os.PathLike[str], n_dims: int) -> NDArray:
    """Read one IDX file of images or of labels.

    Parameters
    ----------
    path : str or path-like
        The file, gzipped if its name ends in ``.gz``.
    n_dims : int
        3 for images, 1 for labels.

    Returns
    -------
    numpy.ndarray
        Images: unsigned bytes, with the shape that the file's header states.
        Labels: integers, shape (n,), of the type in the file (bytes, or 16 or 32
        bits). Of a table of labels of 8 columns, as QMNIST has it, the first column,
        which is the class.

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
    dtype, shape = _read_header(stream, n_dims)
    n_bytes = math.prod(shape) * dtype.itemsize
    limit = file_size * (_MAX_COMPRESSION if path.suffix == ".gz" else 1)
    # Nothing is allocated for a promise that the file cannot keep.
    raw = np.empty(n_bytes if n_bytes <= limit else 0, dtype=np.uint8)
    filled = _fill(stream, raw)
    if filled < n_bytes:
        each = f" of {dtype.itemsize} bytes" if dtype.itemsize > 1 else ""
        items = f"{' x '.join(map(str, shape))} {'items' if each else 'bytes'}{each}"
        raise _Unsound(f"is truncated: its header promises {items}")
    # At the end of the data this also makes gzip verify its checksum.
    if stream.read(1):
        raise _Unsound("has bytes after its last item")
    items = raw.view(dtype).astype(dtype.newbyteorder("="), copy=False).reshape(shape)
    return items[:, 0].copy() if n_dims == 1 and len(shape) == 2 else items


def _read_header(stream, n_dims):
    """Return the type of the items, and the length of each dimension."""
    start = stream.read(4)
    if len(start) < 4:
        raise _Unsound("is truncated: it has no complete header")
    zero, code, dims = struct.unpack(">HBB", start)
    if zero != 0:
        raise _Unsound(f"is not an IDX file (magic number 0x{start.hex()})")
    wanted, dtypes = ("labels", _LABEL_DTYPES) if n_dims == 1 else ("images", _PIXELS)
    if code not in dtypes:
        held = _TYPES.get(code, f"items of unknown type 0x{code:02x}")
        types = " or ".join(_TYPES[known] for known in dtypes)
        raise _Unsound(f"holds {held} instead of {types}")
    if dims != n_dims and (n_dims, dims) != (1, 2):
        raise _Unsound(f"has {dims} dimensions, but {wanted} have {n_dims}")
    lengths = stream.read(4 * dims)
    if len(lengths) < 4 * dims:
        raise _Unsound("is truncated: it has no complete header")
    shape = struct.unpack(f">{dims}I", lengths)
    if 0 in shape:
        raise _Unsound(f"holds no {wanted} (its size is {' x '.join(map(str, shape))})")
    if dims == 2 and shape[1] != _TABLE_COLUMNS:
        raise _Unsound(
            f"is a table of {shape[1]} columns; labels have one, or the "
            f"{_TABLE_COLUMNS} of QMNIST"
        )
    return np.dtype(dtypes[code]), shape


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
