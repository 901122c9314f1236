"""Opening sessions: choose a Brian2 device, build the network on it, compile."""

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from brian2 import prefs, set_device
from brian2.core.names import Nameable
from brian2.core.tracking import InstanceTrackerSet
from brian2.devices.device import get_device, reset_device
from platformdirs import user_cache_dir

from .errors import InputError
from .network import build_network
from .runtime import RuntimeSession
from .standalone import StandaloneSession
from .validation import blaming_model, check_model

__all__ = ["DEVICES", "open_session"]

#: Device names on the command line.
DEVICES = ("runtime", "cpp", "cuda")


def open_session(
    architecture,
    model,
    rule="fa",
    *,
    device="cpp",
    threads=1,
    watch=False,
    build_dir=None,
):
    """Build a network on a device.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : str or Rule, optional
    device : {'cpp', 'runtime', 'cuda'}, optional
        C++ standalone, Brian2's runtime mode (Cython), or brian2cuda.
    threads : int, optional
        OpenMP threads (C++ standalone only).
    watch : bool, optional
        Record what Fig. 4 shows, see `build_network`.
    build_dir : path, optional
        Where the C++ project is built; default: a folder of the user's cache that
        is used again by the next run of the same network.

    Returns
    -------
    session : Session

    Raises
    ------
    ModelError
        If an equation cannot be used; names the file and the string.
    InputError
        If the device is unknown or cannot use threads.
    """
    if device not in DEVICES:
        raise InputError(f"unknown device '{device}' (known: {', '.join(DEVICES)})")
    if device == "cuda":
        raise InputError("device 'cuda' is not supported yet (use cpp or runtime)")
    if threads < 1:
        raise InputError(f"threads must be 1 or more, got {threads}")
    if threads > 1 and device != "cpp":
        raise InputError(f"device '{device}' runs on one thread, got threads={threads}")
    prefs.core.default_float_dtype = np.float32
    # The networks are put together by hand; Brian2 cannot tell that they are used.
    prefs.logging.warn_for_unused_objects = False
    check_model(architecture, model, rule)
    activate = {"runtime": _activate_runtime, "cpp": _activate_cpp}[device]
    activate(threads)
    with _first_of_their_name():
        network = build_network(architecture, model, rule, watch=watch)
        if device == "runtime":
            return RuntimeSession(network)
        if build_dir is None:
            build_dir = _cached_build_dir(
                architecture, model, network.rule, device, threads, watch
            )
        with blaming_model(network):
            return StandaloneSession(network, build_dir)


@contextmanager
def _first_of_their_name():
    """Let objects ignore the names of those of earlier networks that are still alive.

    Brian2 would number the names in the generated code, and then even the same network
    had to be compiled again.
    """
    sets = Nameable.__instancefollower__.instance_sets
    earlier, sets[Nameable] = sets[Nameable], InstanceTrackerSet()
    try:
        yield
    finally:
        for reference in sets[Nameable]:
            if (alive := reference()) is not None:
                earlier.add(alive)
        sets[Nameable] = earlier


def _activate_runtime(threads):
    reset_device()
    set_device("runtime")
    prefs.codegen.target = "cython"


def _activate_cpp(threads):
    set_device("cpp_standalone", build_on_run=False)
    device = get_device()
    device.reinit()
    device.activate(build_on_run=False)
    prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    if "<sys/prctl.h>" not in prefs.codegen.cpp.headers:
        prefs.codegen.cpp.headers += ["<sys/prctl.h>"]


def _cached_build_dir(architecture, model, rule, device, threads, watch):
    """Name a folder by everything that shapes the generated code."""
    described = f"{architecture} {model.text_hash} {rule} {device} {threads} {watch}"
    key = hashlib.sha256(described.encode()).hexdigest()[:16]
    root = os.environ.get("SPIKEFA_CACHE") or user_cache_dir("spikefa")
    return Path(root) / "builds" / key
