"""Naming a device, without the seconds that it takes to import Brian2."""

from dataclasses import dataclass

__all__ = ["DEVICES", "DeviceChoice"]

#: Brian2's runtime mode through NumPy or through Cython, C++ standalone, Brian2CUDA.
DEVICES = ("numpy", "runtime", "cpp", "cuda")


@dataclass(frozen=True)
class DeviceChoice:
    """A device, and how its programs are built.

    Parameters
    ----------
    name : str
        One of `DEVICES`.
    build_dir : str or None
        Programs are built in subfolders of this folder; None: of the user's cache.
    compute_capability : str or None
        Of the graphics card to compile for; None: that of the card here, or 9.0.
    build_only : bool
        Compile the CUDA program and do not run it.
    threads : int
        OpenMP threads, of device cpp only.
    """

    name: str
    build_dir: str | None = None
    compute_capability: str | None = None
    build_only: bool = False
    threads: int = 1

    def __str__(self):
        return self.name
