"""What the devices need of Brian2's private names, whatever code it generates."""

import copy
from contextlib import contextmanager
from importlib import import_module

from brian2 import defaultclock, prefs
from brian2.core.names import Nameable
from brian2.core.tracking import InstanceTrackerSet
from brian2.groups.group import CodeRunner

__all__ = [
    "empty",
    "first_of_their_name",
    "globals_of",
    "keep_generated_code",
    "kept_globals",
    "noted_globals",
    "owned",
]

# ``brian2.devices`` has a variable of this name in the place of the module.
_devices = import_module("brian2.devices.device")


@contextmanager
def kept_globals():
    """Leave Brian2's device, preferences and time step as they were."""
    before = {name: copy.copy(value) for name, value in prefs.items()}
    device, earlier = _devices.active_device, list(_devices.previous_devices)
    dt = defaultclock.dt
    try:
        yield
    finally:
        for name, value in before.items():
            if not _same(prefs[name], value):
                prefs[name] = value
        _devices.previous_devices[:] = earlier
        if _devices.active_device is not device:
            _devices.active_device = device
        defaultclock.dt = dt


@contextmanager
def globals_of(session):
    """Give Brian2 the device, preferences and time step that a session has noted."""
    with kept_globals():
        _devices.active_device = session["device"]
        for name, value in session["preferences"].items():
            if not _same(prefs[name], value):
                prefs[name] = value
        defaultclock.dt = session["dt"]
        yield


def noted_globals():
    """Note what `globals_of` sets."""
    names = ("core.default_float_dtype", "codegen.target")
    return {
        "device": _devices.active_device,
        "preferences": {name: prefs[name] for name in names},
        "dt": defaultclock.dt,
    }


def _same(one, other):
    return type(one) is type(other) and one == other


@contextmanager
def first_of_their_name():
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


def keep_generated_code(brian_network):
    """Spare the next run the seconds in which Brian2 generates the same code."""
    for obj in brian_network.sorted_objects:
        if isinstance(obj, CodeRunner) and obj.active:
            obj.create_code_objects = _do_nothing


def _do_nothing(run_namespace):
    pass


def owned(brian_network, *others):
    """Let objects know their network before it runs, which spares complaints.

    Brian2 warns of objects that are deleted and were in no network that has run.

    Parameters
    ----------
    brian_network : Network
    *others : BrianObject
        Objects that are in no network.
    """
    for obj in (*brian_network.sorted_objects, *others):
        obj._network = brian_network.id


def empty(monitor):
    """Forget what a monitor has recorded in runtime mode."""
    monitor.resize(0)
    monitor.variables["N"].set_value(0)  # SpikeMonitor.resize leaves it
