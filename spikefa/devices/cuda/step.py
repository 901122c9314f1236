"""Launches of a time step: parts that do not wait for each other share a kernel.

Brian2CUDA launches a kernel for every code object. Those of the dense engine are made
of parts (see ``dense/neuron_templates/cuda/part.cu``). Here the kernels of the parts
become functions of the card, as they are, and are called from fewer kernels: next to
each other, in blocks of their own, if neither writes what the other uses; or one after
the other in the same thread, if all that they share are values of that thread's neuron.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from .graph import (
    counted,
    graph_code,
    in_graphs,
    numbers_of_a_step,
    tick_code,
    with_steps_left,
)
from .parts import Part, Use, as_functions, changed, find_parts, replaced

__all__ = ["Launch", "plan_launches", "share_launches"]

#: Most parameters of a kernel (4 kilobytes), bytes of shared memory, and gates.
_MOST_PARAMETERS, _MOST_SHARED, _MOST_GATES = 400, 40_000, 64

#: Threads of a block, where none of its parts asks for as many as DenseSynapses do.
_FEW, _MANY = 64, 256

_ADDED = re.compile(r"^(?:if \((.+)\) )?(\w+)\.add\(&(\w+), (NULL|_run_\w+)\);$")


@dataclass(eq=False)
class Launch:
    """Parts that share a kernel.

    Attributes
    ----------
    clock : str
    stacks : list of list of Part
        Those of a list run one after the other in the same threads.
    """

    clock: str
    stacks: list

    @property
    def parts(self):
        """All of them."""
        return [part for stack in self.stacks for part in stack]

    @property
    def gates(self):
        """Conditions of parts that not every run needs."""
        return list(dict.fromkeys(part.gate for part in self.parts if part.gate))

    @property
    def threads(self):
        """Threads of a block."""
        return _MANY if any(part.unit == "blocks" for part in self.parts) else _FEW

    def takes(self, part):
        """Whether there is room for one more."""
        parts = [*self.parts, part]
        if self.clock != part.clock or not all(p.kernel for p in parts):
            return False
        given = set().union(*(p.parameters for p in parts))
        gates = {p.gate for p in parts}
        return (
            len(given) <= _MOST_PARAMETERS
            and sum(p.shared_bytes for p in parts) <= _MOST_SHARED
            and len(gates) <= _MOST_GATES
        )


def plan_launches(parts):
    """Choose which parts share a launch.

    Each goes to the earliest launch that it does not have to wait for.

    Parameters
    ----------
    parts : list of Part
        In the order of a time step.

    Returns
    -------
    launches : list of Launch
    """
    launches = []
    for part in parts:
        chosen = None
        for launch in reversed(launches):
            meets = [s for s in launch.stacks if any(part.shares(p) for p in s)]
            if not meets:
                if launch.takes(part):
                    chosen = launch, None
                continue
            together = len(meets) == 1 and all(part.continues(p) for p in meets[0])
            if together and launch.takes(part):
                chosen = launch, meets[0]
            break
        if chosen is None:
            launches.append(Launch(part.clock, [[part]]))
        elif chosen[1] is None:
            chosen[0].stacks.append([part])
        else:
            chosen[1].append(part)
    return launches


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
    SpikefaError
        If the program is not what this version knows.
    """
    texts, lines = dict(texts), texts["main.cu"].splitlines()
    graph = _Graph.of_program(lines, texts)
    main, declared, steps, added = [], [], [], []

    def write_added():
        for launch in plan_launches(added):
            if not launch.parts[0].kernel:
                main.append(launch.parts[0].line)
                continue
            name = f"step_{len(steps)}"
            files = {_file(p.code_object) for p in launch.parts if p.code_object}
            steps.append((sorted(files), _code_of(launch, name, texts, graph)))
            main.extend(_lines_of(launch, name))
            declared.append(f"void _run_{name}();")
            declared.append(f"extern unsigned long long _open_{name};")
        added.clear()

    for line in lines:
        if found := _ADDED.match(line.strip()):
            added += _added_parts(line, *found.groups(), texts)
        else:
            graph.add_tick(added)
            write_added()
            main.append(line)
    texts["main.cu"] = "\n".join([*declared, *main]) + "\n"
    for name in {name for files, _ in steps for name in files}:
        texts[name] = as_functions(texts[name], Path(name).stem)
    if graph.clock:
        texts["network.cu"] = in_graphs(texts["network.cu"], graph.clock, replaced)
        texts["rand.cu"] = with_steps_left(texts["rand.cu"])
    return texts, steps


@dataclass(frozen=True)
class _Graph:
    """The clock whose time steps can be made many at a time, if there is one."""

    clock: str = ""
    numbers: dict = field(default_factory=dict)

    @classmethod
    def of_program(cls, lines, texts):
        """One run, in which only parts are added with the clock of most parts."""
        parts = [
            part
            for line in lines
            if (found := _ADDED.match(line.strip()))
            for part in _added_parts(line, *found.groups(), texts)
        ]
        clocks = [part.clock for part in parts if part.kernel]
        runs = sum(".run(" in line for line in lines)
        if not clocks or runs != 1:
            return cls()
        most = max(sorted(set(clocks)), key=clocks.count)
        others = {p.code_object for p in parts if p.clock == most and not p.kernel}
        if others - {"random_number_buffer"}:
            return cls()
        return cls(most.split()[1], numbers_of_a_step(texts["rand.cu"]))

    def add_tick(self, added):
        """Let the first part of a time step count it, and others wait for that."""
        mine = [p for p in added if p.kernel and p.clock.split()[1] == self.clock]
        if not mine:
            return
        for part in mine:
            if any(self.counted(*parameter) for parameter in _flat(part.parameters)):
                part.uses["number of the time step"] = Use(written=False, own=False)
        tick = Part(f"tick_{self.clock}", "", 1, "threads", clock=mine[0].clock)
        tick.uses["number of the time step"] = Use(written=True, own=False)
        added.insert(added.index(mine[0]), tick)

    def counted(self, parameter, kind, value):
        """See `counted`."""
        return counted(parameter, kind, value, self.clock, self.numbers)


def _flat(parameters):
    return [(name, kind, value) for name, (kind, value) in parameters.items()]


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


def _lines_of(launch, name):
    """Lines of the main program that add a launch to the network, if it is needed."""
    network, clock = launch.clock.split()
    always = any(not part.gate for part in launch.parts)
    yield f"_open_{name} = {int(always)};"
    for number, gate in enumerate(launch.gates, start=1):
        yield f"if ({gate}) _open_{name} |= 1ull << {number};"
    yield f"if (_open_{name}) {network}.add(&{clock}, _run_{name});"


def _code_of(launch, name, texts, graph):
    """C++ of a launch: the kernel, and the function that the network calls."""
    bits = {gate: 1 << n for n, gate in enumerate(["", *launch.gates])}
    of_graph = launch.clock.split()[1] == graph.clock
    given, made, calls, sizes, prepare, before = {}, {}, [], [], [], []
    for part in launch.parts:
        for item in _flat(part.parameters):
            instead = graph.counted(*item) if of_graph else None
            items, line = instead or ([item], None)
            if line:
                made[item[0]] = f"    {line}"
            for parameter, kind, value in items:
                if given.setdefault(parameter, (kind, value)) != (kind, value):
                    raise changed(f"one meaning of {parameter}")
        if not part.code_object:
            before += [tick_code(graph.clock), graph_code(graph.clock, graph.numbers)]
        elif f"void _prepare_{part.code_object}()" in texts[_file(part.code_object)]:
            prepare.append(f"    _prepare_{part.code_object}();")
    if of_graph:
        step = f"_step_{graph.clock}"
        before.insert(
            0, f"extern __device__ int64_t {step};\nextern cudaStream_t _stream;"
        )
    for stack in launch.stacks:
        size, unit = stack[0].size, stack[0].unit
        blocks = size if unit == "blocks" else -(-size // launch.threads)
        mask = 0
        for part in stack:
            mask |= bits[part.gate]
        sizes.append(f"(_open & {mask}ull ? {blocks} : 0)")
        calls += [f"    if (_block < {sizes[-1]})", "    {"]
        for part in stack:
            arguments = ", ".join(["_block", *part.parameters])
            calls.append(f"        if (_open & {bits[part.gate]}ull)")
            calls.append(f"            _part_{part.kernel}({arguments});")
        calls += ["        return;", "    }", f"    _block -= {sizes[-1]};"]
    on_stream = ", 0, _stream" if of_graph else ""
    lines = [
        *before,
        f"unsigned long long _open_{name} = ~0ull;",
        "",
        f"__global__ void\n__launch_bounds__({launch.threads})\n_run_kernel_{name}(",
        ",\n".join(
            ["    const unsigned long long _open"]
            + [f"    {kind} {parameter}" for parameter, (kind, _) in given.items()]
        ),
        "    )",
        "{",
        "    int _block = blockIdx.x;",
        *made.values(),
        *calls,
        "}",
        "",
        f"void _run_{name}()",
        "{",
        "    using namespace brian;",
        *dict.fromkeys(prepare),
        f"    const unsigned long long _open = _open_{name};",
        f"    const int _blocks = {' + '.join(sizes)};",
        f"    _run_kernel_{name}<<<_blocks, {launch.threads}{on_stream}>>>(",
        ",\n".join(f"        {v}" for v in ["_open", *(v for _, v in given.values())]),
        "    );",
        f'    CUDA_CHECK_ERROR("_run_kernel_{name}");',
        "}",
    ]
    return "\n".join(lines) + "\n"
