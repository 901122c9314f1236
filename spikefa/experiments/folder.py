"""The output folder of a run: one run at a time, no half-written files."""

import errno
import fcntl
import os
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

from ..errors import InputError
from ..files import PARTIAL, lock as lock_file

__all__ = ["locked_folder", "unused_folder"]

_LOCK = ".lock"
_PATIENCE = 1.0  # seconds


@contextmanager
def locked_folder(path):
    """Create a folder and keep other runs out of it.

    Parameters
    ----------
    path : path

    Yields
    ------
    folder : pathlib.Path

    Raises
    ------
    InputError
        If another process holds the folder, or it cannot be written to.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _opened(folder / _LOCK)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InputError(f"cannot write to output folder {path}: {reason}") from exc
    with lock:
        if not _acquire(lock):
            raise InputError(
                f"another run (process {_owner(lock) or 'unknown'}) is writing to "
                f"{path}; wait for it, or give another --out"
            )
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        for left_over in folder.glob(f"*{PARTIAL}"):
            left_over.unlink(missing_ok=True)
        try:
            yield folder
        finally:
            _remove_if_unused(folder)


def _opened(path):
    """Open a lock file; a link, which a folder of others may have, is not followed."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise ValueError(f"{path.name} in it is a link") from exc
        raise
    return open(descriptor, "r+", errors="replace")


def _acquire(lock):
    """Try for a moment: the programs of a run that was killed need one to end."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return lock_file(lock, fcntl.LOCK_EX | fcntl.LOCK_NB) or not _used(lock)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)


def _used(lock):
    """Whether the process that wrote its number lives, where there are no locks."""
    try:
        started = psutil.Process(int(_owner(lock))).create_time()
    except (ValueError, psutil.Error):
        return False
    return started <= os.fstat(lock.fileno()).st_mtime


def _owner(lock):
    lock.seek(0)
    return lock.read().strip()


def _remove_if_unused(folder):
    """A run that was refused leaves no folder."""
    try:
        if os.listdir(folder) == [_LOCK]:
            os.unlink(folder / _LOCK)
            folder.rmdir()
    except OSError:
        pass


def unused_folder(parent, name):
    """Return ``parent/name-1`` or the first number that is not taken."""
    number = 1
    while (Path(parent) / f"{name}-{number}").exists():
        number += 1
    return Path(parent) / f"{name}-{number}"
