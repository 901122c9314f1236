"""Weights that start at zero have no angle, and train like others."""

import json

import pytest
from brian2 import prefs
from small_task import small_architecture, small_trainer

from spikefa import load_model, open_session
from spikefa.devices import open as devices
from spikefa.figures.spiking import plot_training


@pytest.mark.parametrize("which", ["weight_range", "feedback_range"])
def test_an_undefined_angle_is_none(which, monkeypatch):
    build = devices.build_network

    def build_network(*args, **kwds):
        prefs.codegen.target = "numpy"
        return build(*args, **kwds)

    monkeypatch.setattr(devices, "build_network", build_network)
    model = load_model().replace(**{which: 0, "eta": 0.03})
    architecture = small_architecture(engine="stock")
    with open_session(architecture, model, device="runtime") as session:
        trainer = small_trainer(session)
        trainer.train()
    assert trainer.angles_at_start == [None]
    # Feedback that is zero stays so; the forward weights get a direction.
    undefined = trainer.curve[-1]["feedback_angles"] == [None]
    assert undefined == (which == "feedback_range")
    position = json.loads(json.dumps(trainer.position, allow_nan=False))
    plot_training(
        position["curve"], trainer.traces, position["angles_at_start"], 4, 1.0
    )
