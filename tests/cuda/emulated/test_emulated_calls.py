"""What a program asks of CUDA's runtime, counted by the emulator's."""

from collections import Counter

import pytest
from twin import SIZES, open_plain, stimuli

from spikefa.training.initial_state import set_initial_state

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def session(module_shim):
    with open_plain(engine="dense", device="cuda", recording=True) as session:
        set_initial_state(session, 1)
        yield session


@pytest.fixture
def calls_of_a_run(session, tmp_path, monkeypatch):
    """Count what the second run of a program asks for, by the runtime's names."""

    def counted(runs, **kwds):
        path = tmp_path / "counts"
        path.unlink(missing_ok=True)
        monkeypatch.setenv("RT_COUNTS", str(path))
        session.restart()
        for _ in range(runs):
            session.run(*stimuli(5), seed=1, keep_state=False, **kwds)
        session.restart()  # it writes what it has counted when it ends
        lines = [line.split() for line in path.read_text().splitlines()]
        return {line[1]: int(line[0]) for line in lines if len(line) == 2}

    def count(**kwds):
        one, two = counted(1, **kwds), counted(2, **kwds)
        found = Counter({name: two[name] - one.get(name, 0) for name in two})
        print(sorted(found.items()))
        return found

    return count


def test_a_run_copies_what_it_answers_and_no_more(calls_of_a_run):
    closed = calls_of_a_run(record=False)
    # The first step of 25, and four after a graph of 20.
    assert closed["cudaGraphLaunch"] == 1
    # Buffers of random numbers of each layer that spikes, and the rows of the readout.
    assert closed["cudaMalloc"] == len(SIZES)
    assert closed["cudaMemcpyAsync"] <= 4
    every = calls_of_a_run(record=True)
    assert every["cudaMalloc"] > closed["cudaMalloc"]
    assert every["cudaMemcpyAsync"] < 60
