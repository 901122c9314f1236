"""Files that are whole or not there, and what was installed when they were written."""

import errno
import fcntl
import os
import platform
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

__all__ = ["PARTIAL", "lock", "package_versions", "replacing", "sync", "sync_folder"]

#: Ending of files that are not complete yet.
PARTIAL = ".partial"

#: What file systems answer that have no locks, or cannot sync a file or folder: some of
#: networks, and some that are programs.
_UNSUPPORTED = {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EROFS}

_PACKAGES = ("spikefa", "brian2", "brian2cuda", "numpy", "cython")


def package_versions():
    """Return the versions of what a result may depend on."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


@contextmanager
def replacing(path, mode="wb"):
    """Open a file that takes the place of another one when it is complete.

    Parameters
    ----------
    path : pathlib.Path
    mode : str, optional

    Yields
    ------
    file : file
        Written to disk and renamed to `path` at the end; removed after an error.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        # Made anew: what is there could be a link, and lead anywhere.
        partial.unlink(missing_ok=True)
        with open(partial, mode.replace("w", "x")) as file:
            yield file
            file.flush()
            sync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def lock(file, how):
    """Lock an open file, if its file system has locks.

    Parameters
    ----------
    file : file
    how : int
        As `fcntl.flock` takes it.

    Returns
    -------
    locked : bool
        False where there are no locks.

    Raises
    ------
    BlockingIOError
        If it is locked, and `how` says not to wait.
    """
    try:
        fcntl.flock(file, how)
    except OSError as exc:
        if exc.errno not in _UNSUPPORTED:
            raise
        return False
    return True


def sync(descriptor):
    """Write a file or a folder to disk, as far as its file system can."""
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno not in _UNSUPPORTED:
            raise


def sync_folder(folder):
    """Make renames in a folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
