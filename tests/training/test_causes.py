"""What a run that diverges says: the cause that was found, not a guess."""

import numpy as np
import pytest
from brian2 import prefs
from small_task import small_architecture, small_trainer

from spikefa import NumericalGuard, load_model, open_session
from spikefa.devices import open as devices
from spikefa.training.guards import NumericalError

IZHIKEVICH = """
from brian2 import ms
dt = 0.5*ms
psp_neuron = '''
dh/dt = (0.04*h**2 + 5*h + 140 - u + 20*(b + drive))/ms : 1
du/dt = 0.02*(0.2*h - u)/ms : 1
drive : 1
b : 1
'''
spike = "h >= 30"
reset = "h = -65; u += 8"
"""


@pytest.fixture
def diverging(monkeypatch, tmp_path):
    """Train with a model file until it is stopped; return what was said."""
    build = devices.build_network

    def build_network(*args, **kwds):
        prefs.codegen.target = "numpy"
        return build(*args, **kwds)

    monkeypatch.setattr(devices, "build_network", build_network)

    def run(source, **parameters):
        path = tmp_path / "my_model.py"
        path.write_text(source)
        model = load_model(path).replace(**parameters)
        architecture = small_architecture(engine="stock")
        with (
            open_session(architecture, model, device="numpy") as session,
            pytest.raises(NumericalError) as caught,
            np.errstate(all="ignore"),
        ):
            small_trainer(session).train([NumericalGuard(print)])
        return str(caught.value)

    return run


def test_output_neurons_without_a_reset_are_the_cause_whatever_eta(diverging):
    for eta in (0.0, 0.1):
        text = diverging(IZHIKEVICH, eta=eta)
        assert "the output neurons of layer 2 have no reset" in text
        assert "without learning too" in text
        assert "eta" not in text


def test_neurons_without_any_reset(diverging):
    source = (
        "psp_neuron = 'dh/dt = (1 + b + drive + 3*h)/tau_m : 1\\ndrive : 1\\nb : 1'"
    )
    text = diverging(source)
    assert "the equations in psp_neuron run away without resets, with method" in text


def test_a_learning_rate_that_is_too_large_is_found_to_be(diverging):
    text = diverging("eta = 1e6")
    assert text.endswith("without learning it does not: eta = 1000000.0 is too large")
