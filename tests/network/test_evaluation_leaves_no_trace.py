"""Evaluation changes nothing, and training goes on as if it had not happened."""

import numpy as np
import pytest
from twin import FEW_BACKENDS, start_spiking, stimuli


def train(session, n_images, seed):
    images, labels = stimuli(n_images, seed, session.shapes["layer_0.phi"][0])
    return session.run(images, labels, seed=seed)


def started(session):
    start_spiking(session)
    train(session, 7, 1)
    return session.get_state()


def assert_same_bits(state, before):
    assert state.keys() == before.keys()
    for name, value in state.items():
        assert value.tobytes() == before[name].tobytes(), name


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
@pytest.mark.parametrize("gates", ["learn_nothing", "learn_everything"])
def test_a_run_that_is_not_kept_leaves_the_state_as_it_was(gates, lif):
    before = started(lif)
    images, labels = stimuli(12, 99, 10)
    result = lif.run(
        images, labels, seed=5, gates=getattr(lif, gates), keep_state=False
    )
    assert result.output.shape == (12, 5, 3)
    assert_same_bits(lif.get_state(), before)


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
def test_training_goes_on_as_if_there_had_been_no_evaluation(lif):
    started(lif)
    plain = train(lif, 9, 2)
    expected = lif.get_state()
    started(lif)
    images, labels = stimuli(12, 99, 10)
    for _ in range(3):  # the third one uses the folder of the first one again
        lif.run(images, labels, seed=5, gates=lif.learn_nothing, keep_state=False)
    evaluated = train(lif, 9, 2)
    assert_same_bits(lif.get_state(), expected)
    np.testing.assert_array_equal(evaluated.output, plain.output)
    for name, recording in plain.records.items():
        for part in ("t", "i", "values"):
            found = getattr(evaluated.records[name], part)
            np.testing.assert_array_equal(found, getattr(recording, part))


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
def test_several_runs_of_one_evaluation_follow_each_other(lif):
    """Neurons carry their state from run to run, and all of it is forgotten."""
    before = started(lif)
    images, labels = stimuli(8, 99, 10)
    images = np.rint(images)  # pixels of 0 and 1: no chance involved
    whole = lif.run(images, labels, seed=5, gates=lif.learn_nothing, keep_state=False)
    with lif.evaluating():
        parts = [
            lif.run(images[here], labels[here], seed=6, gates=lif.learn_nothing).output
            for here in (slice(0, 3), slice(3, 8))
        ]
    np.testing.assert_array_equal(np.concatenate(parts), whole.output)
    assert_same_bits(lif.get_state(), before)


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
def test_the_seed_of_an_evaluation_does_not_matter_to_training(lif):
    states = []
    for seed in (1, 2):
        started(lif)
        images, labels = stimuli(12, 99, 10)
        lif.run(images, labels, seed=seed, gates=lif.learn_nothing, keep_state=False)
        train(lif, 3, 8)
        states.append(lif.get_state())
    assert_same_bits(*states)
