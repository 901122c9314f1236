"""Where CUDA reaches into Brian2CUDA, and reads or changes the text it generates.

Every change of generated text says how often it must match, and fails otherwise.
"""

import copy
import re

import numpy as np
from brian2 import TimedArray

from ...brian import GeneratedCodeError, has_code, substituted
from .graph import Graph
from .launches import plan_launches
from .parts import Part, Use, uses_in

__all__ = [
    "buffers_of_random_numbers",
    "changed_rand",
    "declare_steps_left",
    "find_parts",
    "implement_timed_arrays",
    "lines_of_a_step",
    "share_launches",
    "time_step_of_double_code",
]

_PART = re.compile(
    r"^///// PART (\w+) over (\d+) (elements|threads|blocks) /////\n"
    r"(.*?)(?=^///// (?:PART|ALONE))",
    re.MULTILINE | re.DOTALL,
)
_COMMENT = re.compile(r"^\s*/////.*$", re.MULTILINE)
_ADDED = re.compile(r"^(?:if \((.+)\) )?(\w+)\.add\(&(\w+), (NULL|_run_\w+)\);$")


def _unknown(what):
    return GeneratedCodeError(
        f"the program that Brian2CUDA generates does not have {what} where it is "
        "expected: this version is not supported"
    )


def _literally(text):
    """A replacement in which backslashes are backslashes."""
    return lambda found: text


# --------------------------------------------------------------------------------------
# Brian2CUDA's objects
# --------------------------------------------------------------------------------------


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


def implement_timed_arrays(values):
    """Give TimedArrays the CUDA code that those made after `activate` have.

    Parameters
    ----------
    values : iterable
        What may be among others a TimedArray, such as the values of a model.
    """
    for array in values:
        if not isinstance(array, TimedArray):
            continue
        known = array.implementations
        if has_code(array, "cuda"):
            continue
        make = TimedArray.implementations["cuda"][array.values.ndim - 1]
        flat = array.values.astype(np.double, order="C", copy=False).ravel()
        namespace = {f"{array.name}_values": flat}
        known.add_dynamic_implementation(
            "cuda",
            make(array.values, array.dt, array.name),
            namespace=lambda owner, namespace=namespace: namespace,
            name=array.name,
        )


def buffers_of_random_numbers(device):
    """Names of the pointers to what the card has for random numbers.

    Parameters
    ----------
    device : CUDAStandaloneDevice
        With the code of the network.

    Returns
    -------
    names : list of str
    """
    drawn = device.codeobjects_with_rng["host_api"]["per_run"][-1]
    buffers = [
        f"dev_{code_object.name}_{kind}_allocator"
        for kind, code_objects in drawn.items()
        for code_object in code_objects
    ]
    return [*buffers, "dev_curand_states"]


# --------------------------------------------------------------------------------------
# The program: main.cu, network.cu
# --------------------------------------------------------------------------------------


def lines_of_a_step(lines, clock):
    """Draw random numbers in the time steps of one clock; let every run be the first.

    Parameters
    ----------
    lines : list of str
        Of one run of a network.
    clock : str

    Returns
    -------
    lines : list of str
    """
    drawing = [line for line in lines if "_run_random_number_buffer" in line]
    mine = [line for line in drawing if f"(&{clock}," in line]
    ends = [line for line in lines if line == "random_number_buffer.run_finished();"]
    if len(mine) != 1 or len(ends) != 1:
        raise _unknown("random numbers")
    left_out = {*drawing, *ends} - {*mine}
    return [line for line in lines if line not in left_out]


def share_launches(texts):
    """Let the parts of a program share launches.

    Parameters
    ----------
    texts : dict of str
        The generated files by name.

    Returns
    -------
    texts : dict of str
        The same, without the launches of single parts, and with a main program that
        adds those of several.
    steps : list of tuple
        For each launch the names of the files of its parts, and its code, which has to
        follow theirs in one file.

    Raises
    ------
    GeneratedCodeError
        If the program is not what this version knows.
    """
    texts, lines = dict(texts), texts["main.cu"].splitlines()
    graph = _graph(lines, texts)
    main, declared, steps, added = [], [], [], []

    def write_added():
        graph.add_tick(added)
        for launch in plan_launches(added):
            if not launch.parts[0].kernel:
                main.append(launch.parts[0].line)
                continue
            name = f"step_{len(steps)}"
            files = [_file(code_object) for code_object in launch.code_objects]
            steps.append((files, launch.code(name, graph)))
            main.extend(launch.adding(name))
            declared.extend(launch.declarations(name))
        added.clear()

    for line in lines:
        if found := _ADDED.match(line.strip()):
            added += _added_parts(line, *found.groups(), texts)
        else:
            write_added()
            main.append(line)
    texts["main.cu"] = "\n".join([*declared, *main]) + "\n"
    for name in {name for files, _ in steps for name in files}:
        texts[name] = _as_functions(texts[name], name)
    if graph.clock:
        texts["network.cu"] = _in_graphs(texts["network.cu"], graph.clock)
        texts["rand.cu"] = _with_steps_left(texts["rand.cu"])
    return texts, steps


def _graph(lines, texts):
    """One run, in which only parts are added with the clock of most parts."""
    parts = [
        part
        for line in lines
        if (found := _ADDED.match(line.strip()))
        for part in _added_parts(line, *found.groups(), texts)
    ]
    clocks = [part.clock for part in parts if part.kernel]
    if not clocks or sum(".run(" in line for line in lines) != 1:
        return Graph()
    most = max(sorted(set(clocks)), key=clocks.count)
    others = {p.code_object for p in parts if p.clock == most and not p.kernel}
    if others - {"random_number_buffer"}:
        return Graph()
    return Graph(most.split()[1], _numbers_of_a_step(texts["rand.cu"]))


def _file(code_object):
    return f"code_objects/{code_object}.cu"


def _added_parts(line, gate, network, clock, function, texts):
    """The parts of what a line of the main program adds to a network."""
    name = function.removeprefix("_run_")
    text = texts.get(_file(name), "")
    parts = find_parts(text, name) if text else []
    if not parts:
        arrays = re.findall(r"(?:_dynamic)?_array_\w+", text)
        uses = dict.fromkeys((f"_ptr{array}" for array in arrays), Use(True, False))
        parts = [Part("", name, uses=uses)]
    for part in parts:
        part.clock, part.gate, part.line = f"{network} {clock}", gate or "", line
    return parts


def _in_graphs(network, clock):
    """Let the loop over time steps make many at once, where no other clock is due."""
    network = substituted(
        r"^    (start = std::chrono::high_resolution_clock::now\(\);\n)",
        r"    _begin_steps();\n    \1",
        network,
        "the start of a run",
    )
    step = f"""\
        if (clock == &brian::{clock} && curclocks.size() == 1 && !report_func)
        {{
            int64_t steps = clock->i_end - clock->timestep[0];
            for (BaseClock* other : clocks)
                if (other != clock)
                {{
                    const double later = other->t[0] - clock->t[0];
                    const double until = later / brian::{clock}.dt[0];
                    steps = until < steps ? (int64_t)(until + 0.5) : steps;
                }}
            if ((steps = _replay_steps(steps, objects)))
            {{
                while (steps--)
                    clock->tick();
                clock = next_clocks();
                continue;
            }}
        }}

        t = clock->t[0];
"""
    network = substituted(
        r"^        t = clock->t\[0\];\n(?=\n        for)", step, network, "a time step"
    )
    declared = """\
void _begin_steps();
int64_t _replay_steps(int64_t, const std::vector<std::pair<BaseClock*, codeobj_func>>&);

"""
    return substituted(
        r"(?=^#define Clock_epsilon)", _literally(declared), network, "a macro"
    )


# --------------------------------------------------------------------------------------
# Code objects
# --------------------------------------------------------------------------------------


def find_parts(text, code_object):
    """Find the parts of a code object.

    Parameters
    ----------
    text : str
        Its file, as generated.
    code_object : str
        Its name.

    Returns
    -------
    parts : list of Part
        None if it is not made of parts, or if the host has to prepare what they get.
    """
    macros = re.findall(r"^\s*#define (\w+)(.*)$", text, re.MULTILINE)
    prepared = f"void _prepare_{code_object}()" in text
    parts = []
    for kernel, size, unit, code in _PART.findall(text):
        head, body = _one(
            rf"__global__ void\s+__launch_bounds__\(\d+\)\s+{kernel}\((.*?)\n\s*\)\s*"
            r"\{\s*const int _block = blockIdx\.x;(.*)",
            code,
            f"the kernel {kernel}",
        )
        given = _one(
            rf"{kernel}<<<.*?>>>\((.*?)\n\s*\);", text, f"a launch of {kernel}"
        )
        names, values = _listed(head), _listed(given)
        if len(names) != len(values):
            raise _unknown(f"parameters of {kernel}")
        meant = [text for name, text in macros if re.search(rf"\b{name}\b", body)]
        mentioned, parameters = "\n".join([body, *meant]), {}
        for declaration, value in zip(names, values, strict=True):
            kind, name = declaration.rsplit(" ", 1)
            if re.search(rf"\b{name}\b", mentioned):
                parameters[name] = kind, value
        if any(re.match(r"dev_dynamic|_num", v) for _, v in parameters.values()):
            return []
        pointers = [name for name, (kind, _) in parameters.items() if kind[-1] == "*"]
        uses = uses_in(body, pointers)
        parts.append(
            Part(
                *(kernel, code_object, int(size), unit, body, parameters, uses),
                prepared=prepared,
            )
        )
    return parts


def _one(pattern, text, what):
    """The groups of a pattern that has to be there exactly once."""
    found = re.findall(pattern, text, re.DOTALL)
    if len(found) != 1:
        raise _unknown(what)
    return found[0]


def _listed(text):
    """Parameters or arguments, one a line."""
    return [
        item.strip()
        for item in re.split(r",\s*\n", _COMMENT.sub("", text))
        if item.strip()
    ]


def _as_functions(text, file):
    """Turn the kernels of a code object's parts into functions of the card.

    What launches the kernels one by one is left out.
    """
    code_object = file.removeprefix("code_objects/").removesuffix(".cu")
    for part in find_parts(text, code_object):
        declared = "".join(
            f",\n    {kind} {parameter}"
            for parameter, (kind, _) in part.parameters.items()
        )
        function = (
            f"static __device__ __forceinline__ void _part_{part.kernel}(\n"
            f"    const int _block{declared}\n    )\n{{{part.body}"
        )
        pattern = rf"(?s)///// PART {part.kernel} over .*?(?=^///// (?:PART|ALONE))"
        text = substituted(
            pattern, _literally(function), text, f"the part {part.kernel}"
        )
    host = rf"(?s)///// ALONE /////.*?^void _run_{code_object}\(\)\n\{{.*?^\}}\n"
    return substituted(host, "", text, f"the function _run_{code_object}")


# --------------------------------------------------------------------------------------
# Random numbers: rand.cu, rand.h
# --------------------------------------------------------------------------------------


def changed_rand(text):
    """Let a program end where the card gives no random numbers.

    Brian2CUDA goes on with those of before.

    Parameters
    ----------
    text : str
        Of its ``rand.cu``.

    Returns
    -------
    text : str
    """
    return substituted(
        r"^(\s*)(curandGenerate\w+\([^\n]*\));$",
        r"\1CUDA_SAFE_CALL(\2);",
        text,
        "uniform and normal random numbers drawn in a line each",
        times=2,
    )


def _numbers_of_a_step(rand):
    """How many random numbers each code object takes in a time step."""
    found = re.findall(r"num_per_cycle_(rand|randn|poisson_\d+)_(\w+) = (.+?);", rand)
    return {f"dev_{name}_{kind}": f"({number})" for kind, name, number in found}


def _with_steps_left(rand):
    """Let the buffer of random numbers tell for how many time steps it lasts."""
    left = "\n".join(
        f"    left = std::min(left, (int64_t)({interval} - {index}));"
        for index, interval in re.findall(
            r"if \((idx_\w+) == (\w+_interval_\w+)\)", rand
        )
    )
    return f"""\
#include <algorithm>
{rand}
int64_t RandomNumberBuffer::steps_left()
{{
    int64_t left = needs_init ? 0 : INT64_MAX;
{left}
    return left;
}}
"""


def declare_steps_left(header):
    """Declare in ``rand.h`` what `share_launches` adds to ``rand.cu``.

    Parameters
    ----------
    header : str

    Returns
    -------
    header : str
    """
    return substituted(
        r"^    void next_time_step\(\);\n",
        r"\g<0>    int64_t steps_left();\n",
        header,
        "a time step of random numbers",
    )
