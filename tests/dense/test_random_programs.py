"""Random networks in compiled code: many of them in one program, or a few by Cython."""

import pytest
from brian2 import Network, Synapses, defaultclock, device, ms, prefs, set_device
from brian2.devices.device import reset_device
from like_compiled import like_compiled
from random_judge import compare, one_by_one, outcome_of, refused
from random_networks import Part, draw
from standalone import compile_here

from spikefa.dense import DenseSynapses

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.usefixtures("numpy_in_double"),
]

#: Networks in a program. Each has some fifteen code objects.
BATCH = 25


def expected_of(seeds):
    """What `Synapses` compute, for the networks that both classes take; and counts."""
    expected, counts = {}, {"equal": 0, "refused": 0, "not for Synapses": 0}
    for seed in seeds:
        what = draw(seed, compiled=True)
        with one_by_one():
            stock = outcome_of(what, Synapses)
        if isinstance(stock, Exception):
            counts["not for Synapses"] += 1
            continue
        with like_compiled():
            dense = outcome_of(what, DenseSynapses)
        if refused(dense):
            counts["refused"] += 1
        else:
            expected[seed] = stock
    return expected, counts


@pytest.fixture
def program(tmp_path):
    """Build networks into one program, run it, and return what it leaves of each."""
    standalone = prefs.devices.cpp_standalone
    before = standalone.openmp_threads

    def run(seeds, threads):
        standalone.openmp_threads = threads
        set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
        described = [draw(seed, compiled=True) for seed in seeds]
        parts = [Part(w, DenseSynapses, f"p{w.seed}_") for w in described]
        (steps,) = {tuple(what.runs) for what in described}
        network = Network([obj for part in parts for obj in part.objects])
        network.run(sum(steps) * defaultclock.dt, namespace={"tau_c": 2 * ms})
        compile_here(tmp_path)
        device.run(with_output=False)
        return {part.what.seed: part.state() for part in parts}

    yield run
    device.reinit()
    device.activate()
    reset_device()
    standalone.openmp_threads = before


def assert_equal(found, expected):
    for seed, stock in expected.items():
        difference = compare(found[seed], stock)
        assert difference is None, f"{seed}: {difference}\n{draw(seed, compiled=True)}"


@pytest.mark.compiles
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("first", range(0, 100, BATCH))
def test_in_one_program(first, threads, program):
    expected, counts = expected_of(range(first, first + BATCH))
    assert_equal(program(expected, threads), expected)
    print(counts | {"equal": len(expected)})
    assert len(expected) >= BATCH // 2


@pytest.mark.parametrize("first", range(0, 12, 4))
def test_by_cython(first):
    expected, counts = expected_of(range(first, first + 4))
    prefs.codegen.target = "cython"
    for seed, stock in expected.items():
        found = outcome_of(draw(seed, compiled=True), DenseSynapses)
        assert_equal({seed: found}, {seed: stock})
    print(counts | {"equal": len(expected)})
