"""Weights that start at zero have no angle, and train like others."""

import json

import pytest
from small_task import small_architecture, small_trainer

from spikefa import load_model, open_session
from spikefa.figures.spiking import plot_training
from spikefa.training.callbacks import FeedbackAngles


@pytest.mark.parametrize("which", ["weight_range", "feedback_range"])
def test_an_undefined_angle_is_none(which):
    model = load_model().replace(**{which: 0, "eta": 0.03})
    architecture = small_architecture(engine="stock")
    with open_session(architecture, model, device="numpy") as session:
        trainer = small_trainer(session)
        trainer.train([FeedbackAngles()])
    curve = trainer.curve
    assert curve.at_start.feedback_angles == [None]
    # Feedback that is zero stays so; the forward weights get a direction.
    undefined = curve[-1].feedback_angles == [None]
    assert undefined == (which == "feedback_range")
    json.dumps(trainer.position, allow_nan=False)
    plot_training(curve, trainer.records, {}, images=4, steps=4, dt_ms=1.0)
