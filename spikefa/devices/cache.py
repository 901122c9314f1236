"""The folder of compiled programs: where it is, who uses what, and what may go.

Programs are in ``builds``, precompiled headers in ``headers``; each has a folder of its
own, and next to it two empty files: one is locked while somebody needs the folder
(`using`), the other while somebody writes to it (`exclusive`). `trim` removes what has
not been used for longest, once all of it is too large.

Locks may not work, and others may damage or remove files. So what is taken from the
cache is verified; all that depends on the locks is how often something is compiled.
"""

import fcntl
import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_cache_dir

from ..errors import InputError, SpikefaError
from ..files import lock as lock_file

__all__ = [
    "cache_folder",
    "cache_limit",
    "disk_usage",
    "exclusive",
    "trim",
    "using",
]

#: Environment variables: where the cache is, and how large it may become.
FOLDER_VARIABLE, SIZE_VARIABLE = "SPIKEFA_CACHE", "SPIKEFA_CACHE_SIZE"
DEFAULT_SIZE = "1GB"

_UNITS = {"": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_USE, _LOCK = ".use", ".lock"
_KINDS = ("builds", "headers")


def cache_folder():
    """Return the folder of the cache, which need not exist.

    Returns
    -------
    folder : pathlib.Path
        ``SPIKEFA_CACHE``, or spikefa's part of the user's cache folder.
    """
    return Path(os.environ.get(FOLDER_VARIABLE) or user_cache_dir("spikefa"))


def cache_limit():
    """Return how large the cache may become.

    Returns
    -------
    size : float
        In bytes: ``SPIKEFA_CACHE_SIZE``, or 1 GB.

    Raises
    ------
    InputError
        If the variable is not a size such as 500MB.
    """
    text = os.environ.get(SIZE_VARIABLE) or DEFAULT_SIZE
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?) ?([kMGT]B|)", text, re.ASCII)
    if match is None:
        raise InputError(
            f"{SIZE_VARIABLE} must be a size such as 500MB or 2GB, got {text!r}"
        )
    return float(match[1]) * _UNITS[match[2]]


@contextmanager
def using(folder):
    """Keep a folder of the cache from being removed.

    Parameters
    ----------
    folder : pathlib.Path
        Need not exist yet; the one that it is in is made.

    Raises
    ------
    SpikefaError
        If nothing can be written there.
    """
    with _locked(_sibling(folder, _USE), fcntl.LOCK_SH) as (lock, _):
        with suppress(PermissionError):  # of another user, with whom it is shared
            os.utime(lock.fileno())
        yield


@contextmanager
def exclusive(folder):
    """Let one process, and one thread, at a time write to a folder of the cache.

    Parameters
    ----------
    folder : pathlib.Path
        Need not exist yet; the one that it is in is made.

    Yields
    ------
    alone : bool
        False if the file system has no locks, and others may write too.

    Raises
    ------
    SpikefaError
        If nothing can be written there.
    """
    with _locked(_sibling(folder, _LOCK), fcntl.LOCK_EX) as (_, alone):
        yield alone


def _sibling(folder, ending):
    return folder.with_name(folder.name + ending)


@contextmanager
def _locked(path, how):
    """Open and lock a file that others may be about to remove.

    Yields
    ------
    lock : file
    locked : bool
        False if the file system has no locks.
    """
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = open(path, "a")
        except FileNotFoundError:  # the cache is being removed at this moment
            continue
        except OSError as exc:
            raise SpikefaError(
                f"cannot write to {path.parent}: {exc.strerror}; {FOLDER_VARIABLE} "
                "names another folder for compiled programs"
            ) from exc
        with lock:
            locked = lock_file(lock, how)
            if _is_at(lock, path):
                yield lock, locked
                return


def _is_at(lock, path):
    try:
        return os.path.samestat(os.fstat(lock.fileno()), os.stat(path))
    except OSError:
        return False


def disk_usage(folder):
    """Return the bytes that the files in a folder take up on disk.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    size : int
        Holes in files, which read as zeros, take up nothing.
    """
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # removed in the meantime
                size += os.lstat(os.path.join(parent, name)).st_blocks * 512
    return size


def trim(root=None):
    """Remove what has not been used for longest until the rest is small enough.

    Parameters
    ----------
    root : pathlib.Path, optional
        Default: `cache_folder`.

    Returns
    -------
    removed : list of pathlib.Path
        What is in use stays, even if that is too much.
    """
    root, limit = root or cache_folder(), cache_limit()
    entries = []
    for kind in _KINDS:
        for lock in (root / kind).glob(f"*{_USE}"):
            with suppress(OSError):
                folder = lock.with_name(lock.name.removesuffix(_USE))
                entries.append((lock.stat().st_mtime, disk_usage(folder), folder))
    total, removed = sum(size for _, size, _ in entries), []
    for _, size, folder in sorted(entries):
        if total <= limit:
            break
        if _remove_unused(folder):
            removed.append(folder)
            total -= size
    return removed


def _remove_unused(folder):
    path = _sibling(folder, _USE)
    try:
        with open(path, "r+") as lock:
            if not lock_file(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                return False
            shutil.rmtree(folder, ignore_errors=True)
            _sibling(folder, _LOCK).unlink(missing_ok=True)
            path.unlink()
    except OSError:  # in use, or gone
        return False
    return True
