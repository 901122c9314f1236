"""Many time steps as one graph: what changes from step to step is counted on the card.

A graph is launched again with the same arguments. So a kernel takes the number of the
time step from the memory of the card, and from it the time, its random numbers and the
rows that it records to. The host writes the number when a run begins; the first launch
of every step counts it up, whether it is part of a graph or not.
"""

import re
from dataclasses import dataclass, field

from .parts import Part, Use

__all__ = ["GRAPH_STEPS", "Graph"]

#: Time steps of a graph. The first of a run, and those that are left, are single.
GRAPH_STEPS = 20

_NUMBER = "number of the time step"


@dataclass(frozen=True)
class Graph:
    """The clock whose time steps are made many at a time.

    Attributes
    ----------
    clock : str
        Its name; empty if there is none.
    numbers : dict of str
        How many random numbers a code object takes in a time step, a C++ expression, by
        the name of the pointer to them, such as ``dev_layer_1_..._rand``.
    """

    clock: str = ""
    numbers: dict = field(default_factory=dict)

    @property
    def step(self):
        """Name of the number of the time step, in the memory of the card."""
        return f"_step_{self.clock}"

    def has(self, part):
        """Whether the time steps of a part, or of a launch, are made in it."""
        return part.clock.split()[1] == self.clock

    def add_tick(self, added):
        """Let the first part of a time step count it, and others wait for that.

        Parameters
        ----------
        added : list of Part
            In the order of a time step.
        """
        mine = [part for part in added if part.kernel and self.has(part)]
        if not mine:
            return
        for part in mine:
            given = ((name, *of) for name, of in part.parameters.items())
            if any(self.counted(*parameter) for parameter in given):
                part.uses[_NUMBER] = Use(written=False, own=False)
        tick = Part(f"tick_{self.clock}", "", 1, "threads", clock=mine[0].clock)
        tick.uses[_NUMBER] = Use(written=True, own=False)
        added.insert(added.index(mine[0]), tick)

    def counted(self, parameter, kind, value):
        """Replace a parameter that is another in every time step.

        Parameters
        ----------
        parameter, kind, value : str
            Its name, its type, and what the host gives.

        Returns
        -------
        replaced : tuple or None
            What the host gives instead, a list of names, types and values, and the line
            that makes the parameter of it; None if it is the same in every step.
        """
        clock, declared = self.clock, f"{kind} {parameter}"
        if value == f"_array_{clock}_t[0]":
            given = [(f"_length_{clock}", "const double", f"_array_{clock}_dt[0]")]
            # Rounded, as on the host, also where something is added to it.
            return given, f"{declared} = __dmul_rn({self.step}, _length_{clock});"
        if value == f"_array_{clock}_timestep[0]":
            return [], f"{declared} = {self.step};"
        if number := self.numbers.get(value):
            first = f"_of_step_0{parameter}"
            made = f"{declared} = {first} + {self.step} * {number};"
            return [(first, kind, self._at_step_0(value))], made
        if row := re.fullmatch(rf"\(int\)\({clock}\.timestep\[0\] - (\w+)\)", value):
            given = [(f"_given{row[1]}", "const int64_t", row[1])]
            return given, f"{declared} = (int)({self.step} - _given{row[1]});"
        return None

    def _at_step_0(self, pointer):
        """Where the random numbers of the first time step would be."""
        return f"{pointer} - {self.clock}.timestep[0] * {self.numbers[pointer]}"

    @property
    def declaration(self):
        """C++ of what a file with launches of its time steps needs to know."""
        return f"extern __device__ int64_t {self.step};\nextern cudaStream_t _stream;"

    @property
    def code(self):
        """C++ of what counts time steps, begins a run, and makes many of its steps."""
        bases = ", ".join(map(self._at_step_0, sorted(self.numbers)))
        return _CODE % {
            "clock": self.clock,
            "step": self.step,
            "bases": bases,
            "steps": GRAPH_STEPS,
        }


_CODE = """\
#include <algorithm>
#include <utility>
#include <vector>

__device__ int64_t %(step)s;

static __device__ __forceinline__ void _part_tick_%(clock)s(const int _block)
{
    if (_block == 0 && threadIdx.x == 0)
        %(step)s++;
}

cudaStream_t _stream = NULL;
cudaGraphExec_t _graph = NULL;
std::vector<const void*> _bases_of_graph;

void _forget_graph()
{
    if (_graph == NULL)
        return;
    CUDA_SAFE_CALL(cudaStreamSynchronize(_stream));
    CUDA_SAFE_CALL(cudaGraphExecDestroy(_graph));
    _graph = NULL;
}

void _begin_steps()
{
    using namespace brian;
    _forget_graph();
    if (_stream == NULL)
        CUDA_SAFE_CALL(cudaStreamCreate(&_stream));
    const int64_t _before = %(clock)s.timestep[0] - 1;
    CUDA_SAFE_CALL(cudaMemcpyToSymbol(%(step)s, &_before, sizeof(_before)));
}

// Make %(steps)d time steps at once, if there are as many until more is due.
int64_t _replay_steps(
    int64_t _most, const std::vector<std::pair<BaseClock*, codeobj_func>>& _objects)
{
    using namespace brian;
    if (std::min(_most, random_number_buffer.steps_left()) < %(steps)d)
        return 0;
    _run_random_number_buffer();
    const std::vector<const void*> _bases = {%(bases)s};
    if (_bases != _bases_of_graph)
        _forget_graph();
    if (_graph == NULL)
    {
        cudaGraph_t _captured;
        CUDA_SAFE_CALL(cudaStreamBeginCapture(_stream, cudaStreamCaptureModeRelaxed));
        for (int _i = 0; _i < %(steps)d; _i++)
            for (auto& _object : _objects)
                if (_object.first == &%(clock)s
                    && _object.second != _run_random_number_buffer)
                    _object.second();
        CUDA_SAFE_CALL(cudaStreamEndCapture(_stream, &_captured));
        CUDA_SAFE_CALL(cudaGraphInstantiateWithFlags(&_graph, _captured, 0));
        CUDA_SAFE_CALL(cudaGraphDestroy(_captured));
        _bases_of_graph = _bases;
    }
    CUDA_SAFE_CALL(cudaGraphLaunch(_graph, _stream));
    for (int _i = 1; _i < %(steps)d; _i++)
        _run_random_number_buffer();
    return %(steps)d;
}
"""
