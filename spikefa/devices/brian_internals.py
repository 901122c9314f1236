"""The one place that reaches into private names of Brian2, or changes generated text.

Every change of generated text says how often it must match, and fails otherwise: a gate
that was silently left out would let evaluations learn.
"""

import copy
import re
from contextlib import contextmanager
from importlib import import_module

from brian2 import SpikeMonitor, defaultclock, prefs
from brian2.core.functions import Function
from brian2.core.names import Nameable
from brian2.core.tracking import InstanceTrackerSet
from brian2.groups.group import CodeRunner

from ..dense.codeobjects import DenseCPPStandaloneCodeObject
from ..errors import SpikefaError

__all__ = [
    "GeneratedCodeError",
    "arrays_of_functions",
    "before_each_run",
    "empty",
    "first_of_their_name",
    "globals_of",
    "keep_generated_code",
    "kept_globals",
    "noted_globals",
    "order_of_clocks",
    "order_of_records",
    "owned",
    "time_step_of_double_code",
    "with_arguments",
    "with_checked_random_numbers",
]


# ``brian2.devices`` has a variable of this name in the place of the module.
_devices = import_module("brian2.devices.device")


class GeneratedCodeError(SpikefaError):
    """Brian2 has generated other code than this version of spikefa knows."""

    exit_code = 1


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


def arrays_of_functions(device):
    """Return the names of arrays that functions such as a TimedArray bring along.

    Parameters
    ----------
    device : CPPStandaloneDevice
        With the code of the network.

    Returns
    -------
    names : set of str
    """
    arrays = {}
    for code_object in device.code_objects.values():
        for variable in code_object.variables.values():
            if isinstance(variable, Function):
                device._insert_func_namespace(variable, code_object, arrays)
    return set(arrays)


def order_of_clocks(queue, first):
    """Sort what a standalone program does before its run, from one place on.

    Brian2 keeps clocks in a set; the same network shall give the same program.

    Parameters
    ----------
    queue : list
        ``device.main_queue``.
    first : int
        Index of the first entry to sort.
    """
    clocks = slice(first, [kind for kind, _ in queue].index("run_network"))
    queue[clocks] = sorted(queue[clocks], key=str)


def before_each_run(queue):
    """Take out what dense projections do before a run: the program makes many runs.

    (What Brian2CUDA does before a run, it does once.)

    Parameters
    ----------
    queue : list
        ``device.main_queue``.

    Returns
    -------
    lines : list of str
        Calls for the program to make before each run.
    """
    calls = [
        (kind, arguments)
        for kind, arguments in queue
        if kind == "before_run_code_object"
        and isinstance(arguments[0], DenseCPPStandaloneCodeObject)
    ]
    for entry in calls:
        queue.remove(entry)
    return sorted(f"_before_run_{code.name}();" for _, (code,) in calls)


def order_of_records(monitors):
    """Sort what spike monitors record.

    Brian2 keeps it in a set; the same network shall give the same program.

    Parameters
    ----------
    monitors : iterable of Monitor
    """
    for monitor in monitors:
        if isinstance(monitor, SpikeMonitor):
            recorded = monitor.template_kwds["record_variables"]
            monitor.template_kwds["record_variables"] = dict(sorted(recorded.items()))


def with_arguments(lines, gates, gate, steps, before_run):
    """Make the lines of a program that list what is run depend on run arguments.

    Parameters
    ----------
    lines : list of str
        Of one run of a network.
    gates : dict of int
        For each function that not every run needs, the index of its gate.
    gate : str
        Name of the array of gates.
    steps : str
        C++ expression of the length of the run, in seconds.
    before_run : list of str
        Lines to insert before the run.

    Returns
    -------
    lines : list of str

    Raises
    ------
    GeneratedCodeError
        If there is not exactly one line for each gate and one for the run.
    """
    changed, opened, runs = [], [], 0
    for line in lines:
        if added := re.search(r"\.add\(&\w+, (\w+)\);", line):
            if added[1] in gates:
                opened.append(added[1])
                line = f"if ({gate}[{gates[added[1]]}]) {line}"
        elif ".run(" in line:
            line, replaced = re.subn(r"\.run\([^,]+,", f".run({steps},", line)
            runs += replaced
            changed += before_run
        changed.append(line)
    if sorted(opened) != sorted(gates) or runs != 1:
        missing = sorted(set(gates) - set(opened)) or ["the run itself"]
        raise GeneratedCodeError(
            f"the program that Brian2 generates has no place for {missing[0]}: this "
            "version of Brian2 is not supported"
        )
    return changed


def time_step_of_double_code(device):
    """Let Brian2CUDA find dt where code is in double and its preference is single.

    It expects its own single-precision copy of dt in every code object, with a way back
    to the variable itself; code that was generated in double has the variable.

    Parameters
    ----------
    device : CUDAStandaloneDevice
    """
    for code_object in device.code_objects.values():
        dt = code_object.variables.get("dt")
        if dt is not None and not hasattr(dt, "real_var"):
            alias = copy.copy(dt)
            alias.real_var = dt
            code_object.variables["dt"] = alias


def with_checked_random_numbers(text):
    """Let a program end where the card gives no random numbers.

    Brian2CUDA goes on with those of before.

    Parameters
    ----------
    text : str
        Of its ``rand.cu``.

    Returns
    -------
    text : str

    Raises
    ------
    GeneratedCodeError
        If uniform and normal numbers are not drawn in a line each.
    """
    text, checked = re.subn(
        r"^(\s*)(curandGenerate\w+\(.*\));$",
        r"\1CUDA_SAFE_CALL(\2);",
        text,
        flags=re.MULTILINE,
    )
    if checked != 2:
        raise GeneratedCodeError(
            f"Brian2CUDA draws random numbers in {checked} lines instead of 2: this "
            "version is not supported"
        )
    return text
