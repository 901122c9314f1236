"""Networks do what the literal reading of their strings says; and it would be seen."""

import numpy as np
import pytest

from . import network
from .expressions import CONSTANTS, FUNCTIONS, evaluate
from .integration import step
from .judge import Case, judge

STRONG = "eta = 0.1\nweight_range = 1.0\nfeedback_range = 1.0\ngamma = 0.01\n"

#: Neurons that integrate and fire, with all that goes with it.
FIRING = (
    STRONG
    + """
from brian2 import ms
tau_m = 2*ms
psp_neuron = '''
dh/dt = (b + drive - h - 0.3*a)/tau_m : 1 (unless refractory)
da/dt = -a/(7*ms) : 1
drive : 1
b : 1
'''
spike = "h > 0.2"
reset = "h = 0; a += 0.2*rand()"
refractory = 1*ms
initial = {"a": "0.1*i", "layer_2": {"h": 0.3}}
"""
)
SIZES = dict(layer_sizes=(5, 4, 3, 4), n_classes=2, chunk_images=4, engine="stock")
SIZES |= dict(steps_per_image=3, precision="double")
PLAN = [("run", 4), ("test", 2, 3), ("run", 1), ("set_state",), ("run", 3)]
PLAN += [("resume",), ("run", 2)]


@pytest.mark.parametrize(
    ("text", "rule", "options"),
    [
        (STRONG, "fa", {}),
        pytest.param(FIRING, "kp", {}, marks=pytest.mark.long),
        pytest.param(FIRING, "fa", {"sparse": True}, marks=pytest.mark.long),
    ],
    ids=["built-in", "firing", "removed"],
)
def test_spiking_networks_do_what_their_strings_say(text, rule, options, tmp_path):
    removed = 0.4 if "sparse" in options else 0
    case = Case(text, rule, False, SIZES | options, removed, PLAN)
    assert judge(case, tmp_path) is None


@pytest.mark.compiles
@pytest.mark.long
def test_plasticity_that_waits_twice_does_what_its_strings_say(tmp_path):
    """For delayed spikes, and until the dense engine writes it down."""
    text = FIRING.replace("0.2*rand()", "0.2")
    text += "input_spike = 'phi > 0.4'\ndelay = 2*ms\noutput_delay = 4*ms\n"
    text += "feedback_delay = 1*ms\n"
    case = Case(text, "fa", False, SIZES | {"engine": "dense"}, 0, PLAN)
    assert judge(case, tmp_path, device="cpp") is None


def test_rate_networks_do_what_their_strings_say(tmp_path):
    rates = {"steps_per_image": 1, "vector_target": True}
    rates["transfers"] = ("hyperbolic", "logistic", "linear")
    assert judge(Case(STRONG, "node", True, SIZES | rates, 0, PLAN), tmp_path) is None


def test_a_layer_decays_before_the_next_one_learns(tmp_path):
    """What layer 2 learns depends on biases that have decayed."""
    text = (
        STRONG
        + """
input_neuron = "phi = images(t, i) : 1\\nb : 1"
learn = "W += dW*(1 + b_pre)"
decay_bias = "b *= 0.5"
"""
    )
    case = Case(text, "fa", False, SIZES | {"layer_sizes": (4, 3, 2)}, 0, [("run", 4)])
    assert judge(case, tmp_path) is None


def test_what_is_shown_does_not_change_within_a_step(tmp_path):
    """Stages half a step ahead see the same image, label and step of the image."""
    neuron = "dh/dt = (b + drive + late + images(t, i) - h)/tau_m : 1; drive : 1; b : 1"
    neuron = (neuron + "; late = 0.3*step_of_image : 1").replace("; ", "\\n")
    text = f"{STRONG}psp_neuron = '{neuron}'\nmethod = delta_method = 'rk4'\n"
    text += "error_neuron = 'ddelta/dt = (target - phi - delta)/tau_m : 1'\n"
    sizes = {"layer_sizes": (4, 3, 4), "evaluate_once": False}
    assert judge(Case(text, "fa", False, SIZES | sizes, 0, PLAN), tmp_path) is None


def test_groups_do_not_share_what_brian_notes_in_equations(tmp_path):
    """A formula of two groups that a differential equation of one is made of."""
    string = "ddelta/dt = (feedback - delta - 0.2*third_factor)/(2*ms) : 1"
    text = f"{STRONG}delta_neuron = '{string}'\n"
    text += "third_factor = 'third_factor = delta : 1'\n"
    case = Case(text, "fa", False, SIZES | {"layer_sizes": (4, 3, 2)}, 0, [("run", 2)])
    assert judge(case, tmp_path) is None


def test_a_difference_is_seen(tmp_path):
    """A thousandth of a third factor, in one layer."""
    case = Case(STRONG, "dfa", False, SIZES, 0, PLAN)
    text = "third_factor = tanh(delta)*1.001 : 1"
    string = network.Network.string

    def other(self, base, layer):
        return (
            text if (base, layer) == ("third_factor", 2) else string(self, base, layer)
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network.Network, "string", other)
        with pytest.raises(AssertionError):
            judge(case, tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2*ms + 3*us", 0.002003),
        ("int(-1.5) + 7 % 4 - (-7) // 2", 6),
        ("x > 0 and not x > 2 or x == 5", [False, True, False, True]),
        ("clip(x, 0, 1)**2/2", [0, 0.5, 0.5, 0.5]),
        ("exprel(0*x)", 1),
    ],
)
def test_expressions(text, value):
    names = {"x": np.array([-1.0, 1.0, 3.0, 5.0])}
    found = evaluate(text, (CONSTANTS | FUNCTIONS | names).__getitem__)
    np.testing.assert_allclose(np.asarray(found, float), value)


def test_closed_form_is_that_of_two_coupled_equations():
    """An oscillator: x'' = -x, sampled after a tenth of a radian."""

    def rates(x, t, xi):
        return {"x": x["y"], "y": -x["x"]}

    x = {"x": np.array([1.0, 0.0]), "y": np.array([0.0, 1.0])}
    x = step("exact", rates, x, 0.0, 0.1, None)
    np.testing.assert_allclose(x["x"], [np.cos(0.1), np.sin(0.1)], rtol=1e-13)


@pytest.mark.parametrize(
    ("method", "order"), [("euler", 1), ("heun", 1), ("rk2", 2), ("rk4", 4)]
)
def test_methods_are_of_their_order(method, order):
    def rates(x, t, xi):
        return {"x": -(x["x"] ** 2)}

    def error(n):
        x = {"x": np.ones(1)}
        for _ in range(n):
            x = step(method, rates, x, 0.0, 1 / n, None)
        return abs(x["x"][0] - 0.5)

    assert np.log2(error(20) / error(40)) == pytest.approx(order, abs=0.2)
