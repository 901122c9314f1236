"""Strings that belong together, and what a rule or an option makes of them."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, STEPS, model_of, opened, psp, started, trained

from spikefa.errors import ModelError

CLIP = "'W = clip(W + 20*dW, -5, 5)'"
SPARSE = "'W = clip(W + 20*present*dW, -5, 5)'"


@pytest.mark.parametrize(
    ("rule", "sparse", "source", "missing"),
    [
        (
            "kp",
            False,
            f"learn = {CLIP}",
            "learn: rule kp needs kolen_pollack_learn too",
        ),
        ("kp", False, "decay = 'W *= 0.9'", "rule kp needs kolen_pollack_decay too"),
        ("kp", True, f"sparse_learn = {SPARSE}", "needs kolen_pollack_sparse_learn"),
    ],
)
def test_one_of_two_strings_is_refused(rule, sparse, source, missing, tmp_path):
    model = model_of(tmp_path, psp() + source + "\n")
    with pytest.raises(ModelError) as caught:
        opened(model, rule, sparse=sparse)
    assert missing in str(caught.value)
    assert str(caught.value).isprintable()


def test_one_of_two_strings_is_refused_from_python_too(tmp_path):
    model = model_of(tmp_path, psp()).replace(learn="W += 2*dW")
    with pytest.raises(ModelError, match="rule kp needs kolen_pollack_learn too"):
        opened(model, "kp")
    with pytest.raises(ModelError, match="did you mean 'threshold'|nothing uses it"):
        opened(model.replace(thresold=0.2))


@pytest.mark.parametrize(
    ("rule", "sparse", "source"),
    [
        ("fa", False, f"learn = {CLIP}"),
        ("kp", False, "learn = 'W += dW'"),  # as it was
        ("fa", True, f"sparse_learn = {SPARSE}"),
        ("fa", True, f"learn = {CLIP}"),  # then it is meant with a mask too
    ],
)
def test_other_strings_are_enough(rule, sparse, source, tmp_path):
    opened(model_of(tmp_path, psp() + source + "\n"), rule, sparse=sparse)


def test_both_strings_of_kolen_pollack_learn_alike(tmp_path):
    of_B = CLIP.replace("W", "B").replace("dB", "dW")
    source = f"learn = {CLIP}\nkolen_pollack_learn = {of_B}\n"
    model = model_of(tmp_path, psp() + source + "gamma = 0.0\n")
    before = started(model, "kp").get_state()
    after = trained(model, "kp")[0].get_state()
    for layer in (2, 3):
        names = [f"forward_{layer}.{variable}" for variable in "WB"]
        W, B = (after[name] - before[name] for name in names)
        np.testing.assert_allclose(W, B, rtol=1e-3, atol=1e-6)
        assert W.any()


SYNAPSES = {
    "facilitation": (
        "W : 1\nu : 1\n",
        "initial = {'u': 0.2}\ntransmit = 'u += 0.2*(1 - u); drive_post += 3*W*u'\n",
    ),
    "formula": ("W : 1\ng = 2*W**2 : 1\n", "transmit = 'drive_post += g'\n"),
    "sum": ("W : 1\ntotal_post = W : 1 (summed)\n", ""),
    "trace": (
        "W : 1\ndx/dt = -x/(20*ms) : 1 (event-driven)\n",
        "transmit = 'x += 1; drive_post += W/x'\n",
    ),
}


@pytest.mark.parametrize("kind", SYNAPSES)
def test_synapses_that_do_not_learn_send_as_others_do(kind, tmp_path):
    """With the rule "shallow", the usual control, as in frozen layers."""
    variables, source = SYNAPSES[kind]
    source += "plastic_synapse = '''\n" + variables
    source += "dW = eta*psi_post*third_factor_post : 1\n'''\n"
    neurons = psp("b + drive")
    if kind == "sum":
        neurons = psp("b + drive/(1 + abs(total))").replace(
            "drive : 1", "total : 1\ndrive : 1"
        )
    model = model_of(tmp_path, neurons + source)
    outputs = {}
    for rule in ("fa", "shallow"):
        session = started(model, rule)
        gates = session.learn_nothing
        outputs[rule] = session.run(IMAGES, LABELS, seed=1, gates=gates).output
    assert outputs["fa"].std() > 0
    np.testing.assert_array_equal(outputs["fa"], outputs["shallow"])


@pytest.mark.parametrize(
    "source",
    [
        psp("b + drive + int(t - lastspike < 3*ms)"),
        psp() + "spike = 'h > 0.05 and t - lastspike > 2*ms'\n",
        psp() + "transmit = 'drive_post += W*int(t - lastspike_post > 2*ms)'\n",
    ],
    ids=["equation", "condition", "synapse"],
)
def test_the_last_spike_is_known_without_refractoriness(source, tmp_path):
    if "int(t - lastspike <" in source:
        source += "method = 'euler'\n"
    record = {"layer_1.spikes": True, "layer_1.lastspike": True}
    _, result = trained(model_of(tmp_path, source), record=record)
    spikes, last = result.records["layer_1.spikes"], result.records["layer_1.lastspike"]
    assert len(spikes.t) > 10
    expected = np.full((len(IMAGES) * STEPS, 6), -1e4)
    for t, i in zip(spikes.t, spikes.i, strict=True):
        expected[round(t / 1e-3) :, i] = t
    np.testing.assert_allclose(last.values, expected, atol=1e-9)


def test_a_truth_value_in_an_equation(tmp_path):
    with pytest.raises(ModelError) as caught:
        opened(model_of(tmp_path, psp("b + drive + 5*int(i > 3)")))
    assert "psp_neuron: a truth value, such as int(i > 3)" in str(caught.value)
    assert str(caught.value).isprintable()
    # Both of the ways out that are named.
    marked = psp("b + drive + x").replace(
        "drive : 1", "x = 5*int(i > 3) : 1 (constant over dt)\ndrive : 1"
    )
    _, result = trained(
        model_of(tmp_path, marked + "reset = ''\n"), record={"layer_1.h": True}
    )
    h = result.records["layer_1.h"].values[-1]
    assert h[4:].min() > h[:4].max() + 2
    started(model_of(tmp_path, psp("b + drive + 5*int(i > 3)") + "method = 'euler'\n"))


def test_an_absolute_value_of_what_contains_a_truth_value(tmp_path):
    string = "delta = int(abs(target - phi) > 0.3) : 1"
    with pytest.raises(ModelError, match=r"error_neuron: sympy cannot compare abs"):
        opened(model_of(tmp_path, f"error_neuron = '{string}'\n"), evaluate_once=False)
    line = "d = target - phi : 1 (constant over dt)\ndelta = int(abs(d) > 0.3) : 1"
    started(model_of(tmp_path, f"error_neuron = {line!r}\n"), evaluate_once=False)
