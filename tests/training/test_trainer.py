"""The loop over chunks: determinism, learning curve, interruptions."""

from dataclasses import replace

import numpy as np
import pytest
from small_task import (
    StopAt,
    fingerprint,
    small_architecture,
    small_dataset,
    small_trainer,
)

from spikefa import Dataset, RunInterrupted
from spikefa.errors import InputError
from spikefa.training.callbacks import FeedbackAngles


def test_same_seed_same_result(session):
    results = []
    for seed in (5, 6, 5):
        trainer = small_trainer(session, seed=seed)
        trainer.train()
        errors = trainer.curve.column("online_error_percent")
        results.append((fingerprint(session), errors, trainer.evaluation.error_percent))
    assert results[0] == results[2]
    assert results[0][0] != results[1][0]


def test_the_network_learns(session):
    trainer = small_trainer(session, epochs=20)
    trainer.train()
    assert trainer.evaluation.error_percent < 20


def test_learning_curve(session):
    trainer = small_trainer(session, evaluate_every=20)
    trainer.train()
    seen = trainer.curve.column("images_seen")
    assert seen == [10, 20, 30, 40, 47, 57, 67, 77, 87, 94]
    tested = trainer.curve.tested.column("images_seen")
    assert tested == [20, 40, 67, 87, 94]
    errors = trainer.curve.column("online_error_percent")
    assert all(0 <= error <= 100 for error in errors)
    assert trainer.ms_per_step > 0


def test_angles_start_at_ninety_degrees(session):
    trainer = small_trainer(session)
    trainer.train([FeedbackAngles()])
    curve = trainer.curve
    assert len(curve.at_start.feedback_angles) == len(curve[0].feedback_angles) == 1
    assert all(60 < angle < 120 for angle in curve.at_start.feedback_angles)
    assert curve.at_start.feedback_angles != curve[0].feedback_angles
    assert curve.of_layers("feedback_angles")[0] == [0, *curve.column("images_seen")]
    resumed = small_trainer(session)
    resumed.position = trainer.position
    assert resumed.curve.at_start.feedback_angles == curve.at_start.feedback_angles
    assert list(resumed.curve) == list(curve)


@pytest.mark.parametrize(
    ("event", "after"), [("chunk", 1), ("chunk", 4), ("test", 1), ("test", 4)]
)
def test_a_stopped_training_goes_on_to_the_same_end(session, event, after):
    reference = small_trainer(session)
    reference.train()
    expected = fingerprint(session)
    trainer = small_trainer(session)
    assert not trainer.train([StopAt(event, after)])
    assert not trainer.finished
    assert trainer.train()
    assert fingerprint(session) == expected
    for point, other in zip(trainer.curve, reference.curve, strict=True):
        assert replace(point, ms_per_step=0) == replace(other, ms_per_step=0)


def test_an_interrupted_run_leaves_the_state(session):
    data = small_dataset()
    small_trainer(session).initialize()
    before = fingerprint(session)
    session.interrupt()
    with pytest.raises(RunInterrupted):
        session.run(data.train_inputs[:10], data.train_labels[:10], seed=1)
    assert fingerprint(session) == before
    session.run(data.train_inputs[:10], data.train_labels[:10], seed=1)
    assert fingerprint(session) != before


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_images_in_whole_numbers_are_refused(session, dtype):
    """Whether 1 or 255 is white is known to the data set alone."""
    data = small_dataset()
    images = data.train_images[:10].astype(dtype)
    line = rf"images are whole numbers \({np.dtype(dtype)}\).*Dataset.train_inputs"
    with pytest.raises(InputError, match=line):
        session.run(images, data.train_labels[:10], seed=1)


def test_scale_of_the_data_set_is_used(session):
    """Images of 0 and 1 train and test just as those of 0 and 255 do."""
    results = []
    for white in (255, 1):
        whole = small_dataset()
        parts = {
            f"{part}_images": (getattr(whole, f"{part}_images") > 99) * np.uint8(white)
            for part in ("train", "test")
        }
        trainer = small_trainer(session, dataset=replace(whole, scale=None, **parts))
        trainer.train()
        results.append((fingerprint(session), trainer.evaluation.error_percent))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": -1},
        {"epochs": 0},
        {"images": 0},
        {"images": 48},
        {"test_images": 0},
        {"test_images": 24},
        {"evaluate_every": -1},
        {"chunk_images": -3},
        {"steps": 3},
        {"steps": 0},
        {"test_steps": 0},
    ],
)
def test_numbers_that_make_no_sense_are_refused(session, changes):
    with pytest.raises(InputError) as refusal:
        small_trainer(session, **changes)
    assert "\n" not in str(refusal.value)


def test_data_that_do_not_fit_the_network_are_refused(session):
    from spikefa import Trainer

    data = small_dataset()
    parts = (data.test_images, data.test_labels % 2) * 2
    with pytest.raises(InputError, match="2 classes, the network 3"):
        Trainer(session, Dataset("two", *parts, image_shape=(4, 5)))
    images = np.zeros((3, 4), np.uint8)
    parts = (images, np.arange(3, dtype=np.uint8)) * 2
    with pytest.raises(InputError, match="4 pixels do not fit 20 input"):
        Trainer(session, Dataset("narrow", *parts, image_shape=(2, 2)))


@pytest.mark.parametrize(
    "changes",
    [
        {"layer_sizes": ()},
        {"layer_sizes": (20,)},
        {"layer_sizes": (20, 0, 6)},
        {"layer_sizes": (20, -5, 6)},
        {"layer_sizes": (20, 5, 7)},
        {"n_classes": 0},
        {"steps_per_image": 0},
        {"chunk_images": 0},
    ],
)
def test_sizes_that_make_no_network_are_refused(changes):
    with pytest.raises(InputError):
        small_architecture(**changes)
