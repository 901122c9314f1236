"""How much memory there is, and what does not fit into it."""

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from ..errors import InputError

__all__ = ["memory_here", "refuse_too_large"]

#: Says which control groups this process is in.
_OWN_GROUPS = Path("/proc/self/cgroup")

#: Where Linux shows the limits of control groups, and their files, by version.
_GROUPS = {
    2: (Path("/sys/fs/cgroup"), "memory.max"),
    1: (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
}


def memory_here() -> int:
    """Return how much memory a process can have.

    Returns
    -------
    size : int
        In bytes: that of the machine, or less if a batch system, a container or
        ``ulimit -v`` says so.
    """
    limits = [psutil.virtual_memory().total, *_limits_of_groups()]
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    return min([*limits, own] if own != resource.RLIM_INFINITY else limits)


def _limits_of_groups() -> Iterator[int]:
    """Read the limits of the control groups that this process is in."""
    with suppress(OSError, ValueError):
        for line in _OWN_GROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            root, name = _GROUPS[1 if controllers else 2]
            group = root / path.lstrip("/")
            for folder in (group, *group.parents):
                if folder.is_relative_to(root):
                    with suppress(OSError, ValueError):  # such as "max"
                        yield int((folder / name).read_text())


def refuse_too_large(what: str, needed: int) -> None:
    """Refuse what cannot fit into the memory, before any of it is used.

    Parameters
    ----------
    what : str
        For the message, in the plural.
    needed : int
        Bytes.

    Raises
    ------
    InputError
    """
    if needed > (there := memory_here()):
        raise InputError(
            f"{what} need {needed / 1e9:.3g} GB of memory, {there / 1e9:.3g} GB are "
            "there"
        )
