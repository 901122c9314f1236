"""Many time steps as one graph: what changes from step to step is counted on the card.

A graph is launched again with the same arguments. So a kernel takes the number of the
time step from the memory of the card, and from it the time, its random numbers and the
rows that it records to. The host writes the number when a run begins; the first launch
of every step counts it up, whether it is part of a graph or not.
"""

import re

from ..cpp.generated import GeneratedCodeError

__all__ = [
    "GRAPH_STEPS",
    "counted",
    "declare_steps_left",
    "graph_code",
    "in_graphs",
    "numbers_of_a_step",
    "tick_code",
    "with_steps_left",
]

#: Time steps of a graph. The first of a run, and those that are left, are single.
GRAPH_STEPS = 20

_BUFFER = "_run_random_number_buffer"


def numbers_of_a_step(rand):
    """How many random numbers each code object takes in a time step.

    Parameters
    ----------
    rand : str
        Text of Brian2CUDA's ``rand.cu``.

    Returns
    -------
    numbers : dict of str
        C++ expressions by the name of the pointer, such as ``dev_layer_1_..._rand``.
    """
    found = re.findall(r"num_per_cycle_(rand|randn|poisson_\d+)_(\w+) = (.+?);", rand)
    return {f"dev_{name}_{kind}": f"({number})" for kind, name, number in found}


def counted(parameter, kind, value, clock, numbers):
    """Replace a parameter that is another in every time step.

    Parameters
    ----------
    parameter, kind, value : str
        Its name, its type, and what the host gives.
    clock : str
    numbers : dict of str
        Of `numbers_of_a_step`.

    Returns
    -------
    replaced : tuple or None
        What the host gives instead, a list of names, types and values, and the line
        that makes the parameter of it; None if it is the same in every step.
    """
    step, declared = f"_step_{clock}", f"{kind} {parameter}"
    if value == f"_array_{clock}_t[0]":
        given = [(f"_length_{clock}", "const double", f"_array_{clock}_dt[0]")]
        # Rounded, as on the host, also where something is added to it.
        return given, f"{declared} = __dmul_rn({step}, _length_{clock});"
    if value == f"_array_{clock}_timestep[0]":
        return [], f"{declared} = {step};"
    if value in numbers:
        first = f"_of_step_0{parameter}"
        before = f"{value} - {clock}.timestep[0] * {numbers[value]}"
        return [
            (first, kind, before)
        ], f"{declared} = {first} + {step} * {numbers[value]};"
    if row := re.fullmatch(rf"\(int\)\({clock}\.timestep\[0\] - (\w+)\)", value):
        given = [(f"_given{row[1]}", "const int64_t", row[1])]
        return given, f"{declared} = (int)({step} - _given{row[1]});"
    return None


def tick_code(clock):
    """C++ of the part that counts time steps."""
    return f"""\
__device__ int64_t _step_{clock};

static __device__ __forceinline__ void _part_tick_{clock}(const int _block)
{{
    if (_block == 0 && threadIdx.x == 0)
        _step_{clock}++;
}}
"""


def graph_code(clock, numbers):
    """C++ of the functions that begin a run, and that make many of its time steps.

    Parameters
    ----------
    clock : str
    numbers : dict of str
        Of `numbers_of_a_step`.
    """
    bases = ", ".join(
        f"{pointer} - {clock}.timestep[0] * {number}"
        for pointer, number in sorted(numbers.items())
    )
    return f"""\
#include <algorithm>
#include <utility>
#include <vector>

cudaStream_t _stream = NULL;
cudaGraphExec_t _graph = NULL;
std::vector<const void*> _bases_of_graph;

void _forget_graph()
{{
    if (_graph == NULL)
        return;
    CUDA_SAFE_CALL(cudaStreamSynchronize(_stream));
    CUDA_SAFE_CALL(cudaGraphExecDestroy(_graph));
    _graph = NULL;
}}

void _begin_steps()
{{
    using namespace brian;
    _forget_graph();
    if (_stream == NULL)
        CUDA_SAFE_CALL(cudaStreamCreate(&_stream));
    const int64_t _before = {clock}.timestep[0] - 1;
    CUDA_SAFE_CALL(cudaMemcpyToSymbol(_step_{clock}, &_before, sizeof(_before)));
}}

// Make {GRAPH_STEPS} time steps at once, if there are as many until more is due.
int64_t _replay_steps(
    int64_t _most, const std::vector<std::pair<BaseClock*, codeobj_func>>& _objects)
{{
    using namespace brian;
    if (std::min(_most, random_number_buffer.steps_left()) < {GRAPH_STEPS})
        return 0;
    {_BUFFER}();
    const std::vector<const void*> _bases = {{{bases}}};
    if (_bases != _bases_of_graph)
        _forget_graph();
    if (_graph == NULL)
    {{
        cudaGraph_t _captured;
        CUDA_SAFE_CALL(cudaStreamBeginCapture(_stream, cudaStreamCaptureModeRelaxed));
        for (int _i = 0; _i < {GRAPH_STEPS}; _i++)
            for (auto& _object : _objects)
                if (_object.first == &{clock} && _object.second != {_BUFFER})
                    _object.second();
        CUDA_SAFE_CALL(cudaStreamEndCapture(_stream, &_captured));
        CUDA_SAFE_CALL(cudaGraphInstantiateWithFlags(&_graph, _captured, 0));
        CUDA_SAFE_CALL(cudaGraphDestroy(_captured));
        _bases_of_graph = _bases;
    }}
    CUDA_SAFE_CALL(cudaGraphLaunch(_graph, _stream));
    for (int _i = 1; _i < {GRAPH_STEPS}; _i++)
        {_BUFFER}();
    return {GRAPH_STEPS};
}}
"""


def in_graphs(network, clock, changed):
    """Let the loop over time steps make many at once, where no other clock is due.

    Parameters
    ----------
    network : str
        Text of Brian2CUDA's ``network.cu``.
    clock : str
    changed : callable
        Takes a pattern, the new text, the text and what is looked for.

    Returns
    -------
    network : str
    """
    network = changed(
        r"^    start = std::chrono::high_resolution_clock::now\(\);\n",
        "    _begin_steps();\n    start = std::chrono::high_resolution_clock::now();\n",
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
    network = changed(
        r"^        t = clock->t\[0\];\n(?=\n        for)", step, network, "a time step"
    )
    declared = """\
void _begin_steps();
int64_t _replay_steps(int64_t, const std::vector<std::pair<BaseClock*, codeobj_func>>&);
"""
    return changed(
        r"^#define Clock_epsilon",
        f"{declared}\n#define Clock_epsilon",
        network,
        "a macro",
    )


def with_steps_left(rand):
    """Let the buffer of random numbers tell for how many time steps it lasts.

    Parameters
    ----------
    rand : str
        Text of Brian2CUDA's ``rand.cu``; its header declares ``steps_left``, see
        `declare_steps_left`.

    Returns
    -------
    rand : str
    """
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
    """Declare what `with_steps_left` defines in ``rand.h``."""
    declared = "    void next_time_step();\n"
    if header.count(declared) != 1:
        raise GeneratedCodeError(
            "Brian2CUDA's buffer of random numbers has changed: this version is not "
            "supported"
        )
    return header.replace(declared, f"{declared}    int64_t steps_left();\n")
