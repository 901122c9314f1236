"""Files that are whole or not there, and what was installed when they were written."""

import os
import platform
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

__all__ = ["PARTIAL", "package_versions", "replacing", "sync_folder"]

#: Ending of files that are not complete yet.
PARTIAL = ".partial"

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
        with open(partial, mode) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder):
    """Make renames in a folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
