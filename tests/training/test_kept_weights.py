"""Checkpoints with weights of 16 bits, and without what follows from the seed."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as of_numpy
from small_task import small_trainer

from spikefa.errors import InputError
from spikefa.training.checkpoint_file import (
    Checkpoint,
    CheckpointError,
    write_checkpoint,
)
from spikefa.training.kept_weights import (
    draw_again,
    keep_weights,
    kept_states,
    numbers,
    rounded,
)
from spikefa.training.resume import restore

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32)


@given(of_numpy.arrays(np.float32, (3, 5), elements=FLOATS))
def test_numbers_are_rounded_to_the_nearest_of_8_bits(weights):
    found = numbers(rounded(weights))
    assert found.dtype == np.float32
    # Of a fraction in 0.5 .. 1, 8 bits are left.
    fraction, exponent = np.frexp(weights.astype(float))
    normal = np.abs(weights) >= np.finfo(np.float32).tiny
    expected = np.ldexp(np.rint(fraction * 256) / 256, exponent)
    np.testing.assert_array_equal(found[normal], expected[normal].astype(np.float32))
    np.testing.assert_array_equal(numbers(rounded(found)), found)


def kept(session, folder, **how):
    trainer = small_trainer(session, **how)
    trainer.train()
    meta = {"position": trainer.position, "step": session.step}
    keep_weights(trainer, folder, meta)
    return trainer


def test_all_but_the_roundings_comes_back(session, tmp_path):
    trainer = kept(session, tmp_path / "small")
    expected, step = session.get_state(), session.step
    small_trainer(session, seed=6).train()
    checkpoint = Checkpoint(tmp_path / "small" / "checkpoint.npz")
    assert "feedback_1.B" in checkpoint.meta["from_seed"]
    again = small_trainer(session)
    restore(again, checkpoint)
    assert session.step == step
    assert again.position == trainer.position
    for name, value in session.get_state().items():
        if name.endswith(".W"):
            assert (value != expected[name]).any()
            expected[name] = numbers(rounded(expected[name]))
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_a_session_stays_as_it_is(session, tmp_path):
    trainer = small_trainer(session)
    trainer.train()
    before, step = session.get_state(), session.step
    keep_weights(trainer, tmp_path / "small", {})
    assert session.step == step
    for name, value in session.get_state().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_averaged_weights_are_kept(session, tmp_path):
    trainer = kept(session, tmp_path / "small", average=1)
    restore(small_trainer(session), Checkpoint(tmp_path / "small" / "checkpoint.npz"))
    for name, mean in trainer.average.mean.items():
        expected = numbers(rounded(mean)) if mean.ndim == 2 else mean
        np.testing.assert_array_equal(session.get_state([name])[name], expected)


def test_a_folder_with_a_checkpoint_is_refused(session, tmp_path):
    kept(session, tmp_path)
    with pytest.raises(InputError, match="holds another checkpoint"):
        keep_weights(small_trainer(session), tmp_path, {})
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        keep_weights(small_trainer(session), tmp_path / "file" / "x", {})


def test_what_is_left_out_must_be_there(session, tmp_path):
    trainer = small_trainer(session)
    keep_weights(trainer, tmp_path, {})
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz")
    checkpoint.meta["from_seed"].append("feedback_9.B")
    with pytest.raises(CheckpointError, match=r"leaves out feedback_9\.B"):
        draw_again(trainer, checkpoint)
    for nonsense in (5, None, [[]], [5, "x"], {"a": {}}):
        checkpoint.meta["from_seed"] = nonsense
        with pytest.raises(CheckpointError):
            draw_again(trainer, checkpoint)


@pytest.mark.parametrize("shape", [(), (3, 4, 5), (0,)])
def test_rounded_arrays_have_two_halves(shape, session, tmp_path):
    arrays = [("rounded/forward_1.W", np.zeros(shape, np.uint8))]
    write_checkpoint(tmp_path, {}, arrays)
    with pytest.raises(CheckpointError, match="is no rounded array"):
        list(kept_states(Checkpoint(tmp_path / "checkpoint.npz")))
