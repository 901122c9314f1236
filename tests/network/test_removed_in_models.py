"""Removed synapses take no part, whatever the strings make of a weight of 0."""

import sys
from pathlib import Path

import numpy as np
import pytest
from brian2 import Equations

from spikefa.errors import ModelError
from spikefa.network.removed import masked_equations, masked_statements
from spikefa.training.connectivity import remove_connections

sys.path.append(str(Path(__file__).parents[1] / "models"))
from small_models import IMAGES, LABELS, model_of, opened, psp, started

WEIGHTS = ("W", "B")
DECAY = "W *= exp(-eta*gamma*elapsed_steps(t))"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        # What stays 0 by itself is left alone: all that `models/` has.
        ("drive_post += W", None),
        (DECAY, None),
        (DECAY.replace("W", "B"), None),
        ("W += present*dW", None),
        ("B += present*phi_pre*dW", None),
        ("u += 0.2*(1 - u)\ndrive_post += 3*W*u", None),
        ("drive_post += abs(W)*sign(W)", None),
        ("W = W + present*dW", None),
        # What does not gets the mask.
        ("W += 0.01*(0.2 - W)", "W += 0.01*(0.2 - W)\nW *= present"),
        ("W = clip(W + present*dW, 0.1, 1)", "{}\nW *= present"),
        ("drive_post += exp(W)", "drive_post += present*(exp(W))"),
        ("drive_post -= W + 1", "drive_post -= present*(W + 1)"),
        ("v_post = 3", "v_post += present*(3 - v_post)"),
        ("x = W + 1\ndrive_post += x", "x = W + 1\ndrive_post += present*(x)"),
    ],
)
def test_statements(text, masked):
    expected = text if masked is None else masked.format(text)
    assert masked_statements(text, WEIGHTS) == expected


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("abs(B)*sign(W)*psi_post*third_factor_post", None),
        ("phi_pre*W", None),
        ("q", None),
        ("exp(B)*x_pre", "present*(exp(B)*x_pre)"),
        ("1", "present*(1)"),
    ],
)
def test_sums(text, masked):
    equations = Equations(f"W : 1\nB : 1\nq = 2*W : 1\nx_post = {text} : 1 (summed)")
    found = masked_equations(equations, WEIGHTS)
    assert found["x_post"].expr.code == (masked or text)
    assert (found is equations) == (masked is None)


def test_what_has_no_value_at_0():
    with pytest.raises(ValueError, match="'1/W' has no value where a synapse was"):
        masked_statements("drive_post += 1/W", WEIGHTS)


LOG = "transmit = 'drive_post += exp(W)'\n"
KINDS = {
    "decay to rest": ("fa", "decay = 'W += 0.01*(0.2 - W)'\n"),
    "learn from below": ("fa", "sparse_learn = 'W = clip(W + present*dW, 0.1, 1)'\n"),
    "log weights": ("fa", LOG),
    "log weights that do not learn": ("shallow", LOG),
    "log weights backwards": (
        "bp",
        LOG + "backprop_feedback = '''\n"
        "feedback_pre = exp(W)*psi_post*third_factor_post : 1 (summed)\n'''\n",
    ),
    "log feedback": (
        "fa",
        "feedback_synapse = '''\nB : 1 (constant)\n"
        "feedback_post = exp(B)*third_factor_pre : 1 (summed)\n'''\n",
    ),
    "B to rest": (
        "kp",
        "decay = 'W += 0.01*(0.2 - W)'\nkolen_pollack_decay = 'B += 0.01*(0.2 - B)'\n",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_removed_sends_and_learns_nothing(kind, tmp_path):
    rule, source = KINDS[kind]
    model = model_of(tmp_path, psp() + "eta = 0.05\n" + source)
    record = {"layer_1.drive": True, "layer_2.drive": True}
    session = started(model, rule, sparse=True, record=record)
    remove_connections(session, 0.5, 1)
    before = session.get_state()
    gone = {name: v == 0 for name, v in before.items() if name[-2:] in (".W", ".B")}
    assert all(0.4 < of.mean() < 0.6 for of in gone.values())
    result = session.run(IMAGES, LABELS, seed=1)
    after = session.get_state()
    for name, of in gone.items():
        assert not after[name][of].any(), name
    moved = [n for n in gone if not np.array_equal(after[n], before[n])]
    assert "forward_3.W" in moved
    if "exp(W)" in source:  # what was sent in the first step
        sent = np.where(gone["forward_1.W"], 0, np.exp(before["forward_1.W"]))
        drive = (IMAGES[0] > 0.5) @ sent
        np.testing.assert_allclose(
            result.records["layer_1.drive"].values[0], drive, rtol=1e-5
        )


def test_removed_feedback_sends_nothing_although_its_exponential_is_not_0(tmp_path):
    model = model_of(tmp_path, psp() + KINDS["log feedback"][1])
    record = {"delta_2.feedback": True, "delta_3.third_factor": True}
    session = started(model, sparse=True, record=record)
    remove_connections(session, 0.5, 1)
    B = session.get_state(["feedback_2.B"])["feedback_2.B"]
    records = session.run(IMAGES, LABELS, seed=1).records
    sent = records["delta_3.third_factor"].values @ np.where(B == 0, 0, np.exp(B))
    np.testing.assert_allclose(records["delta_2.feedback"].values, sent, 1e-5, 1e-6)


def test_fixed_weights_on_forward_synapses_must_be_0_when_removed(tmp_path):
    source = "sign_symmetric_feedback = '''\nB : 1 (constant)\n"
    source += (
        "feedback_pre = exp(B)*sign(W)*psi_post*third_factor_post : 1 (summed)\n'''"
    )
    with pytest.raises(ModelError, match="sends something where B is 0"):
        opened(model_of(tmp_path, psp() + source), "sign", sparse=True)


@pytest.mark.parametrize("rule", ["fa", "kp", "shallow"])
def test_a_mask_that_the_model_gives(rule, tmp_path):
    source = psp() + "initial = {'layer_1': {'h': 0}, 'present': 'int(i < 4)'}\n"
    session = started(model_of(tmp_path, source), rule, sparse=True)
    for _ in range(2):  # starting anew does not depend on what was before
        for layer in (1, 2, 3):
            state = session.get_state(
                [f"forward_{layer}.W", f"forward_{layer}.present"]
            )
            W, present = state.values()
            assert present[:4].all()
            assert not present[4:].any()
            assert W[:4].all()
            assert not W[4:].any()
        remove_connections(session, 0.25, 3)
        state = session.get_state(["forward_1.present", "forward_1.W"])
        assert not state["forward_1.present"][4:].any()
        assert 0 < state["forward_1.present"][:4].mean() < 1
        assert np.array_equal(
            state["forward_1.present"] != 0, state["forward_1.W"] != 0
        )
        from spikefa import set_initial_state

        set_initial_state(session, 1)


def test_weights_that_are_set_stay_removed(tmp_path):
    session = started(model_of(tmp_path, psp()), "kp", sparse=True)
    remove_connections(session, 0.5, 1)
    present = session.get_state(["forward_2.present"])["forward_2.present"]
    session.set_state({"forward_2.W": 1.0, "forward_2.B": 2.0})
    state = session.get_state()
    np.testing.assert_array_equal(state["forward_2.W"], present)
    np.testing.assert_array_equal(state["forward_2.B"], 2 * present)
    session.set_state({"forward_2.present": 0.0})
    assert not session.get_state(["forward_2.W"])["forward_2.W"].any()


def test_a_mask_without_removed_synapses_is_refused(tmp_path):
    source = psp() + "initial = {'present': 'int(i < 4)'}\n"
    with pytest.raises(ModelError, match="'present'; only networks in which syn"):
        opened(model_of(tmp_path, source))
