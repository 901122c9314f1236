"""Where the text that Brian2 generates for C++ standalone mode is changed.

What is changed must be there, as often as it is expected: a gate that was silently left
out would let evaluations learn.
"""

import re

from brian2 import SpikeMonitor
from brian2.core.functions import Function

from ...brian import GeneratedCodeError, arrays_of_function
from ...dense.codeobjects import DenseCPPStandaloneCodeObject

__all__ = [
    "GeneratedCodeError",
    "arrays_of_functions",
    "before_each_run",
    "bundle",
    "order_of_clocks",
    "order_of_records",
    "with_arguments",
]


_NAMESPACE = re.compile(r"^namespace\s*\{", re.MULTILINE)
_MACRO = re.compile(r"^[ \t]*#\s*define\s+(\w+)", re.MULTILINE)
_GUARD = re.compile(r"^[ \t]*#\s*ifndef\s+(\w+)\s+#\s*define\s+\1\b", re.MULTILINE)


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
    return {
        name
        for code_object in device.code_objects.values()
        for variable in code_object.variables.values()
        if isinstance(variable, Function)
        for name in arrays_of_function(device, variable, code_object)
    }


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


def bundle(text, name):
    """Make one of the generated files fit into one file with others.

    What a file keeps to itself, in a namespace without a name and as macros, would meet
    the same of other files. What guards itself in front of the namespace is for all.

    Parameters
    ----------
    text : str
        The file.
    name : str
        For its namespace.

    Returns
    -------
    text : str
    """
    shared = _GUARD.findall(_NAMESPACE.split(text)[0])
    # What pushes spikes into queues has its helpers outside any namespace.
    text = re.sub(
        r"(?ms)^///// Support code /////$(.*?)(?=^void )",
        r"namespace {\n\1}\n",
        text,
    )
    text, found = _NAMESPACE.subn(f"namespace {name} {{", text)
    if found:
        opened = f"using namespace brian; using namespace {name};"
        text = text.replace("using namespace brian;", opened)
        text = f"namespace {name} {{}}\n{text}"
    macros = [m for m in dict.fromkeys(_MACRO.findall(text)) if m not in shared]
    return text + "".join(f"\n#undef {macro}" for macro in macros) + "\n"
