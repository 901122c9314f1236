"""Weights that are averaged over the end of a training."""

import numpy as np
import pytest
from small_task import StopAt, fingerprint, small_trainer

from spikefa import Callback
from spikefa.errors import InputError
from spikefa.training.averages import WeightAverage
from spikefa.training.repeated import evaluate_repeatedly
from spikefa.training.resume import train_with_checkpoints

NAMES = ("forward_1.W", "forward_2.W", "layer_1.b", "layer_2.b")


class Weights(Callback):
    """Keeps all weights after each chunk."""

    def __init__(self):
        self.kept = []

    def on_chunk(self, trainer, point, guessed):
        self.kept.append(trainer.session.get_state(list(NAMES)))


def test_the_mean_is_that_of_the_last_passes(session):
    weights, trainer = Weights(), small_trainer(session, epochs=3, average=1.5)
    trainer.train([weights])
    # The last 70 of 141 images, in chunks that end after 77, 87, 94, 104, ...
    seen = trainer.curve.column("images_seen")
    used = [w for w, n in zip(weights.kept, seen, strict=True) if n > 71]
    assert trainer.average.number == len(used) == 8
    assert sorted(trainer.average.mean) == sorted(NAMES)
    for name in NAMES:
        expected = np.mean([w[name] for w in used], axis=0)
        np.testing.assert_allclose(trainer.average.mean[name], expected, atol=1e-6)
        assert np.abs(expected - used[-1][name]).max() > 1e-4


def test_the_training_does_not_notice(session):
    plain = small_trainer(session)
    plain.train()
    expected = fingerprint(session)
    trainer = small_trainer(session, average=1)
    trainer.train()
    assert fingerprint(session) == expected
    assert trainer.evaluation.error_percent == plain.evaluation.error_percent
    point = trainer.curve[-1]
    assert point.averaged_error_percent is not None
    assert "averaged_error_percent" in point.to_json()
    assert trainer.curve.tested[0].averaged_error_percent is None  # after one pass
    with trainer.averaged():
        (found,) = evaluate_repeatedly(trainer, 1)
    assert found["error_percent"]["mean"] == point.averaged_error_percent
    assert fingerprint(session) == expected


def test_means_are_tested_with_the_same_spikes(session):
    """A mean of the last chunk alone is the weights."""
    trainer = small_trainer(session, average=0.1)
    trainer.train()
    assert trainer.average.number == 1
    point = trainer.curve[-1]
    assert point.averaged_error_percent == point.test_error_percent
    last_step = point.averaged_error_last_step_percent
    assert last_step == point.test_error_last_step_percent


@pytest.mark.parametrize("chunks", [3, 5, 8])
def test_a_resumed_training_has_the_same_mean(session, tmp_path, chunks):
    whole = small_trainer(session, average=1)
    whole.train()
    meta = {"identity": {}, "model": {}}
    trainer = small_trainer(session, average=1)
    with pytest.raises(KeyboardInterrupt):
        train_with_checkpoints(trainer, tmp_path / "x", meta, [StopAt("chunk", chunks)])
    trainer = small_trainer(session, average=1)
    train_with_checkpoints(trainer, tmp_path / "x", meta)
    for name in NAMES:
        found, expected = (of.average.mean[name] for of in (trainer, whole))
        np.testing.assert_array_equal(found, expected)
    error = whole.curve[-1].averaged_error_percent
    assert trainer.curve[-1].averaged_error_percent == error


def test_a_run_that_is_made_longer_forgets_what_is_too_early(session):
    trainer = small_trainer(session, average=1)
    trainer.train()
    arrays = trainer.average.arrays()
    longer = small_trainer(session, epochs=3, average=1).average
    longer.restore(arrays, session.shapes)
    assert not longer.mean
    wider = small_trainer(session, epochs=3, average=2).average
    wider.restore(arrays, session.shapes)
    assert wider.number == 5


def test_what_is_refused(session):
    with pytest.raises(InputError, match="0 passes or more"):
        small_trainer(session, average=-1)
    trainer = small_trainer(session, average=1)
    with pytest.raises(InputError, match="no averaged weights yet"), trainer.averaged():
        pass
    plain = small_trainer(session)
    with pytest.raises(InputError, match="no weights are averaged"), plain.averaged():
        pass
    average = WeightAverage(0)
    other = {"forward_1.W": np.zeros(3), "number": np.array([1, 0])}
    with pytest.raises(InputError, match="does not fit this network"):
        average.restore(other, session.shapes)
