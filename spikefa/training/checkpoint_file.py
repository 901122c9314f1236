"""Checkpoints: files that a run goes on from, bit for bit.

A checkpoint is an ``.npz`` file: ``meta`` (JSON), the state of the session under
``state/``, records under ``record/``, and last ``checksum``, the SHA-256 of all
that comes before it. Arrays are written and read one at a time, and pickled objects
are never loaded.
"""

import hashlib
import json
import os
import weakref
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ..errors import SpikefaError
from ..files import replacing

__all__ = [
    "FORMAT",
    "NAME",
    "PREVIOUS",
    "RUN_KEYS",
    "Checkpoint",
    "CheckpointError",
    "holds_checkpoint",
    "making_sense",
    "newest_checkpoint",
    "write_checkpoint",
]

#: Version of the file format.
FORMAT = 1

#: What the checkpoint of a run holds besides arrays, see `spikefa.experiments.run.Run`.
RUN_KEYS = (
    "identity",
    "model",
    "circumstances",
    "settings",
    "position",
    "wall_seconds",
)

#: The newest checkpoint of a folder, and the one before it.
NAME, PREVIOUS = "checkpoint.npz", "checkpoint.previous.npz"


class CheckpointError(SpikefaError):
    """A checkpoint cannot be read or used."""


class CheckpointWriteError(CheckpointError):
    """A checkpoint could not be written; those before it are intact."""

    exit_code = 1


@contextmanager
def making_sense(path):
    """Refuse what a file says if it cannot be used, whatever is wrong with it.

    Parameters
    ----------
    path : path
        Of a file that this version of the program may not have written.

    Raises
    ------
    CheckpointError
    """
    try:
        yield
    except SpikefaError:
        raise
    except _NO_SENSE as exc:
        reason = " ".join(str(exc).split())[:200] or type(exc).__name__
        raise CheckpointError(
            f"{path}: what it says makes no sense ({reason})"
        ) from exc


#: What values of other types and sizes lead to, and values that are missing.
_NO_SENSE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def write_checkpoint(folder, meta, arrays, *, compressed=False):
    """Write a checkpoint; the newest one of the folder becomes the previous one.

    Parameters
    ----------
    folder : pathlib.Path
    meta : dict
        What JSON can hold, and NaN.
    arrays : iterable of (str, numpy.ndarray)
        May be a generator: one array is in memory at a time.
    compressed : bool, optional
        Takes longer, for files that are kept.

    Raises
    ------
    CheckpointWriteError
        If the file cannot be written.
    """
    path = folder / NAME
    try:
        with replacing(path) as file:
            method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            _write(file, meta | {"format": FORMAT}, arrays, method)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                os.replace(path, folder / PREVIOUS)
    except OSError as exc:
        raise CheckpointWriteError(
            f"cannot write checkpoint {path}: {exc.strerror or exc}"
        ) from exc


def _write(file, meta, arrays, method):
    digest = hashlib.sha256()
    with zipfile.ZipFile(file, "w", method) as archive:
        text = json.dumps(meta).encode()  # NaN too: that of a network that diverged
        _add(archive, "meta", np.frombuffer(text, np.uint8), digest)
        for name, array in arrays:
            _add(archive, name, array, digest)
        _add(archive, "checksum", np.frombuffer(digest.digest(), np.uint8))


def _add(archive, name, array, digest=None):
    array = np.ascontiguousarray(array)
    # A fixed date (that of ZipInfo): equal runs write equal files.
    info = zipfile.ZipInfo(f"{name}.npy")
    info.compress_type = archive.compression
    with archive.open(info, "w", force_zip64=True) as member:
        npy.write_array(member, array, allow_pickle=False)
    if digest is not None:
        _update(digest, name, array)


def _update(digest, name, array):
    digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
    digest.update(array.reshape(-1).view(np.uint8))


class Checkpoint:
    """A checkpoint file whose checksum has been verified.

    It is opened once: a run that goes on, and puts newer checkpoints in its place, does
    not change what is read.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    meta : dict

    Raises
    ------
    CheckpointError
        If the file is damaged, of another format, or carries pickled objects.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file = self._opened()
        self.meta: dict[str, Any] = {}
        digest, found = hashlib.sha256(), None
        for name, array in self._members():
            if name == "checksum":
                found = array.tobytes()
            else:
                _update(digest, name, array)
            if name == "meta":
                self.meta = self._parse(array)
        if not self.meta or found != digest.digest():
            raise CheckpointError(f"{self.path}: damaged (its checksum is wrong)")

    def arrays(
        self, prefix: str, in_order: Callable[[Iterable[str]], Iterable[str]] = list
    ) -> Iterator[tuple[str, NDArray]]:
        """Read the arrays below a prefix such as ``"state/"``, one at a time.

        Parameters
        ----------
        prefix : str
        in_order : callable, optional
            Sorts the names; default: as they were written.

        Yields
        ------
        name : str
            Without the prefix.
        array : numpy.ndarray
        """
        for name, array in self._members(prefix, in_order):
            yield name.removeprefix(prefix), array

    def require(self, needed: Sequence[str]) -> None:
        """Raise a `CheckpointError` if the meta data lack a key."""
        if lacking := [key for key in needed if key not in self.meta]:
            raise CheckpointError(f"{self.path}: says nothing about {lacking[0]}")

    def _parse(self, array):
        try:
            meta = json.loads(array.tobytes())
            version = meta["format"]
        except _NO_SENSE as exc:
            raise CheckpointError(f"{self.path}: is not a checkpoint") from exc
        if version != FORMAT:
            raise CheckpointError(
                f"{self.path}: has format {version}, this version reads {FORMAT}"
            )
        return meta

    def _opened(self):
        try:
            file = open(self.path, "rb")
        except FileNotFoundError:
            raise CheckpointError(f"{self.path}: no such file") from None
        except OSError as exc:
            raise CheckpointError(
                f"{self.path}: cannot be read ({exc.strerror or exc})"
            ) from exc
        weakref.finalize(self, file.close)
        return file

    def _members(self, prefix="", in_order=list):
        try:
            with zipfile.ZipFile(self._file) as archive:
                members = {
                    info.filename.removesuffix(".npy"): info
                    for info in archive.infolist()
                    if info.filename.startswith(prefix)
                }
                for name in in_order(members):
                    with archive.open(members[name]) as member:
                        array = npy.read_array(member, allow_pickle=False)
                        member.read(1)  # the end, where the CRC is verified
                    yield name, array
        except CheckpointError:
            raise
        # Damaged files make zipfile and NumPy raise nearly anything.
        except Exception as exc:
            reason = " ".join(str(exc).split()) or type(exc).__name__
            raise CheckpointError(f"{self.path}: cannot be read ({reason})") from exc


def holds_checkpoint(folder):
    """Whether a folder holds a checkpoint, sound or not.

    Parameters
    ----------
    folder : path

    Returns
    -------
    holds : bool
    """
    return any((Path(folder) / name).exists() for name in (NAME, PREVIOUS))


def newest_checkpoint(folder, warn, needed=RUN_KEYS):
    """Open the newest sound checkpoint of a folder.

    Parameters
    ----------
    folder : path
    warn : callable
        Called with a line of text for each checkpoint that is passed over.
    needed : sequence of str, optional
        Keys that the meta data must have.

    Returns
    -------
    checkpoint : Checkpoint

    Raises
    ------
    CheckpointError
        If there is none.
    """
    paths = [Path(folder) / name for name in (NAME, PREVIOUS)]
    if not holds_checkpoint(folder):
        raise CheckpointError(f"{folder} holds no checkpoint to resume from")
    complaints = []
    for path in paths:
        try:
            checkpoint = Checkpoint(path)
            checkpoint.require(needed)
        except CheckpointError as exc:
            complaints.append(str(exc))
            continue
        for complaint in complaints:
            warn(f"{complaint}; going on from {path.name} instead")
        return checkpoint
    raise CheckpointError("; ".join(complaints))
