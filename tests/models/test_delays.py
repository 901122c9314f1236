"""Delays of spikes and of feedback."""

import logging

import brian2
import numpy as np
import pytest
from brian2 import ms
from small_models import IMAGES, LABELS, PSP, STEPS, model_of, opened, started

from spikefa import Architecture, load_model, open_session, set_initial_state
from spikefa.brian import kept_globals
from spikefa.equations.check_names import check_on_cuda
from spikefa.equations.parameters import replace_parameters
from spikefa.errors import SpikefaError

COUNTING = (
    PSP.format("b + drive").replace("drive : 1", "drive : 1\nheard : 1")
    + '''
plastic_synapse = """
W : 1
n : 1
posts : 1
"""
transmit = "drive_post += W; heard_post += 1"
learn = "n += 1"
learn_post = "posts += 1"
lateral_synapse = "m : 1"
lateral_transmit = "m += 1"
skip_synapse = "m : 1"
skip_transmit = "m += 1"
skip_learn = "m += 100"
'''
)


def counts(record, size):
    """Spikes in each step, (n_steps, n)."""
    found = np.zeros((12 * STEPS, size))
    np.add.at(found, (np.rint(record.t / 1e-3).astype(int), record.i), 1)
    return found


def arrived(record, size, steps):
    """How many spikes of each neuron have arrived at the end."""
    return counts(record, size)[: 12 * STEPS - steps].sum(axis=0)


@pytest.mark.parametrize(
    ("text", "steps", "engine"),
    [
        ("delay = 1*ms", (1, 1, 1), "dense"),
        ("delay = '3*dt'\nlayer_2_delay = 0*ms", (3, 0, 3), "stock"),
        ("layer_2_delay = 31*ms\noutput_delay = 1.6*ms", (0, 31, 2), "stock"),
    ],
    ids=["all", "but one", "rounded"],
)
def test_spikes_arrive_later(text, steps, engine, tmp_path):
    text = COUNTING + text + "\nlayer_1_lateral_delay = 2*ms\nskip_delay = 35*ms"
    record = {"layer_1.heard": True} | {f"layer_{n}.spikes": True for n in range(3)}
    session = started(model_of(tmp_path, text), engine=engine, record=record)
    records = session.run(IMAGES, LABELS, seed=1).records
    state, sizes = session.get_state(), (8, 6, 5)
    spikes = [records[f"layer_{layer}.spikes"] for layer in range(3)]
    for layer, (d, size) in enumerate(zip(steps, sizes, strict=True), start=1):
        sent = arrived(spikes[layer - 1], size, d)
        assert sent.any()
        n = state[f"forward_{layer}.n"]
        np.testing.assert_array_equal(n, np.broadcast_to(sent, n.T.shape).T)
        if layer < 3:  # nobody waits for the spikes of the neuron itself
            posts = state[f"forward_{layer}.posts"]
            own = arrived(spikes[layer], sizes[layer], 0)
            np.testing.assert_array_equal(posts, np.broadcast_to(own, posts.shape))
    at_once = np.cumsum(counts(spikes[0], 8).sum(axis=1))
    heard = np.concatenate([np.zeros(steps[0]), at_once])[: len(at_once)]
    np.testing.assert_array_equal(records["layer_1.heard"].values[:, 0], heard)
    for name, layer, factor, d in (
        ("lateral_1", 1, 1, 2),
        ("lateral_2", 2, 1, 0),
        ("skip_2", 0, 101, 35),
        ("skip_3", 1, 101, 35),
    ):
        m, sent = state[f"{name}.m"], arrived(spikes[layer], sizes[layer], d)
        np.testing.assert_array_equal(m, factor * np.broadcast_to(sent, m.T.shape).T)


def test_synapses_do_what_those_of_brian_do(tmp_path):
    """With the queues of `Synapses`, a delay for each pathway."""
    equations = "W : 1\ndapre/dt = -apre/(5*ms) : 1 (event-driven)"
    transmit = "drive_post += W; heard_post += W*(1 + apre)"
    learn = "apre += 0.1; W = clip(W + 0.01*apre + 0.001*v_pre, -1, 1)"  # v of now
    text = PSP.format("b + drive").replace("drive : 1", "drive : 1\nheard : 1")
    text += f"plastic_synapse = '''{equations}'''\ntransmit = '{transmit}'\n"
    text += "learn = 'apre += 0.1'\ndelay = 3*ms\ndecay = ''\n"
    text += f"layer_1_learn = '{learn}'\nlearn_bias = 'b += 0*psi'\n"
    text += (
        "input_neuron = '''pixel = images(t, i) : 1\nphi = pixel : 1\nv = t/ms : 1'''"
    )
    record = {"layer_0.spikes": True}
    model = model_of(tmp_path, text)
    session = started(model, engine="dense", precision="double", record=record)
    weights = session.get_state(["forward_1.W"])["forward_1.W"]
    sent = session.run(IMAGES, LABELS, seed=1).records["layer_0.spikes"]
    state = session.get_state()

    with kept_globals():
        brian2.prefs.codegen.target = "numpy"
        source = brian2.NeuronGroup(
            8, "v = t/ms : 1\nnow : boolean", threshold="now", reset="now = False"
        )
        spikes = counts(sent, 8)
        table = brian2.TimedArray(spikes, dt=1 * ms)
        source.run_regularly("now = spikes(t, i) > 0", when="before_thresholds")
        target = brian2.NeuronGroup(6, "drive : 1\nheard : 1")
        synapses = brian2.Synapses(
            source,
            target,
            equations,
            on_pre={"transmit": transmit, "learn": learn},
            delay={"transmit": 3 * ms, "learn": 3 * ms},
        )
        synapses.connect()
        synapses.learn.order = 1
        synapses.W = weights.ravel()
        net = brian2.Network(source, target, synapses)
        brian2.defaultclock.dt = 1 * ms
        net.run(12 * STEPS * ms, namespace={"spikes": table})
    np.testing.assert_allclose(state["forward_1.W"].ravel(), synapses.W[:], rtol=1e-12)
    np.testing.assert_allclose(state["layer_1.heard"], target.heard[:], rtol=1e-12)
    assert np.abs(state["forward_1.W"] - weights).max() > 0.05


@pytest.mark.parametrize(
    ("rule", "rate"), [("fa", False), ("dfa", True), ("bp", True), ("kp", False)]
)
def test_feedback_arrives_later(rule, rate, tmp_path):
    path, found = tmp_path / "model.py", {}
    for name, text in {
        "at once": "eta = 1e-3",
        "later": "from brian2 import *\nfeedback_delay = 4*ms\n"
        "layer_2_feedback_delay = '2*dt'",
    }.items():
        path.write_text(text)
        model = load_model(path, rate=rate).replace(weight_range=1.0)
        owner = "layer" if rule in ("bp", "sign", "kp") else "delta"
        how = {"n_classes": 2, "chunk_images": 8, "engine": "stock"}
        architecture = Architecture((8, 6, 5, 4), steps_per_image=STEPS, **how)
        record = {f"{owner}_{n}.feedback": True for n in (1, 2)}
        record["delta_1.delta"] = True
        session = open_session(architecture, model, rule, device="numpy", record=record)
        set_initial_state(session, 1)
        only_errors = [True, False, False, False]
        result = session.run(IMAGES[:8], LABELS[:8] % 2, seed=1, gates=only_errors)
        found[name] = {n: r.values for n, r in result.records.items()}
    name = f"{owner}_2.feedback"
    before, after = (found[which][name] for which in ("at once", "later"))
    assert np.abs(before).max() > 0.01
    np.testing.assert_array_equal(after[2:], before[:-2])
    assert not after[:2].any()
    first = found["later"][f"{owner}_1.feedback"]
    assert not first[:4].any()
    assert first[-5:].any()


TEXT = (
    PSP.format("b + drive")
    + "delay = 2*ms\noutput_delay = 4*ms\nfeedback_delay = 3*ms\neta = 0.1\n"
    "learn = 'W = clip(W + dW, -1, 1)'\nlateral_transmit = 'h_post -= 0.1'\n"
    "lateral_delay = 1*ms\n"
)


@pytest.mark.parametrize(
    "engine", ["stock", pytest.param("dense", marks=pytest.mark.long)]
)
def test_what_is_on_its_way_arrives_in_the_next_run(engine, tmp_path):
    """Runs of any length, tests between them, a state that is taken elsewhere."""
    model = model_of(tmp_path, TEXT)
    parts, other = (started(model, engine=engine) for _ in range(2))
    other.run(IMAGES, LABELS, seed=1)
    expected = other.get_state()
    for start, stop in ((0, 1), (1, 5), (5, 9)):
        parts.run(IMAGES[start:stop], LABELS[start:stop], seed=1)
        with parts.evaluating():
            parts.run(1 - IMAGES[:4], LABELS[:4], seed=1, gates=parts.learn_nothing)
        parts.run(IMAGES[:2], LABELS[:2], seed=1, keep_state=False)
    state = parts.get_state()
    assert state["layer_0.past_spikes_0"].any()
    assert state["delta_1.past_feedback_3"].any()
    other.set_state(state)
    other.step = parts.step
    other.run(IMAGES[9:], LABELS[9:], seed=1)
    found = other.get_state()
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_a_run_starts_with_nothing_on_its_way(tmp_path):
    session = started(model_of(tmp_path, TEXT))
    session.run(IMAGES, LABELS, seed=1)
    set_initial_state(session, 1)
    past = {n: v for n, v in session.get_state().items() if ".past_" in n}
    assert len(past) == 9
    assert not any(value.any() for value in past.values())


@pytest.mark.parametrize(
    ("line", "rule", "reason"),
    [
        (
            "delay = 2",
            "fa",
            "delay: must be a time of 0 or more, such as 2\\*ms, got 2",
        ),
        ("delay = -1*ms", "fa", "delay: must be a time of 0 or more"),
        ("delay = 2*mV", "fa", "delay: must be a time of 0 or more"),
        ("delay = [1, 2]*ms", "fa", "delay: must be a single number"),
        (
            "output_delay = 'passes(t)*ms'",
            "fa",
            "output_delay: cannot change with time",
        ),
        ("delay = TimedArray([1, 2]*ms, dt=1*ms)", "fa", "delay: must be a number"),
        ("delay = '2*tau_x'", "fa", "delay: must be a number, got '2\\*tau_x'"),
        ("delay = 1*second", "fa", "a delay of 1000 time steps, 300 is the most"),
        ("layer_9_delay = 2*ms", "fa", "there is no layer 9"),
        ("output_feedback_delay = 2*ms", "fa", "no feedback ends in the output layer"),
        (
            "feedback_delay = 2*ms",
            "shallow",
            "shallow.* delivers no feedback to layer 1",
        ),
        ("layer_2_dely = 2*ms", "fa", "did you mean 'layer_2_delay'"),
        ("axonal_delay = 2*ms", "fa", "did you mean 'delay'"),
    ],
)
def test_mistakes_are_named(line, rule, reason, tmp_path):
    with pytest.raises(SpikefaError, match=reason):
        opened(model_of(tmp_path, PSP.format("b + drive") + line), rule)


@pytest.mark.parametrize("rule", ["fa", "node"])
def test_rates_have_no_delay_of_spikes(rule, tmp_path):
    path = tmp_path / "model.py"
    path.write_text("from brian2 import ms\ndelay = 2*ms")
    architecture = Architecture((3, 2, 2), n_classes=2, steps_per_image=1)
    with pytest.raises(SpikefaError, match="delay: .*for spiking networks only"):
        open_session(architecture, load_model(path, rate=True), rule, device="numpy")
    path.write_text("from brian2 import ms\nfeedback_delay = 2*ms")
    if rule == "node":
        with pytest.raises(SpikefaError, match="delivers no feedback to layer 1"):
            open_session(architecture, load_model(path, rate=True), rule)


def test_there_is_no_code_on_cuda(tmp_path):
    for line in ("delay = 2*ms", "output_delay = 2*ms", "feedback_delay = 1*ms"):
        with pytest.raises(
            SpikefaError, match="delay: there is no code for it on CUDA"
        ):
            check_on_cuda(model_of(tmp_path, PSP.format("b + drive") + line))


def test_delays_that_change_nothing_or_are_rounded_are_named(tmp_path, caplog):
    text = PSP.format("b + drive") + "skip_delay = 2*ms\ndelay = 1.4*ms\n"
    text += "output_delay = 0.3*ms\nlayer_2_delay = 2*ms\n"
    with caplog.at_level(logging.WARNING, "spikefa"):
        opened(model_of(tmp_path, text))
    said = "\n".join(caplog.messages)
    assert "skip_delay: has no effect" in said
    assert "my_model.py: delay: 1.4 ms is rounded to 1. ms (dt is 1. ms)" in said
    assert "output_delay: 300. us is rounded to 0. s" in said
    assert "layer_2_delay" not in said


def test_delays_are_set_on_the_command_line(tmp_path):
    given = {"delay": "2*ms", "layer_2_delay": "1*ms", "feedback_delay": "3*ms"}
    session = opened(replace_parameters(model_of(tmp_path, PSP.format("b")), given))
    assert {"layer_0.past_spikes_0", "delta_1.past_feedback_3"} <= set(session.shapes)
    model = model_of(
        tmp_path, PSP.format("b") + "delay = 2*ms\nhalf = 1*ms\noutput_delay = '2*half'"
    )
    session = opened(replace_parameters(model, {"delay": "0*ms", "half": "1.5*ms"}))
    assert "layer_0.past_spikes_0" not in session.shapes
    assert session.network.layers[2].events["spike_3_ago"]
    for text in ("2", "-1*ms", "2*mV"):
        with pytest.raises(SpikefaError, match="delay"):
            replace_parameters(load_model(), {"delay": text})
