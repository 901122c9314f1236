"""Synapses within a layer, and past a layer."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, PSP, STEPS, model_of, opened, started

from spikefa.equations.check_names import check_on_cuda
from spikefa.errors import SpikefaError

COUNTING = (
    PSP.format("b + drive").replace("drive : 1", "drive : 1\nheard : 1\npassed : 1")
    + """
lateral_transmit = "heard_post += 1"
lateral_mask = "i != j"
skip_transmit = "passed_post += 1"
skip_synapse = "n : 1"
skip_learn = "n += 1"
"""
)


@pytest.mark.parametrize("engine", ["stock", "dense"])
def test_spikes_are_heard_within_and_past_a_layer(engine, tmp_path):
    record = {f"layer_{layer}.spikes": True for layer in range(3)}
    session = started(model_of(tmp_path, COUNTING), engine=engine, record=record)
    records = session.run(IMAGES, LABELS, seed=1).records
    spikes = [
        np.bincount(records[f"layer_{n}.spikes"].i, minlength=size)
        for n, size in enumerate((8, 6, 5))
    ]
    state = session.get_state()
    for layer in (1, 2):
        others = spikes[layer].sum() - spikes[layer]
        assert others.any()
        np.testing.assert_array_equal(state[f"layer_{layer}.heard"], others)
    for layer in (2, 3):
        passed = state[f"layer_{layer}.passed"]
        np.testing.assert_array_equal(passed, spikes[layer - 2].sum())
        n = state[f"skip_{layer}.n"]
        wanted = np.broadcast_to(spikes[layer - 2][:, np.newaxis], n.shape)
        np.testing.assert_array_equal(n, wanted)
    assert "lateral_3.present" not in state  # output neurons do not spike


def test_a_layer_is_inhibited_in_the_step_of_the_spike(tmp_path):
    text = PSP.format("b + drive").replace('reset = "h = 0"', 'reset = ""')
    text += 'layer_1_lateral_transmit = "h_post -= 5*int(i != j)"\n'
    record = {"layer_1.h": True, "layer_1.spikes": True}
    session = started(model_of(tmp_path, text), record=record)
    records = session.run(IMAGES, LABELS, seed=1).records
    h = records["layer_1.h"].values
    counts = np.zeros((12 * STEPS, 6))
    steps = np.rint(records["layer_1.spikes"].t / 1e-3).astype(int)
    np.add.at(counts, (steps, records["layer_1.spikes"].i), 1)
    others = counts.sum(axis=1, keepdims=True) - counts
    assert (h[others > 0] < -3).all()
    assert (h[others == 0] > -5).all()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('lateral_transmitt = "h_post -= 1"', "did you mean 'lateral_transmit'"),
        ('lateral_transmit = "x_post -= 1"', "lateral_transmit"),
        ('skip_transmit = "y = 1"', "skip_transmit: sets 'y', which is no variable"),
        ('layer_7_lateral_transmit = "h_post -= 1"', "there is no layer 7"),
        ("layer_1_lateral_transmit = 'h_post -= 1'\nlateral_mask = 'k'", "mask"),
        ("rho = 0.0\nskip_transmit = 'drive_post += 1/rho'", "divides by 'rho'"),
        (
            "skip_transmit = 'drive_post += S'\n"
            "skip_synapse = 'dS/dt = -S/(5*ms) : 1 (clock-driven)'",
            "skip_synapse: .*takes 'S' for something",
        ),
    ],
)
def test_mistakes_are_named(line, reason, tmp_path):
    with pytest.raises(SpikefaError, match=reason):
        opened(model_of(tmp_path, PSP.format("b + drive") + line))


MOVING = (
    PSP.format("b + drive")
    + """
skip_synapse = "dW/dt = (0.1 - W)/(20*ms) : 1 (clock-driven)"
skip_transmit = "drive_post += W"
lateral_synapse = "du/dt = (third_factor_post - u)/(5*ms) : 1 (clock-driven)"
lateral_transmit = "h_post += u"
"""
)


def test_a_test_leaves_no_trace_in_weights_that_move_by_themselves(tmp_path):
    session = started(model_of(tmp_path, MOVING))
    session.run(IMAGES, LABELS, seed=1)
    before = session.get_state()
    with session.evaluating():
        session.run(IMAGES, LABELS, seed=1, gates=session.learn_nothing)
        moved = session.get_state(["skip_2.W"])["skip_2.W"]
        assert np.abs(moved - before["skip_2.W"]).max() > 0.01
    for name, value in session.get_state().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_in_a_test_further_synapses_do_not_hear_of_the_error(tmp_path):
    session = started(model_of(tmp_path, MOVING))
    session.run(IMAGES, LABELS, seed=1)
    names = ["delta_1.third_factor", "delta_2.third_factor"]
    assert all(value.any() for value in session.get_state(names).values())
    with session.evaluating():
        assert not any(value.any() for value in session.get_state(names).values())


def test_there_is_no_code_on_cuda(tmp_path):
    with pytest.raises(SpikefaError, match="skip_|lateral_.*no code for it on CUDA"):
        check_on_cuda(model_of(tmp_path, COUNTING))


def test_a_layer_that_nothing_teaches_has_a_third_factor_of_0(tmp_path):
    """Under shallow learning; synapses within and past the layer may name it."""
    source = COUNTING.replace(
        '"n : 1"', "'''n : 1\ndu/dt = (third_factor_post - u)/ms : 1 (clock-driven)'''"
    )
    session = started(model_of(tmp_path, source), "shallow")
    session.run(IMAGES, LABELS, seed=1)
    state = session.get_state()
    assert not state["skip_2.u"].any()
    assert state["skip_3.u"].any()
