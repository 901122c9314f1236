"""Opening sessions: choose a Brian2 device, build the network on it, compile."""

import hashlib
import logging
import math
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import prefs, set_device
from brian2.devices.device import get_device

from ..brian import first_of_their_name, kept_globals
from ..equations.check_names import check_functions, check_on_cuda
from ..equations.model import Model
from ..errors import InputError
from ..learning.rules import Rule, get_rule
from ..network.architecture import Architecture
from ..network.build import build_network
from ..network.check import check_indices, check_model, naming_strings
from ..network.delays import rounded_delays
from ..network.precision import float_type
from ..network.slow_decay import lost_in_single
from ..network.unused import without_effect
from .cache import cache_folder, cache_limit
from .choice import DEVICES, DeviceChoice
from .cpp.main_loop import include_header
from .cpp.session import StandaloneSession
from .cuda.generated import implement_timed_arrays
from .cuda.session import (
    CudaSession,
    activate as activate_cuda,
    check_machine,
)
from .memory import refuse_too_large
from .runtime import RuntimeSession, check_statements
from .session import Session
from .state import shape_of, state_variables

__all__ = ["DEVICES", "check_device", "open_session"]


def open_session(
    architecture: Architecture,
    model: Model,
    rule: str | Rule = "fa",
    *,
    device: str | DeviceChoice = "cpp",
    threads: int | None = None,
    record: dict[str, Any] | None = None,
    build_dir: str | PathLike[str] | None = None,
) -> Session:
    """Build a network on a device.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : str or Rule, optional
    device : {'cpp', 'runtime', 'numpy', 'cuda'} or DeviceChoice, optional
        C++ standalone, Brian2's runtime mode through Cython or, with nothing to
        compile, through NumPy, or Brian2CUDA.
    threads : int, optional
        OpenMP threads (C++ standalone only); default: as the device was chosen, or 1.
    record : dict, optional
        What to record, by name, such as ``{"layer_2.h": [0, 1], "layer_1.spikes":
        range(50), "forward_3.W": True}``: a variable of neurons (at the end of every
        time step), spikes, or a variable of synapses (at the end of every run, which
        is when the dense engine has written it down). Chosen are all (True), a slice
        or indices; of synapses also (i, j) pairs, and True is the whole matrix. What
        a run records is in `ChunkResult.records`.
    build_dir : path, optional
        Where the program is built; default: a subfolder of the one that the device
        was chosen with, or of the user's cache, that is used again by the next run of
        the same network.

    Returns
    -------
    session : Session

    Warns
    -----
    Through the logger ``spikefa``, of variables whose decay in a step single precision
    does not hold, of names of the model that have no effect under the rule, and of
    delays that are rounded to time steps.

    Raises
    ------
    ModelError
        If an equation cannot be used; names the file and the string.
    InputError
        If the device is unknown or cannot use threads, if something that CUDA needs is
        missing, if something is to be recorded that there is not, or if the variables
        do not fit the memory.
    ProjectBuilt
        If the device was chosen to build only.
    """
    choice = device if isinstance(device, DeviceChoice) else DeviceChoice(device)
    if threads is not None:
        choice = replace(choice, threads=threads)
    machine = check_device(choice)
    if architecture.weight_bits < 32 and choice.name != "cpp":
        bits = architecture.weight_bits
        raise InputError(f"weight_bits={bits} is for device 'cpp', not '{choice.name}'")
    rule = get_rule(rule)
    with kept_globals():
        prefs.core.default_float_dtype = float_type(architecture)
        # Networks are put together by hand; Brian2 cannot tell that they are used.
        prefs.logging.warn_for_unused_objects = False
        check_model(architecture, model, rule)
        if choice.name == "cuda":
            check_on_cuda(model)
        if architecture.precision == "single":
            for line in lost_in_single(model):
                logging.getLogger("spikefa").warning(line)
        _activate(choice, machine)
        check_functions(model, get_device().code_object_class(), choice.name)
        if choice.name == "cuda":
            implement_timed_arrays(model.values())
        with first_of_their_name():
            network = build_network(architecture, model, rule, record)
            _check_memory(network)
            check_indices(network)
            for line in (*without_effect(network), *rounded_delays(network)):
                logging.getLogger("spikefa").warning(line)
            if choice.name == "runtime":
                check_statements(network)
            if choice.name in ("numpy", "runtime"):
                return RuntimeSession(network)
            if build_dir is None:
                target = f"{choice} {choice.threads}"
                target += f" {machine.target}" if machine else ""
                build_dir = _build_root(choice) / _key(
                    architecture, model, rule, target, network.records
                )
            with naming_strings(network):
                if choice.name == "cuda":
                    return CudaSession(network, build_dir, machine, choice.build_only)
                return StandaloneSession(network, build_dir)


def _check_memory(network):
    """Refuse a network whose state does not fit the machine, before it is compiled."""
    sizes = list(network.architecture.layer_sizes)
    needed = sum(
        math.prod(shape_of(variable)) * np.dtype(variable.dtype).itemsize
        for variable in state_variables(network).values()
    )
    refuse_too_large(f"the variables of layers {sizes}", needed)


def check_device(choice):
    """Refuse a device that cannot be used, before anything is written.

    Parameters
    ----------
    choice : DeviceChoice

    Returns
    -------
    machine : Machine or None
        What a CUDA build needs to know.

    Raises
    ------
    InputError
        See `open_session`.
    """
    name, threads = choice.name, choice.threads
    if name not in DEVICES:
        raise InputError(f"unknown device '{name}' (known: {', '.join(DEVICES)})")
    if threads < 1:
        raise InputError(f"threads must be 1 or more, got {threads}")
    if threads > 1 and name != "cpp":
        raise InputError(f"device '{name}' runs on one thread, got threads={threads}")
    if name in ("cpp", "cuda"):
        cache_limit()
    if name == "cuda":
        return check_machine(
            choice.compute_capability, choice.build_only, choice.build_dir
        )
    for option in ("build_only", "compute_capability"):
        if getattr(choice, option):
            value = getattr(choice, option)
            raise InputError(f"{option}={value!r} is for device 'cuda', not '{name}'")
    return None


def _activate(choice, machine):
    if choice.name == "cuda":
        activate_cuda(machine)
    elif choice.name == "cpp":
        _activate_cpp(choice.threads)
    else:
        set_device("runtime")
        prefs.codegen.target = "cython" if choice.name == "runtime" else "numpy"


def _activate_cpp(threads):
    set_device("cpp_standalone", build_on_run=False)
    device = get_device()
    device.reinit()
    device.activate(build_on_run=False)
    prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    include_header()


def _build_root(choice):
    """The folder that programs are built in subfolders of."""
    if choice.build_dir is not None:
        return Path(choice.build_dir)
    return cache_folder() / "builds"


def _key(architecture, model, rule, target, records):
    """Name a folder by everything that shapes the generated code."""
    described = f"{architecture} {model.text_hash} {rule} {target} {records}"
    return hashlib.sha256(described.encode()).hexdigest()[:16]
