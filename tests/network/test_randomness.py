"""Spikes: as likely as they should be, independent, and given by the seed."""

import numpy as np
import pytest
from twin import (
    ENGINES,
    FEW_BACKENDS,
    LIF_SIZES,
    N_CLASSES,
    open_plain,
    start_spiking,
    stimuli,
)

from spikefa.training.initial_state import set_initial_state

#: Standard deviations that a count may be off. One in two million is further off.
SIGMAS = 5


def spike_table(spikes, n_neurons, n_steps, dt=1e-3):
    """Turn recorded spikes into a table: steps by neurons, 1 for a spike."""
    table = np.zeros((n_steps, n_neurons))
    np.add.at(table, (np.rint(spikes.t / dt).astype(int), spikes.i), 1)
    return table


def assert_binomial(table, probability):
    n_steps = len(table)
    spread = np.sqrt(n_steps * probability * (1 - probability))
    off = np.abs(table.sum(0) - n_steps * probability)
    assert (off <= SIGMAS * spread).all(), off / np.maximum(spread, 1e-9)
    assert set(np.unique(table)) <= {0, 1}


def assert_independent(table):
    """Neither neurons nor successive steps are correlated."""
    varying = table[:, table.std(0) > 0]
    scores = (varying - varying.mean(0)) / varying.std(0)
    n_steps = len(scores)
    between = scores.T @ scores / n_steps
    np.fill_diagonal(between, 0)
    assert np.abs(between).max() < SIGMAS / np.sqrt(n_steps)
    later = scores[1:].T @ scores[:-1] / n_steps
    assert np.abs(later).max() < SIGMAS / np.sqrt(n_steps)


@pytest.mark.parametrize("engine", ENGINES)
def test_neurons_spike_with_their_probability(engine):
    session = open_plain(engine, device="numpy", recording=True, images=400)
    state = {name: np.zeros(shape) for name, shape in session.shapes.items()}
    biases = {n: np.linspace(-3, 3, session.shapes[f"layer_{n}.b"][0]) for n in (1, 2)}
    for layer, bias in biases.items():
        probability = 1 / (1 + np.exp(-bias))
        state |= {f"layer_{layer}.b": bias, f"layer_{layer}.h": bias}
    session.set_state(state)
    pixels = np.linspace(0, 1, 13)
    result = session.run(
        np.tile(pixels, (400, 1)), np.zeros(400), seed=2, gates=session.learn_nothing
    )
    n_steps = 2000
    tables = [spike_table(result.records["layer_0.spikes"], 13, n_steps)]
    assert_binomial(tables[0], np.minimum(pixels, 0.95))
    for layer, bias in biases.items():
        spikes = result.records[f"layer_{layer}.spikes"]
        tables.append(spike_table(spikes, len(bias), n_steps))
        probability = 1 / (1 + np.exp(-bias))
        assert_binomial(tables[-1], probability)
    assert_independent(np.hstack(tables))


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
def test_input_neurons_spike_with_their_probability_on_every_device(lif):
    set_initial_state(lif, 0)
    pixels = np.linspace(0, 1, LIF_SIZES[0])
    tables = []
    for seed in range(10):
        result = lif.run(np.tile(pixels, (12, 1)), np.zeros(12), seed=seed)
        tables.append(spike_table(result.records["layer_0.spikes"], len(pixels), 60))
    table = np.vstack(tables)
    assert_binomial(table, pixels)
    assert_independent(table)


def learn(session, seed):
    """Learn from random images; return the final state and the output."""
    start_spiking(session)
    images, labels = stimuli(12, n_inputs=session.shapes["layer_0.phi"][0])
    result = session.run(0.2 + 0.6 * images, labels % N_CLASSES, seed=seed)
    return session.get_state() | {"output": result.output}


def assert_same(one, other):
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_seed_gives_the_run_bit_by_bit(engine):
    session = open_plain(engine, device="numpy")
    first, other = learn(session, 1), learn(session, 2)
    assert_same(first, learn(session, 1))
    for name in ("forward_1.W", "forward_4.W", "layer_2.h", "delta_1.delta", "output"):
        assert not np.array_equal(first[name], other[name]), name
    assert_same(first, learn(open_plain(engine, device="numpy"), 1))


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
def test_the_seed_gives_the_run_bit_by_bit_on_every_device(lif):
    first, other = learn(lif, 1), learn(lif, 2)
    assert_same(first, learn(lif, 1))
    assert not np.array_equal(first["forward_1.W"], other["forward_1.W"])
    assert not np.array_equal(first["output"], other["output"])
