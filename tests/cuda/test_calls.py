"""What a time step asks of the card: launches, copies, memory, waiting.

The shim counts calls. Two runs of different lengths are made; their difference is that
of whole time steps, all of them in graphs.
"""

import numpy as np
import pytest
from twin import STEPS_PER_IMAGE, open_plain, stimuli

from spikefa.devices.cuda.graph import GRAPH_STEPS
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
