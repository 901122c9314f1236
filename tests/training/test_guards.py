"""Numbers that cannot be right stop a training, and are named."""

import numpy as np
import pytest
from small_task import fingerprint, small_trainer

from spikefa import Callback, NumericalGuard
from spikefa.analysis import CurvePoint
from spikefa.training.checkpoint_file import RUN_KEYS, newest_checkpoint
from spikefa.training.guards import (
    NumericalError,
    check_state,
    diagnose,
    find_cause,
)
from spikefa.training.resume import CheckpointCallback


class Sabotage(Callback):
    """Sets one element of a variable after the third chunk."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def on_chunk(self, trainer, point, guessed):
        if trainer.chunk == 3:
            state = trainer.session.get_state([self.name])
            state[self.name].flat[-1] = self.value
            trainer.session.set_state(state)


@pytest.mark.parametrize(
    ("name", "layer"),
    [("forward_1.W", 1), ("forward_2.W", 2), ("layer_1.b", 1), ("layer_2.h", 2)],
)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "is not a number"),
        (np.inf, "is infinite"),
        (-np.inf, "is infinite"),
        (-2e6, "has run away to 2e"),
    ],
)
def test_the_run_stops_and_keeps_the_last_good_checkpoint(
    session, tmp_path, name, layer, value, words
):
    trainer = small_trainer(session)
    meta = dict.fromkeys(RUN_KEYS, "")
    callbacks = [
        Sabotage(name, value),
        NumericalGuard(print),
        CheckpointCallback(tmp_path, meta, every_images=1),
    ]
    with pytest.raises(NumericalError) as error:
        trainer.train(callbacks)
    message = str(error.value)
    variable = name.split(".")[1]
    assert message.startswith(f"layer {layer}: {variable} ({name}) {words}")
    assert "after 30 images" in message
    assert newest_checkpoint(tmp_path, print).meta["position"]["chunk"] == 2


def test_a_sound_training_is_left_alone(session):
    trainer, warnings = small_trainer(session), []
    trainer.train([NumericalGuard(warnings.append)])
    expected = fingerprint(session)
    trainer = small_trainer(session)
    trainer.train()
    assert fingerprint(session) == expected
    assert warnings == []
    check_state(session, 0)


def test_a_constant_guess_is_reported_once(session):
    trainer, warnings = small_trainer(session), []
    trainer.initialize()
    shown, targets = trainer.data.examples(trainer.schedule.indices(0), 0)
    session.run(shown, targets, seed=1, gates=session.learn_nothing)
    guard = NumericalGuard(warnings.append)
    point = CurvePoint(0)
    for _ in range(30):
        guard.on_chunk(trainer, point, np.full(10, 2))
    assert len(warnings) == 1
    assert "the last 100 images were all guessed to be class 2" in warnings[0]
    assert "eta may be too small" in warnings[0]


@pytest.mark.parametrize("other", [0, 99])
def test_a_guess_in_between_is_no_constant_guess(session, other):
    trainer, warnings = small_trainer(session), []
    guard = NumericalGuard(warnings.append)
    for _ in range(30):
        guard.on_chunk(trainer, CurvePoint(0), np.full(90, 2))
        guessed = np.full(90, 2)
        guessed[min(other, 89)] = 1
        guard.on_chunk(trainer, CurvePoint(0), guessed)
    assert warnings == []


def test_saturation_is_told_apart(session):
    small_trainer(session).initialize()
    session.set_state({"layer_1.phi": np.full(31, 1e-9)})
    assert "layer 1 is saturated" in diagnose(session)
    assert "weight_range is too large" in diagnose(session)
    session.set_state({"forward_1.W": 3.0 + session.get_state()["forward_1.W"]})
    assert "have grown to 3.05: eta is too large" in diagnose(session)


def test_without_learning_there_is_no_guess_at_eta(session):
    model = session.network.model
    session.network.model = model.replace(eta=0.0)
    try:
        assert diagnose(session) == "nothing is learned, as eta is 0"
    finally:
        session.network.model = model


@pytest.mark.parametrize("chunks", [0, 2])
def test_the_search_for_a_cause_leaves_no_trace(session, chunks):
    trainer = small_trainer(session)
    trainer.initialize()
    for chunk in range(chunks):
        shown, targets = trainer.data.examples(trainer.schedule.indices(chunk), 0)
        session.run(shown, targets, seed=chunk)
    state, step = fingerprint(session), session.step
    assert "eta = 0.03 is too large" in find_cause(trainer)
    assert (fingerprint(session), session.step) == (state, step)
