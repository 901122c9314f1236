"""The one place that reaches into Brian2's private names.

`spikefa.dense` is an extension of Brian2, and has places of its own. Text that Brian2
generates is changed in modules called ``generated``, by `substituted`.
"""

import copy
import os
import re
import threading
from contextlib import contextmanager
from importlib import import_module

import numpy as np
from brian2 import Clock, TimedArray, defaultclock, prefs
from brian2.core.names import Nameable
from brian2.core.tracking import InstanceTrackerSet
from brian2.groups.group import CodeRunner

from .errors import SpikefaError

__all__ = [
    "GeneratedCodeError",
    "RareClock",
    "RewrittenArray",
    "arrays_of_function",
    "clocks_of",
    "empty",
    "first_of_their_name",
    "globals_of",
    "has_code",
    "has_units",
    "keep_generated_code",
    "kept_globals",
    "name_of_object",
    "noted_globals",
    "owned",
    "seconds_of_run",
    "substituted",
]

# ``brian2.devices`` has a variable of this name in the place of the module.
_devices = import_module("brian2.devices.device")


#: Held by the thread that uses Brian2's device, preferences and time step.
_lock = threading.RLock()


def _new_lock():
    """A fork has only one thread, which may not be the one that held the lock."""
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_new_lock)


@contextmanager
def kept_globals():
    """Leave Brian2's device, preferences and time step as they were.

    There is one of each in a process: other threads that want to use them wait.
    """
    with _lock:
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


def has_units(function):
    """Whether Brian2's ``check_units`` has been told the units of a Python function."""
    return hasattr(function, "_arg_units")


def has_code(function, target):
    """Whether a `Function` has been given code for a target."""
    return target in function.implementations._implementations


def name_of_object(exc):
    """Return the name of the Brian2 object that a `BrianObjectException` is about."""
    return exc._brian_objname


def clocks_of(brian_network):
    """List the clocks of a network that has been prepared for a run, by name."""
    return sorted(brian_network._clocks, key=lambda clock: clock.name)


def seconds_of_run():
    """Return the time that the last run on the active device took, in seconds."""
    return _devices.get_device()._last_run_time


def arrays_of_function(device, function, code_object):
    """Return the arrays that a function brings along in C++, by name."""
    arrays = {}
    device._insert_func_namespace(function, code_object, arrays)
    return arrays


class RareClock(Clock):
    """A clock with a step of very many time steps.

    Parameters
    ----------
    period : int
        Time steps, a power of 2: then its times are those of the default clock bit by
        bit, as Brian2's programs ask for.
    name : str
    """

    # Brian2 looks in the class itself for what is not one of the clock's variables.
    dt, dt_ = Clock.dt, Clock.dt_

    def __init__(self, period, name):
        super().__init__(period * defaultclock.dt, name=name)
        self._period, self._unit = period, float(defaultclock.dt)

    def _calc_timestep(self, target_t):
        # Brian2 allows for an error of a ten-thousandth of a step: here of many steps.
        return np.int64(-(-round(target_t / self._unit) // self._period))


class RewrittenArray(TimedArray):
    """A `TimedArray` with further ``arrays``, by name, whose contents change.

    Brian2's caches look at its name alone.
    """

    _cache_irrelevant_attributes = TimedArray._cache_irrelevant_attributes | {"arrays"}


class GeneratedCodeError(SpikefaError):
    """Brian2 has generated other code than this version of spikefa knows."""

    exit_code = 1


def substituted(pattern, replacement, text, what, times=1):
    """Change text that Brian2 has generated, as often as it has to be.

    A change that was silently left out would give wrong results.

    Parameters
    ----------
    pattern, replacement : str
        For `re.subn`; ``^`` and ``$`` are those of lines.
    text : str
    what : str
        What is looked for, for the message.
    times : int, optional
        How often it must be there.

    Returns
    -------
    text : str

    Raises
    ------
    GeneratedCodeError
        If it is there more or less often.
    """
    text, found = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if found != times:
        raise GeneratedCodeError(
            f"the code that Brian2 generates has {what} {found} times instead of "
            f"{times}: this version of Brian2 is not supported"
        )
    return text
