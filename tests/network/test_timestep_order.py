"""What happens in one time step: everything, from the input to the first weights."""

import numpy as np
import pytest
from twin import ENGINES

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.network.architecture import Architecture

SIZES = (4, 3, 5, 2, 2)
TAU = 0.9


def open_single_steps(engine, rule="fa", **changes):
    """Open a session in which one run can be a single time step."""
    architecture = Architecture(
        SIZES, n_classes=2, steps_per_image=1, chunk_images=3, engine=engine
    )
    changes = {"gamma": 0.0, "eta": 0.1, "input_spike": "pixel > 0.5"} | changes
    return open_session(
        architecture, load_model().replace(**changes), rule, device="numpy"
    )


def one_step(session, pixel=1.0, n_steps=1, **state):
    """Start at rest, except for a given state; show one value for some steps."""
    start = {name: np.zeros(shape) for name, shape in session.shapes.items()}
    start |= {f"layer_{n}.b": np.full(SIZES[n], 30.0) for n in (1, 2, 3)}
    for name, value in state.items():
        for full in start:
            if full.split(".")[1] == name:
                start[full] = np.full_like(start[full], value)
    session.set_state(start)
    result = session.run(np.full((n_steps, 4), pixel), np.zeros(n_steps), seed=0)
    return result.output, session.get_state()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_input_spike_reaches_the_output_in_its_own_step(engine):
    session = open_single_steps(engine)
    for pixel, n_spikes in ((1.0, 4), (0.0, 0)):
        _, state = one_step(session, pixel, W=0.25)
        # Biases of 30 make the hidden neurons spike for sure.
        expected = {1: 30 + 0.25 * n_spikes, 2: 30 + 0.25 * 3, 3: 30 + 0.25 * 5}
        for layer, drive in expected.items():
            np.testing.assert_allclose(state[f"layer_{layer}.h"], TAU * drive, 1e-6)
        np.testing.assert_allclose(state["layer_4.h"], TAU * 0.25 * 2, 1e-6)


@pytest.mark.parametrize(
    "engine", ["stock", pytest.param("dense", marks=pytest.mark.slow)]
)
def test_only_the_input_spikes_of_this_step_make_hidden_spikes(engine):
    """A chain in which each layer is silent unless the one below has just spiked."""
    session = open_single_steps(engine, spike="h > 1")
    start = {name: np.zeros(shape) for name, shape in session.shapes.items()}
    start |= {f"forward_{n}.W": np.full(SIZES[n - 1 : n + 1], 9.0) for n in range(1, 5)}
    session.set_state(start)
    images = np.array([[1.0] * 4, [0.0] * 4, [1.0] * 4])
    output = session.run(images, np.zeros(3), seed=0, gates=session.learn_nothing)
    # h = 0.9 * 9 * 2 with spikes; a silent step leaves a tenth of that, 1.62, and the
    # layers below it have 3.2 and more, so they still spike. One step later they
    # would not have spiked in the first step at all.
    first = 1 / (1 + np.exp(-TAU * 9.0 * 2))
    np.testing.assert_allclose(output.output[0, 0], [first, first], rtol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", ["fa", "dfa"])
def test_an_error_reaches_every_weight_in_its_own_step(rule, engine):
    session = open_single_steps(engine, rule)
    _, state = one_step(session, W=0.25, B=0.5)
    phi = 1 / (1 + np.exp(-state["layer_4.h"].astype(float)))
    delta = {4: np.array([1, 0]) - phi}
    for layer in (3, 2, 1):
        above = 4 if rule == "dfa" else layer + 1
        delta[layer] = TAU * 0.5 * np.tanh(delta[above]).sum() * np.ones(SIZES[layer])
    for layer in range(1, 5):
        np.testing.assert_allclose(
            state[f"delta_{layer}.delta"], delta[layer], 1e-5, err_msg=str(layer)
        )
        h = state[f"layer_{layer}.h"].astype(float)
        psi = np.exp(-h) / (1 + np.exp(-h)) ** 2
        change = 0.1 * psi * np.tanh(delta[layer])
        weights = state[f"forward_{layer}.W"]
        # Float32 holds 0.25 + change to 3e-8.
        np.testing.assert_allclose(
            weights, 0.25 + np.tile(change, (len(weights), 1)), 0, 5e-8
        )
    assert np.abs(state["forward_4.W"] - 0.25).min() > 1e-3


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_learn_from_the_spikes_of_this_step_only(engine):
    session = open_single_steps(engine)
    _, state = one_step(session, pixel=0.0, W=0.25, B=0.5)
    assert (state["forward_1.W"] == 0.25).all()  # no input spike, no change
    assert (state["forward_4.W"] != 0.25).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_reset_between_images(engine):
    """Two images in one run, one image in each of two runs: the same to the bit."""
    session = open_single_steps(engine)
    one_step(session, W=0.25, B=0.5, n_steps=2)
    together = session.get_state()
    one_step(session, W=0.25, B=0.5)
    session.run(np.ones((1, 4)), np.zeros(1), seed=0)
    for name, value in session.get_state().items():
        np.testing.assert_array_equal(value, together[name], err_msg=name)
