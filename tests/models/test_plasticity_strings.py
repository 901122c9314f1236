"""Plasticity on postsynaptic spikes, in every step, and that of one layer."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, PSP, STEPS, model_of, opened, started

from spikefa.equations.parameters import replace_parameters
from spikefa.errors import SpikefaError

COUNTING = (
    PSP.format("b + drive")
    + '''
plastic_synapse = """
W : 1
pres : 1
posts : 1
all_steps : 1
"""
learn = "pres += 1"
learn_post = "posts += 1"
learn_step = "all_steps += 1"
learn_bias = "b += 0*psi"
'''
)
COUNTS = ["pres", "posts", "all_steps"]


@pytest.mark.parametrize("engine", ["stock", "dense"])
def test_each_kind_of_event_is_counted(engine, tmp_path):
    record = {"layer_0.spikes": True, "layer_1.spikes": True}
    session = started(model_of(tmp_path, COUNTING), engine=engine, record=record)
    records = session.run(IMAGES, LABELS, seed=1).records
    state = session.get_state([f"forward_1.{name}" for name in COUNTS])
    spikes = [
        np.bincount(records[f"layer_{n}.spikes"].i, minlength=m)
        for n, m in ((0, 8), (1, 6))
    ]
    assert spikes[1].any()
    expected = spikes[0][:, np.newaxis], spikes[1], np.full(6, STEPS * 12)
    for found, wanted in zip(state.values(), expected, strict=True):
        np.testing.assert_array_equal(found, np.broadcast_to(wanted, (8, 6)))
    output = session.get_state(["forward_3.posts"])["forward_3.posts"]
    assert not output.any()  # output neurons do not spike
    before = session.get_state()
    session.run(IMAGES, LABELS, seed=1, gates=session.learn_nothing)
    for name in COUNTS:
        after = session.get_state([f"forward_2.{name}"])[f"forward_2.{name}"]
        np.testing.assert_array_equal(after, before[f"forward_2.{name}"])


def test_a_layer_has_strings_and_parameters_of_its_own(tmp_path):
    text = PSP.format("b + drive") + 'decay = ""; decay_bias = ""\n'
    text += 'learn = "W += eta"\nlearn_bias = "b += eta"\noutput_learn = "W -= eta"\n'
    text += 'eta = 0.25\nlayer_2_eta = "0.5*eta"\noutput_eta = 1.0\n'
    model = model_of(tmp_path, text)
    session = started(model)
    before = session.get_state()
    session.run(IMAGES[:1], LABELS[:1], seed=1)
    after = session.get_state()
    for layer, eta in ((1, 0.25), (2, 0.125), (3, 1.0)):
        changed = after[f"layer_{layer}.b"] - before[f"layer_{layer}.b"]
        np.testing.assert_allclose(changed, STEPS * eta, rtol=1e-5)
        weights = after[f"forward_{layer}.W"] - before[f"forward_{layer}.W"]
        steps = weights / (eta if layer < 3 else -eta)
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-5)
        assert (steps >= 0).all()
        assert steps.any()


def test_parameters_of_a_layer_are_set_by_name(tmp_path):
    model = replace_parameters(model_of(tmp_path, PSP.format("b")), {"output_eta": "0"})
    session = started(model)
    names = ["forward_2.W", "forward_3.W"]
    before = session.get_state(names)
    session.run(IMAGES, LABELS, seed=1)
    after = session.get_state(names)
    np.testing.assert_allclose(after[names[1]], before[names[1]], rtol=1e-5)


@pytest.mark.parametrize(
    ("line", "rule", "reason"),
    [
        ('learn_post = "W += 1"', "kp", "rule kp has no counterpart of it for B"),
        ('layer_2_learn_step = "W += 1"', "kp", "rule kp has no counterpart"),
        ('layer_2_learn = "W += 1"', "kp", "needs kolen_pollack_learn too"),
        ('output_learn_post = "W += 1"', "fa", "output neurons do not spike"),
        ('lern_post = "W += 1"', "fa", "did you mean 'learn_post'"),
        ('on_post = "W += 1"', "fa", "did you mean 'learn_post'"),
        ('learn_step = "w += 1"', "fa", "learn_step"),
        ('layer_1_learn_step = "x = 1"', "fa", "sets 'x', which is no variable"),
        ('layer_2_synapse = "V : 1"', "fa", "layer_2_synapse: does not define 'W'"),
        ("layer_2_eta = -1", "fa", "layer_2_eta: must be 0 or more"),
        ('layer_2_gamma = "passes(t)"', "fa", "cannot change with time"),
        ("layer_9_eta = 1", "fa", "there is no layer 9"),
    ],
)
def test_mistakes_are_named(line, rule, reason, tmp_path):
    with pytest.raises(SpikefaError, match=reason):
        opened(model_of(tmp_path, PSP.format("b + drive") + line), rule)
