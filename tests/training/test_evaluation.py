"""Guesses, and evaluations that training does not notice."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from small_task import fingerprint, small_dataset, small_trainer

from spikefa import evaluate
from spikefa.errors import InputError
from spikefa.training.evaluation import guesses


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.just(12), st.integers(1, 4), st.integers(2, 5)),
        elements=st.floats(0, 100, width=32),
    ),
    st.sampled_from([1, 2, 3]),
)
def test_guesses_agree_with_a_loop(output, repeats):
    by_sum, by_last = guesses(output, repeats)
    for image in range(len(output) // repeats):
        rows = output[image * repeats : (image + 1) * repeats].astype(float)
        total = rows.sum(axis=(0, 1))
        assert total[by_sum[image]] == pytest.approx(total.max(), rel=1e-12)
        assert by_last[image] == np.argmax(rows[-1][-1])


def test_an_image_may_be_told_by_the_sum_and_not_by_the_last_step():
    output = np.array([[[3.0, 0.0], [0.0, 1.0]]])
    assert [int(guess[0]) for guess in guesses(output)] == [0, 1]


def test_training_goes_on_as_if_there_had_been_no_evaluation(session):
    prints = []
    for every in (10, 1000):
        trainer = small_trainer(session, evaluate_every=every)
        assert trainer.train()
        prints.append(fingerprint(session))
        assert len(trainer.curve.tested) == {10: 9, 1000: 1}[every]
    assert prints[0] == prints[1]


def test_state_is_carried_from_run_to_run_within_an_evaluation(session):
    data = small_dataset()
    trainer = small_trainer(session)
    trainer.initialize()
    before = fingerprint(session)
    arguments = dict(gates=session.learn_nothing, seed=3)
    with session.evaluating():
        session.run(data.test_inputs[:5], data.test_labels[:5], **arguments)
        between = session.get_state()
        second = session.run(data.test_inputs[5:9], data.test_labels[5:9], **arguments)
    assert fingerprint(session) == before
    session.set_state(between)
    again = session.run(data.test_inputs[5:9], data.test_labels[5:9], **arguments)
    assert (again.output == second.output).all()
    session.set_state({"layer_1.h": np.full(31, 30.0)})
    other = session.run(data.test_inputs[5:9], data.test_labels[5:9], **arguments)
    assert (other.output != second.output).any()


def test_weights_do_not_change_in_an_evaluation(session):
    trainer = small_trainer(session)
    trainer.initialize()
    weights = session.get_state(["forward_1.W"])["forward_1.W"]
    with session.evaluating():
        trainer.evaluate()
        assert (session.get_state(["forward_1.W"])["forward_1.W"] == weights).all()


def test_an_error_inside_an_evaluation_restores_the_state(session):
    trainer = small_trainer(session)
    trainer.initialize()
    before = fingerprint(session)
    with pytest.raises(ZeroDivisionError):
        trainer.evaluate(progress=lambda n: 1 / 0)
    assert fingerprint(session) == before


def test_steps_of_an_image_are_presentations_in_a_row(session):
    """M = 6 with units of 2: the sum is over three presentations of the same image."""
    data = small_dataset()
    trainer = small_trainer(session)
    trainer.initialize()
    evaluation = evaluate(
        session, data.test_inputs, data.test_labels, seed=5, steps=6, index=0
    )
    from spikefa.seeds import spike_seed

    wrong = 0
    with session.evaluating():
        for number, start in enumerate(range(0, 23, 10)):
            shown = slice(start, start + 10)
            images = np.repeat(data.test_inputs[shown], 3, axis=0)
            labels = np.repeat(data.test_labels[shown], 3)
            seed = spike_seed(5, "evaluation", 0, number)
            result = session.run(images, labels, seed=seed, gates=session.learn_nothing)
            for image, label in enumerate(data.test_labels[shown]):
                activity = result.output[3 * image : 3 * image + 3].sum(axis=(0, 1))
                wrong += activity.argmax() != label
    assert evaluation.error_percent == pytest.approx(100 * wrong / 23)
    assert evaluation.counts.sum() == 23


@pytest.mark.parametrize("steps", [-2, 1, 3, 7])
def test_steps_must_be_a_multiple_of_the_units(session, steps):
    with pytest.raises(InputError, match="multiples of 2 steps"):
        small_trainer(session, test_steps=steps)
