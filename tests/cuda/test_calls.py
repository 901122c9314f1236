"""What a time step asks of the card: launches, copies, memory, waiting.

The shim counts calls. Two runs of different lengths are made; their difference is that
of whole time steps, all of them in graphs.
"""

import numpy as np
import pytest
from twin import SIZES, STEPS_PER_IMAGE, open_plain, stimuli

from spikefa.devices.cuda.graph import GRAPH_STEPS
from spikefa.equations.model import load_model
from spikefa.errors import SpikefaError
from spikefa.training.initial_state import set_initial_state

pytestmark = [pytest.mark.compiles, pytest.mark.usefixtures("module_shim")]

#: Kernels of a time step, for four layers as in the paper's network. With a launch for
#: every code object and Brian2CUDA's monitors there were 51, 45 and 27 launches; while
#: recording, the host also waited for 4 copies and reserved memory in most steps.
KERNELS = {"training, recording all": 17, "training": 17, "evaluation": 12}


@pytest.fixture(scope="module")
def session(module_shim):
    with open_plain(engine="dense", device="cuda", recording=True) as session:
        set_initial_state(session, 1)
        yield session


@pytest.fixture
def calls_per_step(session, tmp_path, monkeypatch):
    """Count what a time step asks for."""

    def count(**kwds):
        counted, lengths = [], (2, 6)
        for n_images in lengths:
            path = tmp_path / f"{n_images}"
            monkeypatch.setenv("SHIM_CALLS", str(path))
            session.restart()
            session.run(*stimuli(n_images), seed=1, keep_state=False, **kwds)
            session.restart()  # it writes what it has counted when it ends
            lines = [line.rsplit(" ", 1) for line in path.read_text().splitlines()]
            counted.append({name: int(number) for name, number in lines})
        steps = (lengths[1] - lengths[0]) * STEPS_PER_IMAGE
        return {
            name: number / steps
            for name in counted[1]
            if (number := counted[1][name] - counted[0].get(name, 0))
        }

    return count


def calls_of(session, path, monkeypatch, runs, **kwds):
    """What a program that makes so many runs asks for."""
    monkeypatch.setenv("SHIM_CALLS", str(path))
    session.restart()
    for _ in range(runs):
        session.run(*stimuli(2), seed=1, keep_state=False, **kwds)
    session.restart()
    lines = [line.rsplit(" ", 1) for line in path.read_text().splitlines()]
    return {name: int(number) for name, number in lines}


def calls_of_a_run(session, tmp_path, monkeypatch, **kwds):
    """What the third run of a program asks for."""
    two, three = (
        calls_of(session, tmp_path / f"{runs} runs", monkeypatch, runs, **kwds)
        for runs in (2, 3)
    )
    return {
        name: number
        for name in three
        if (number := three[name] - two.get(name, 0)) and "launch" not in name
    }


def test_records_that_are_closed_cost_nothing(session, tmp_path, monkeypatch):
    """What is left is the readout, and buffers of random numbers that start anew.

    A record is a copy for all of its neurons and time steps.
    """
    closed = calls_of_a_run(session, tmp_path, monkeypatch, record=False)
    drawing = len(SIZES) - 1
    assert closed["allocations"] == drawing + 1
    one = calls_of_a_run(session, tmp_path, monkeypatch, record=["layer_1.h"])
    more = {name: number - closed[name] for name, number in one.items()}
    del more["releases"]  # of what an earlier run has left
    assert {name: number for name, number in more.items() if number} == {
        "allocations": 1,
        "copies to the card": 1,  # zeros
        "copies to the host": 1,
    }


def test_no_memory_of_the_card_is_lost(module_shim, tmp_path, monkeypatch):
    """States of ``poisson`` with a mean for each neuron are made anew in every run."""
    model = load_model().replace(input_spike="poisson(pixel) > 0")
    with open_plain(engine="dense", model=model, device="cuda") as session:
        set_initial_state(session, 1)
        calls = calls_of_a_run(session, tmp_path, monkeypatch)
    assert calls["allocations"] == calls["releases"] > 0


@pytest.mark.parametrize("what", KERNELS)
def test_time_steps_are_launches_of_graphs_only(what, session, calls_per_step):
    gates = session.learn_nothing if what == "evaluation" else None
    found = calls_per_step(gates=gates, record=what.endswith("all"))
    assert found == {
        "launches of graphs": 1 / GRAPH_STEPS,
        "launches by graphs": KERNELS[what],
    }


def test_a_graph_has_the_random_numbers_of_its_steps(session):
    """Four images are too short for a graph. The input draws its numbers first."""
    images, labels = stimuli(8)
    short, long = (
        session.run(images[:n], labels[:n], seed=7, keep_state=False).records
        for n in (4, 8)
    )
    assert 4 * STEPS_PER_IMAGE == GRAPH_STEPS
    single, in_graph = short["layer_0.spikes"], long["layer_0.spikes"]
    first = in_graph.t < single.t.max() + 1e-6
    assert len(single.t) > 40
    assert np.array_equal(in_graph.t[first], single.t)
    assert np.array_equal(in_graph.i[first], single.i)


def test_random_numbers_that_the_card_does_not_give(session, monkeypatch):
    monkeypatch.setenv("SHIM_CURAND_LASTS", "1")
    session.restart()
    with pytest.raises(SpikefaError, match="CURAND_STATUS_LAUNCH_FAILURE"):
        session.run(*stimuli(2), seed=1)
