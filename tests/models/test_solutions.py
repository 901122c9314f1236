"""Equations whose solution in symbols divides by 0 are refused; others are right."""

import numpy as np
import pytest
from scipy.linalg import expm

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ModelError
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model

SIZES = Architecture((3, 4, 2), n_classes=2, chunk_images=4, engine="stock")
CASCADE = """
from brian2 import ms, log
psp_neuron = '''
dh/dt = (b + drive - h)/tau_h : 1
dv/dt = (h - v)/tau_v : 1
drive : 1
b : 1
'''
tau_h = 2*ms
"""
LEAK = """
from brian2 import ms
psp_neuron = '''
dh/dt = (b + drive - {}*h)/(2*ms) : 1
{}
drive : 1
b : 1
'''
"""


def load(folder, text):
    path = folder / "my_model.py"
    path.write_text(text)
    return load_model(path)


def check(folder, text, rule="fa"):
    check_model(SIZES, load(folder, text), get_rule(rule))


ONE = CASCADE + "tau_v = 2*ms\n"
SYNAPSE = """
from brian2 import ms
plastic_synapse = '''
W : 1
delig/dt = (arrived - elig)/(2*ms) : 1 ({0})
darrived/dt = -arrived/{1} : 1 ({0})
dW = eta*elig*third_factor_post : 1
'''
transmit = "drive_post += W; arrived += 1"
"""
REFUSED = {
    "the same time constant": (ONE, "'tau_h - tau_v', which is about 0"),
    "but for the last digits": (
        CASCADE + "tau_v = 2*(1 + 1e-9)*ms\n",
        "'tau_h - tau_v', which is about 0",
    ),
    "computed to be the same": (
        CASCADE + "tau_v = -3*ms/log(1 - 0.7768698398515702)\n",
        "'tau_h - tau_v', which is about 0",
    ),
    "in one layer": (
        ONE.replace("psp_neuron", "layer_1_neuron"),
        "layer_1_neuron: the solution of dv/dt",
    ),
    "a leak that may be 0": (LEAK.format("g", "g : 1"), "'g', which can be 0"),
    "a leak in some steps": (
        LEAK.format("g", "g = int(new_image) : 1 (constant over dt)"),
        "'g', which can be 0",
    ),
    "a leak in all steps of tests": (
        LEAK.format("(1 - g)", "g = int(not training) : 1 (constant over dt)"),
        "can be 0",
    ),
    "the same time constant but for refractory neurons": (
        ONE.replace("/tau_h : 1", "/tau_h : 1 (unless refractory)")
        + "refractory = 3*ms\n",
        "int(not_refractory)",
    ),
    "no leak where a neuron is refractory": (
        LEAK.format("1", "")
        .replace("drive -", "drive + sin(t/(7*ms)) -")
        .replace("(2*ms) : 1", "(2*ms) : 1 (unless refractory)")
        + "method = 'exponential_euler'\nrefractory = 3*ms\n",
        "'int(not_refractory)', which can be 0",
    ),
    "deltas": (
        "from brian2 import ms\ntau_x = tau_y = 3*ms\ndelta_neuron = '''"
        "ddelta/dt = (x - delta)/tau_x : 1\ndx/dt = (feedback - x)/tau_y : 1'''\n",
        "delta_method = 'rk4'",
    ),
    "a leak in the last step": (
        LEAK.format("g", "g = int(step_of_image < 4) : 1 (constant over dt)"),
        "'g', which can be 0",
    ),
    "synapses": (
        SYNAPSE.format("clock-driven", "tau_arrived") + "tau_arrived = 2*ms\n",
        "the solution of delig/dt divides by",
    ),
    "synapses that spikes bring up to date": (
        SYNAPSE.format("event-driven", "tau_arrived") + "tau_arrived = 2*ms\n",
        "the solution of delig/dt divides by",
    ),
}


@pytest.mark.parametrize(("text", "named"), REFUSED.values(), ids=REFUSED)
def test_what_divides_by_nothing_is_refused(text, named, tmp_path):
    with pytest.raises(ModelError) as refusal:
        check(tmp_path, text)
    (line,) = str(refusal.value).splitlines()
    assert "my_model.py: " in line
    assert named in line


TAKEN = {
    "another method": ONE + "method = 'rk4'\n",
    "refractory neurons": LEAK.format("1", "").replace(
        "(2*ms) : 1", "(2*ms) : 1 (unless refractory)"
    )
    + "refractory = 3*ms\n",
    "another time constant": CASCADE + "tau_v = 3*ms\n",
    "conductances beside a leak": LEAK.format("(1 + g)", "g : 1"),
    "a leak with a value": LEAK.format("g", "g : 1") + "initial = {'g': 0.5}\n",
    "a leak that each image sets": LEAK.format("g", "g : 1") + "on_image = 'g = 2'\n",
    "a time constant of each neuron": LEAK.format("1", "").replace(
        "/(2*ms) : 1", "/tau_i : 1\ntau_i : second"
    )
    + "initial = {'tau_i': '(1 + i)*ms'}\n",
    "one of two leaks": LEAK.format("g", "g = 1 + int(new_image) : 1"),
    "synapses": SYNAPSE.format("clock-driven", "tau_arrived") + "tau_arrived = 3*ms\n",
}


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN)
def test_what_has_a_value_is_taken(text, tmp_path):
    check(tmp_path, text)


@pytest.mark.parametrize("tau_v", [2.01, 3.0])
def test_two_time_constants_are_solved_exactly(tau_v, tmp_path):
    model = load(tmp_path, CASCADE + f"tau_v = {tau_v}*ms\nspike = 'False'\n")
    session = open_session(SIZES, model, device="numpy")
    state = session.get_state()
    state["layer_1.b"][:] = bias = np.array([1, -0.5, 0.3, 2])
    state["layer_1.h"][:] = state["layer_1.v"][:] = 0
    state["forward_1.W"][:] = 0
    session.set_state(state)
    session.run(np.zeros((2, 3)), np.zeros(2, int), gates=session.learn_nothing, seed=1)
    duration = session.step * float(model["dt"]) * 1000  # ms
    rates = np.array([[-1 / 2, 0], [1 / tau_v, -1 / tau_v]])
    h, v = bias - expm(rates * duration) @ np.ones((2, 1)) * bias
    found = session.get_state()
    np.testing.assert_allclose(found["layer_1.h"], h, rtol=1e-5)
    np.testing.assert_allclose(found["layer_1.v"], v, rtol=3e-4)
