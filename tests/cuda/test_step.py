"""Which parts of a time step share a launch, and what is read off their code."""

from types import SimpleNamespace

import numpy as np
import pytest

from spikefa.brian import GeneratedCodeError
from spikefa.dense.cuda import MOST_ROWS, Grid
from spikefa.devices.cuda import generated
from spikefa.devices.cuda.generated import find_parts
from spikefa.devices.cuda.graph import Graph
from spikefa.devices.cuda.launches import plan_launches
from spikefa.devices.cuda.parts import Part, Use
from spikefa.devices.cuda.project import dealt_out

READ, WRITTEN = Use(written=False, own=False), Use(written=True, own=False)
OWN = Use(written=True, own=True)


def part(name, size=10, unit="elements", clock="net clock", gate="", **uses):
    return Part(name, name, size, unit, uses=uses, clock=clock, gate=gate)


def planned(*parts):
    """Names of the parts of each launch; those of one thread are joined by +."""
    return [
        [" + ".join(p.code_object for p in stack) for stack in launch.stacks]
        for launch in plan_launches(parts)
    ]


def test_who_reads_waits_for_who_writes():
    reader = part("reader", unit="blocks", x=READ)
    assert planned(part("writer", x=WRITTEN), reader) == [["writer"], ["reader"]]


def test_who_writes_waits_for_who_reads():
    reader = part("reader", unit="blocks", x=READ)
    assert planned(reader, part("writer", x=WRITTEN)) == [["reader"], ["writer"]]


def test_who_writes_waits_for_who_writes():
    parts = part("first", x=WRITTEN), part("second", x=WRITTEN)
    assert planned(*parts) == [["first"], ["second"]]


def test_readers_of_the_same_go_side_by_side():
    parts = part("first", x=READ, y=OWN), part("second", 7, x=READ, z=OWN)
    assert planned(*parts) == [["first", "second"]]


def test_a_part_goes_to_the_earliest_launch_that_it_can():
    parts = part("a", x=WRITTEN), part("b", x=READ, y=WRITTEN), part("c", z=WRITTEN)
    assert planned(*parts) == [["a", "c"], ["b"]]


def test_the_same_thread_goes_on_with_its_own_neuron():
    parts = part("a", x=OWN), part("b", x=OWN, y=OWN), part("c", x=OWN, y=OWN)
    assert planned(*parts) == [["a + b + c"]]


@pytest.mark.parametrize(
    "second",
    [
        part("b", x=READ),  # of another neuron
        part("b", 11, x=OWN),  # of another group, linked to this one
        part("b", unit="threads", x=OWN),
        part("b", unit="blocks", x=OWN),
        part("b", clock="net other", x=OWN),
    ],
)
def test_another_thread_has_to_wait(second):
    assert planned(part("a", x=OWN), second) == [["a"], ["b"]]


def test_who_depends_on_two_stacks_waits_for_both():
    parts = part("a", x=OWN), part("b", y=OWN), part("c", x=OWN, y=OWN)
    assert planned(*parts) == [["a", "b"], ["c"]]


def test_what_is_not_made_of_parts_has_a_launch_of_its_own():
    other = Part("", "other", uses={"x": WRITTEN}, clock="net clock")
    parts = part("a", y=OWN), other, part("b", x=READ), part("c", y=OWN)
    assert planned(*parts) == [["a + c"], ["other"], ["b"]]


def test_a_launch_has_room_for_so_many_gates():
    parts = [part(f"p{i}", gate=f"gate[{i}]") for i in range(100)]
    sizes = [len(launch.parts) for launch in plan_launches(parts)]
    assert sum(sizes) == 100
    assert max(sizes) <= 64


def kernel(body, parameters="float* x,\n    float* y,\n    const double t", macro=""):
    """A code object's file with one part."""
    names = ",\n        ".join(p.rsplit(" ", 1)[1] for p in parameters.split(",\n"))
    return f"""{macro}
///// PART _run_kernel_a over 10 elements /////
__global__ void
__launch_bounds__(64)
_run_kernel_a(
    ///// KERNEL_PARAMETERS /////
    {parameters}
    )
{{
    const int _block = blockIdx.x;
    {body}
}}
///// ALONE /////
void _run_a()
{{
    _run_kernel_a<<<1, 64>>>(
        ///// HOST_PARAMETERS /////
        {names}
    );
}}
"""


@pytest.mark.parametrize(
    ("body", "use"),
    [
        ("float a = x[_idx];", Use(written=False, own=True)),
        ("if (x[_idx] == 1) return;", Use(written=False, own=True)),
        ("x[_idx] = 1;", OWN),
        ("x[_idx] += 1;", OWN),
        ("x[_idx]++;", OWN),
        ("++x[_idx];", OWN),
        ("x[_idx] <<= 1;", OWN),
        ("float a = x[_idx + 1];", READ),
        ("float a = x[y[_idx]];", READ),
        ("x[y[_idx]] = 1;", WRITTEN),
        ("float a = x[_idx] + x[0];", READ),
        ("atomicAdd(&x[_idx], 1);", OWN),
        ("bool a = b && x[_idx];", Use(written=False, own=True)),
        ("float* const p = x + 3;", WRITTEN),
        ("f(x);", WRITTEN),
    ],
)
def test_how_code_uses_an_array(body, use):
    (found,) = find_parts(kernel(body), "a")
    assert found.uses["x"] == use


def test_parameters_that_code_does_not_use_are_left_out():
    (found,) = find_parts(kernel("y[_idx] = 1;"), "a")
    assert list(found.parameters) == ["y"]


def test_a_macro_uses_what_it_stands_for():
    text = kernel("y[_idx] = _rand(_idx);", macro="    #define _rand(i) (x[i])")
    (found,) = find_parts(text, "a")
    assert set(found.parameters) == {"x", "y"}


def test_random_states_are_shared():
    (found,) = find_parts(kernel("y[_idx] = _poisson(3.0, _idx);"), "a")
    assert found.uses["states of random numbers"] == WRITTEN


def test_shared_memory_is_counted():
    body = "__shared__ double a[3][4]; __shared__ bool b; __shared__ int32_t c[5];"
    (found,) = find_parts(kernel(body), "a")
    assert found.shared_bytes == 8 * 12 + 1 + 4 * 5


def test_what_changes_from_step_to_step():
    graph, time = Graph("clock", {"dev_a_rand": "(10 * 2)"}), "_array_clock_t[0]"
    for item, made in {
        ("_t", "const double", time): "__dmul_rn(_step_clock, _length_clock)",
        ("_n", "const int64_t", "_array_clock_timestep[0]"): "_step_clock",
        ("_r", "float*", "dev_a_rand"): "_of_step_0_r + _step_clock * (10 * 2)",
    }.items():
        _, line = graph.counted(*item)
        assert line == f"{item[1]} {item[0]} = {made};"
    assert graph.counted("_t", "const double", "_array_other_t[0]") is None
    assert graph.counted("x", "float*", "dev_array_x") is None


@pytest.mark.parametrize("n_post", [1, 32, 33, 1000, 12_000, 100_000])
@pytest.mark.parametrize("n_pre", [1, 5, 784, 12_000, 100_000])
def test_blocks_have_all_rows_and_room_for_their_flags(n_pre, n_post):
    grid = Grid(n_pre, n_post)
    assert grid.rows <= MOST_ROWS
    rows = [len(range(split, n_pre, grid.splits)) for split in range(grid.splits)]
    assert np.sum(rows) == n_pre
    assert max(rows) == grid.rows
    # Flags and numbers of rows, and sums of a variable in double by lane.
    assert 8 * grid.rows + 8 * grid.lanes * grid.columns < 16_384
    assert grid.splits < 65_536


@pytest.mark.parametrize("multiprocessors", [40, 82, 108, 114, 132])
@pytest.mark.parametrize(
    "sizes", [(784, 1500), (1500, 1500), (1500, 1000), (1000, 1500)]
)
def test_all_blocks_are_on_the_card_at_once(sizes, multiprocessors):
    grid = Grid(*sizes, multiprocessors)
    assert 2 * multiprocessors < grid.blocks <= 4 * multiprocessors


def test_more_rows_of_bytes_are_read_at_a_time():
    def read(dtype):
        return [(SimpleNamespace(dtype=dtype), "array[_idx]")]

    grid = Grid(1500, 1500)
    assert grid.groups(read(np.int8)) == (16, 4, 1)
    assert grid.groups(read(np.float32)) == grid.groups([]) == (4, 1)
    assert grid.groups([*read(np.int8), *read(np.float32)]) == (4, 1)


def test_each_launch_is_in_one_bundle_with_its_parts():
    objects = [f"code_objects/{name}.cu" for name in "abcdefg"]
    a, b, c, d, *_ = objects
    steps = [([a, b], "ab"), ([b, c], "bc"), ([], "alone"), ([d], "d")]
    bundles = dealt_out(objects, steps)
    assert sorted(name for names, _ in bundles for name in names) == objects
    codes = [code for _, codes in bundles for code in codes]
    assert sorted(codes) == ["ab", "alone", "bc", "d"]
    for names, codes in bundles:
        for needed, code in steps:
            assert code not in codes or set(needed) <= set(names)


DRAWING = "net.add(&clock, _run_random_number_buffer);"
END = "random_number_buffer.run_finished();"


def test_random_numbers_are_drawn_with_one_clock_and_every_run_is_the_first():
    other = DRAWING.replace("clock", "other")
    lines = ["net.clear();", other, DRAWING, "net.run(1);", END]
    expected = ["net.clear();", DRAWING, "net.run(1);"]
    assert generated.lines_of_a_step(lines, "clock") == expected


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda text: generated.lines_of_a_step(text, "clock"), [DRAWING]),
        (lambda text: generated.lines_of_a_step(text, "clock"), [END]),
        (lambda text: generated.lines_of_a_step(text, "other"), [DRAWING, END]),
        (generated.changed_rand, "    curandGenerateUniform(a, b);\n"),
        (generated.changed_rand, "    curandGenerateUniform(a, b);\n" * 3),
        (generated.declare_steps_left, "class RandomNumberBuffer;\n"),
        (lambda text: generated._in_graphs(text, "clock"), "void Network::run()\n"),
        (lambda text: generated._as_functions(text, "code_objects/b.cu"), kernel("")),
        (
            lambda text: find_parts(text, "a"),
            kernel("").replace("blockIdx.x", "blockIdx.y"),
        ),
    ],
)
def test_text_that_is_not_what_was_expected_ends_the_build(change, text):
    with pytest.raises(GeneratedCodeError, match="this version .*not supported"):
        change(text)
