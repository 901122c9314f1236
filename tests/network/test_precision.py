"""Double precision where it is needed: times, and what a model asks for."""

import logging

import numpy as np
import pytest
from brian2 import ms

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import InputError, ModelError
from spikefa.network.architecture import Architecture
from spikefa.network.precision import double_variables
from spikefa.network.slow_decay import lost_in_single

SLOW = "\ndtheta/dt = -theta/(1e7*ms) : 1"


def slow_model(**changes):
    base = load_model()
    return base.replace(psp_neuron=base["psp_neuron"] + SLOW, **changes)


def decay_of_theta(model, n_steps=1000, device="cpp", **choices):
    """Let theta decay from 1; return how much it loses, and its type."""
    architecture = Architecture(
        (4, 5, 4), n_classes=2, steps_per_image=5, chunk_images=1000, **choices
    )
    n_images = n_steps // 5
    with open_session(architecture, model, device=device) as session:
        session.set_state({"layer_1.theta": np.ones(5)})
        shown = np.zeros((n_images, 4)), np.zeros(n_images)
        session.run(*shown, seed=1, gates=session.learn_nothing)
        theta = session.get_state(["layer_1.theta"])["layer_1.theta"]
    return 1 - float(theta[0]), theta.dtype


@pytest.mark.compiles
@pytest.mark.long
def test_a_slow_decay_in_double_is_exact_in_the_program():
    model = slow_model(precision={"theta": "double"})
    lost, dtype = decay_of_theta(model)
    assert dtype == np.float64
    assert lost == pytest.approx(1 - np.exp(-1e-4), rel=1e-6)


def test_all_variables_in_double():
    choices = dict(device="numpy", engine="stock")
    lost, dtype = decay_of_theta(slow_model(), precision="double", **choices)
    assert dtype == np.float64
    assert lost == pytest.approx(1 - np.exp(-1e-4), rel=1e-6)
    # The test would see single precision.
    lost, dtype = decay_of_theta(slow_model(), **choices)
    assert dtype == np.float32
    assert lost != pytest.approx(1 - np.exp(-1e-4), rel=1e-2)


def test_slow_decays_are_warned_of_by_name(caplog):
    with caplog.at_level(logging.WARNING, "spikefa"):
        decay_of_theta(slow_model(), 5, "numpy", engine="stock")
    (record,) = [r for r in caplog.records if r.name == "spikefa"]
    message = record.getMessage()
    assert "psp_neuron: theta changes by 1e-07 of itself" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"psp_neuron": "dx/dt = -x/tau_slow : 1", "tau_slow": 1e8 * ms}, ["x"]),
        ({"psp_neuron": "dx/dt = (5 - x)/tau_m : 1"}, []),
        ({"psp_neuron": "dx/dt = -x/(1e5*ms) : 1"}, []),
        ({"reset": "x *= 0.9999999"}, ["x"]),
        ({"reset": "x = x - 1e-7*x; y += 0.1"}, ["x"]),
        ({"transmit": "y_post *= exp(-dt/(1e8*ms))"}, ["y"]),
        ({"reset": "x *= 0.9999999", "precision": {"x": "double"}}, []),
    ],
)
def test_what_single_precision_does_not_hold(changes, names):
    lines = lost_in_single(load_model().replace(**changes))
    assert [line.split(": ")[2].split()[0] for line in lines] == names


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, set()),
        ({"reset": "t_last = t"}, {"t_last"}),
        ({"reset": "a = t; b2 = a + 2*ms; c = exp(-a/ms)"}, {"a", "b2"}),
        ({"transmit": "arrived = t; seen_post = t_in_timesteps"}, {"arrived", "seen"}),
        ({"transfer": "phi = sin(2*pi*t/ms) : 1"}, set()),
        ({"transfer": "phase = 2*pi*t/ms : 1"}, {"phase"}),
        ({"reset": "x = int(t - lastspike > 5*ms)"}, set()),
        ({"reset": "x = (t > 5*ms)"}, set()),
        ({"reset": "t_last = t", "precision": {"t_last": "single"}}, set()),
    ],
)
def test_times_are_found(changes, names):
    found = double_variables(load_model().replace(**changes))
    assert found == names


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        ({"thet": "double"}, "'thet' is no floating-point variable"),
        ({"theta": "quadruple"}, "must be 'single' or 'double' for theta"),
        ("double", "must be a dict"),
    ],
)
def test_precisions_that_make_no_sense_are_refused(precision, message):
    model = slow_model(precision=precision)
    with pytest.raises(ModelError, match=message):
        open_session(Architecture((4, 5, 4), n_classes=2), model)
    with pytest.raises(InputError, match="unknown precision 'half'"):
        Architecture((4, 4), n_classes=2, precision="half")
