"""Delta angles in the learning curve, measured without a trace in the training."""

import json
from dataclasses import replace

import pytest
from small_task import fingerprint, small_architecture, small_trainer

from spikefa import load_model, open_session
from spikefa.analysis import LearningCurve
from spikefa.figures.spiking import plot_training
from spikefa.training.callbacks import DeltaAngles
from spikefa.training.comparison import Comparison

MEASURES = ("delta_angles", "teaching_percent", "teaching_cosines")


def trained(callbacks=(), rule="fa", model=None):
    """Train a small network for a pass."""
    architecture = small_architecture(engine="stock")
    session = open_session(architecture, model or load_model(), rule, device="numpy")
    trainer = small_trainer(session, epochs=1, evaluate_every=20)
    trainer.train([make(session) for make in callbacks])
    return trainer


def delta_angles(n_images=9):
    """Make the callback of a session."""
    return lambda session: DeltaAngles(
        Comparison(session.network, n_images, steps=4), n_images
    )


@pytest.fixture(scope="module")
def measured():
    """A trainer that has trained and measured."""
    return trained([delta_angles()])


def test_training_goes_on_as_if_nothing_had_been_compared(measured):
    plain = trained()
    assert fingerprint(plain.session) == fingerprint(measured.session)
    empty = {name: [] for name in MEASURES}
    without = [replace(p, ms_per_step=0, **empty) for p in measured.curve]
    assert without == [replace(p, ms_per_step=0) for p in plain.curve]


def test_the_learning_curve_has_them_at_the_start_and_at_evaluations(measured):
    trainer = measured
    for name in MEASURES:
        seen, found = trainer.curve.of_layers(name)
        assert seen == [0, *trainer.curve.tested.column("images_seen")]
        assert all(len(of_layers) == 1 for of_layers in found)
    again = LearningCurve.from_json(
        json.loads(json.dumps(trainer.curve.to_json(), allow_nan=False)),
        trainer.curve.at_start.to_json(),
    )
    assert list(again) == list(trainer.curve)
    assert again.at_start == trainer.curve.at_start


def test_what_is_measured_follows_from_the_state_alone(measured):
    """Not from what was measured before: a resumed run has the same curve."""
    fresh = small_trainer(measured.session, epochs=1, evaluate_every=20)
    fresh.position = measured.position
    for name in MEASURES:
        setattr(fresh.curve[-1], name, [])
    delta_angles()(measured.session).on_evaluation(fresh, measured.evaluation)
    assert fresh.curve[-1] == measured.curve[-1]
    assert fresh.curve[-1].delta_angles


def test_feedback_that_is_zero_has_no_angle():
    trainer = trained([delta_angles()], model=load_model().replace(feedback_range=0))
    for name in MEASURES:
        assert getattr(trainer.curve[-1], name) == [None]
    json.dumps(trainer.position, allow_nan=False)
    plot_training(trainer.curve, trainer.records, {}, images=4, steps=4, dt_ms=1.0)
