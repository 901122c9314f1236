"""What the NVIDIA driver says of itself and of the card that a program would get.

The driver is asked, and not ``nvidia-smi``: it is there wherever a program can run, and
the first of its cards is the one that a program gets, whatever
``CUDA_VISIBLE_DEVICES``, ``CUDA_DEVICE_ORDER`` and MIG do. It is asked by this file as
a process of its own: one that has talked to the driver cannot fork others that do.
"""

import ctypes
import json
import subprocess
import sys
from dataclasses import dataclass

__all__ = ["Card", "Driver", "ask_driver"]

#: Numbers of attributes in the driver's interface, ``CUdevice_attribute``.
_ATTRIBUTES = {
    "multiprocessors": 16,
    "memory_clock_khz": 36,
    "bus_bits": 37,
    "l2_bytes": 38,
    "major": 75,
    "minor": 76,
}


@dataclass(frozen=True)
class Card:
    """The graphics card that a program gets.

    Attributes
    ----------
    name : str
    capability : str
        Compute capability, such as 9.0.
    memory_bytes, l2_bytes, multiprocessors : int
    memory_clock_khz, bus_bits : int
        Zero if the driver does not tell.
    """

    name: str
    capability: str
    memory_bytes: int
    l2_bytes: int
    multiprocessors: int
    memory_clock_khz: int
    bus_bits: int

    @property
    def bandwidth(self):
        """Bytes a second between card and memory, two transfers a clock; 0: unknown."""
        return 2e3 * self.memory_clock_khz * self.bus_bits / 8


@dataclass(frozen=True)
class Driver:
    """What there is to run a program with.

    Attributes
    ----------
    cuda : float or None
        Newest version of CUDA whose programs the driver runs; None: no driver.
    card : Card or None
    problem : str
        Why there is no card.
    free_bytes : int or None
        Of the card's memory, if that was asked for.
    """

    cuda: float | None = None
    card: Card | None = None
    problem: str = ""
    free_bytes: int | None = None


def ask_driver(memory=False):
    """Ask for the driver and its first card.

    Parameters
    ----------
    memory : bool, optional
        Find out how much is free, which takes a moment.

    Returns
    -------
    driver : Driver
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", __file__, *["memory"] * memory],
            capture_output=True,
            text=True,
            timeout=60,
        )
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return Driver(problem="the driver does not answer")
    card = found.pop("card", None)
    return Driver(card=card and Card(**card), **found)


class _Failed(Exception):
    """A function of the driver has failed."""


def _ask(library):
    """Return what `Driver` holds, as JSON can."""
    version = _integer(library.cuDriverGetVersion)  # 12040 is 12.4
    found = {"cuda": float(f"{version // 1000}.{version % 1000 // 10}")}
    try:
        _call(library.cuInit, 0)
        if not _integer(library.cuDeviceGetCount):
            return found | {"problem": "no card"}
        device = _integer(library.cuDeviceGet, 0)
        if "memory" in sys.argv:
            found["free_bytes"] = _free_memory(library, device)
        return found | {"card": _describe(library, device)}
    except _Failed as exc:
        name = ctypes.c_char_p()
        library.cuGetErrorName(exc.args[0], ctypes.byref(name))
        return found | {"problem": (name.value or b"unknown error").decode()}


def _describe(library, device):
    name, memory = ctypes.create_string_buffer(256), ctypes.c_size_t()
    _call(library.cuDeviceGetName, name, len(name), device)
    _call(library.cuDeviceTotalMem_v2, ctypes.byref(memory), device)
    value = {
        key: _integer(library.cuDeviceGetAttribute, number, device)
        for key, number in _ATTRIBUTES.items()
    }
    capability = f"{value.pop('major')}.{value.pop('minor')}"
    return value | {
        "name": name.value.decode(),
        "capability": capability,
        "memory_bytes": memory.value,
    }


def _free_memory(library, device):
    context, free, total = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_size_t()
    _call(library.cuDevicePrimaryCtxRetain, ctypes.byref(context), device)
    _call(library.cuCtxSetCurrent, context)
    _call(library.cuMemGetInfo_v2, ctypes.byref(free), ctypes.byref(total))
    return free.value


def _integer(function, *args):
    value = ctypes.c_int()
    _call(function, ctypes.byref(value), *args)
    return value.value


def _call(function, *args):
    if status := function(*args):
        raise _Failed(status)


def main():
    """Print the answer."""
    try:
        found = _ask(ctypes.CDLL("libcuda.so.1"))
    except OSError:
        found = {"problem": "no driver"}
    except _Failed:  # even of its version
        found = {"problem": "the driver does not work"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
