"""Launches of a time step: parts that do not wait for each other share a kernel.

Brian2CUDA launches a kernel for every code object. Here the kernels of the parts become
functions of the card, as they are, and are called from fewer kernels: next to each
other, in blocks of their own, if neither writes what the other uses; or one after the
other in the same thread, if all that they share are values of that thread's neuron.
"""

from dataclasses import dataclass

from ...brian import GeneratedCodeError

__all__ = ["Launch", "plan_launches"]

#: Most parameters of a kernel (4 kilobytes), bytes of shared memory, and gates.
_MOST_PARAMETERS, _MOST_SHARED, _MOST_GATES = 400, 40_000, 64

#: Threads of a block, where none of its parts asks for as many as DenseSynapses do.
_FEW, _MANY = 64, 256


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

    @property
    def code_objects(self):
        """Names of the code objects that its parts are of."""
        return sorted({part.code_object for part in self.parts if part.code_object})

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

    def _bit(self, part):
        """The bit of the open parts that says whether a part is open."""
        return 1 << (self.gates.index(part.gate) + 1 if part.gate else 0)

    def declarations(self, name):
        """Lines that let the main program add it to a network."""
        return [f"void _run_{name}();", f"extern unsigned long long _open_{name};"]

    def adding(self, name):
        """Lines of the main program that add it to a network, if it is needed."""
        network, clock = self.clock.split()
        always = any(not part.gate for part in self.parts)
        yield f"_open_{name} = {int(always)};"
        for number, gate in enumerate(self.gates, start=1):
            yield f"if ({gate}) _open_{name} |= 1ull << {number};"
        yield f"if (_open_{name}) {network}.add(&{clock}, _run_{name});"

    def code(self, name, graph):
        """C++ of the kernel, and of the function that a network calls.

        Parameters
        ----------
        name : str
        graph : Graph

        Returns
        -------
        code : str
            To follow the functions of its parts.
        """
        given, made = self._given(graph)
        calls, sizes = self._calls()
        prepared = dict.fromkeys(
            f"    if (_open & {self._bit(part)}ull)\n"
            f"        _prepare_{part.code_object}();"
            for part in self.parts
            if part.prepared
        )
        before, stream = [], ""
        if graph.has(self):
            before, stream = [graph.declaration], ", 0, _stream"
        if any(not part.code_object for part in self.parts):
            before.append(graph.code)
        lines = [
            *before,
            f"unsigned long long _open_{name} = ~0ull;",
            "",
            f"__global__ void\n__launch_bounds__({self.threads})\n_run_kernel_{name}(",
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
            f"    const unsigned long long _open = _open_{name};",
            *prepared,
            f"    const int _blocks = {' + '.join(sizes)};",
            f"    _run_kernel_{name}<<<_blocks, {self.threads}{stream}>>>(",
            ",\n".join(
                f"        {v}" for v in ["_open", *(v for _, v in given.values())]
            ),
            "    );",
            f'    CUDA_CHECK_ERROR("_run_kernel_{name}");',
            "}",
        ]
        return "\n".join(lines) + "\n"

    def _given(self, graph):
        """Parameters of the kernel, and lines that make others of them."""
        given, made = {}, {}
        for part in self.parts:
            for name, (kind, value) in part.parameters.items():
                counted = graph.counted(name, kind, value) if graph.has(self) else None
                items, line = counted or ([(name, kind, value)], None)
                if line:
                    made[name] = f"    {line}"
                for parameter, *of in items:
                    if given.setdefault(parameter, tuple(of)) != tuple(of):
                        raise GeneratedCodeError(f"{parameter} has two meanings")
        return given, made

    def _calls(self):
        """Lines that call the parts, and numbers of blocks."""
        calls, sizes = [], []
        for stack in self.stacks:
            size, unit, mask = stack[0].size, stack[0].unit, 0
            blocks = size if unit == "blocks" else -(-size // self.threads)
            for part in stack:
                mask |= self._bit(part)
            sizes.append(f"(_open & {mask}ull ? {blocks} : 0)")
            calls += [f"    if (_block < {sizes[-1]})", "    {"]
            for part in stack:
                arguments = ", ".join(["_block", *part.parameters])
                calls.append(f"        if (_open & {self._bit(part)}ull)")
                calls.append(f"            _part_{part.kernel}({arguments});")
            calls += ["        return;", "    }", f"    _block -= {sizes[-1]};"]
        return calls, sizes


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
