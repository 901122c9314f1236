"""Tests of the same weights with other spikes, and tests on held-out images."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from small_task import fingerprint, small_architecture, small_dataset, small_trainer

from spikefa import ProgressBar, load_model, open_session
from spikefa.errors import InputError
from spikefa.seeds import spike_seed
from spikefa.training.evaluation import guesses
from spikefa.training.repeated import evaluate_repeatedly, spread

#: Test images: more than a run of the network takes.
N_TEST = 17


@pytest.fixture(scope="module")
def by_numpy():
    """A small network with nothing to compile."""
    architecture = small_architecture(engine="stock")
    model = load_model().replace(eta=0.03)
    with open_session(architecture, model, device="numpy") as session:
        yield session


def test_a_spread_is_that_of_a_sample():
    values = [2.1, 1.9, 2.6, 2.0]
    found = spread(values)
    assert found["mean"] == pytest.approx(np.mean(values))
    assert found["sd"] == pytest.approx(np.std(values, ddof=1))
    assert found["all"] == values
    assert spread([3.0]) == {"mean": 3.0, "sd": None, "all": [3.0]}


def errors_by_hand(session, seed, steps, images_seen, repetition):
    """Percent by the sum and by the last step, in runs as long as the session's."""
    data, unit = small_dataset(), session.network.architecture.steps_per_image
    again, size = (repetition,) if repetition else (), session.chunk_images
    repeats = steps // unit
    size = max(1, size // repeats)
    wrong = np.zeros(2)
    with session.evaluating():
        for number, start in enumerate(range(0, N_TEST, size)):
            shown = slice(start, min(N_TEST, start + size))
            result = session.run(
                np.repeat(data.test_inputs[shown], repeats, axis=0),
                np.repeat(data.test_labels[shown], repeats),
                seed=spike_seed(seed, "evaluation", images_seen, number, *again),
                gates=session.learn_nothing,
            )
            found = np.array(guesses(result.output, repeats))
            wrong += (found != data.test_labels[shown]).sum(axis=1)
    return wrong * 100 / N_TEST


def test_each_test_has_spikes_that_follow_from_its_number(by_numpy):
    trainer = small_trainer(by_numpy, epochs=1, images=20, test_images=N_TEST)
    assert trainer.train()
    before = fingerprint(by_numpy)
    counted = []
    found = evaluate_repeatedly(trainer, 2, (6, 4), counted.append)
    assert fingerprint(by_numpy) == before
    assert sum(counted) == 2 * 2 * N_TEST
    assert [of["steps"] for of in found] == [6, 4]
    for of in found:
        assert of["images"] == "test"
        for k in range(2):
            by_sum, by_last = errors_by_hand(by_numpy, 5, of["steps"], 20, k)
            assert of["error_percent"]["all"][k] == pytest.approx(by_sum)
            assert of["last_step_error_percent"]["all"][k] == pytest.approx(by_last)
    # The first one is what the training has measured.
    assert found[0]["error_percent"]["all"][0] == trainer.evaluation.error_percent
    assert trainer.curve[-1].test_error_percent == trainer.evaluation.error_percent
    last = [of["last_step_error_percent"]["all"] for of in found]
    assert len(set(np.ravel(last))) > 1
    # So it is after the training has been left and taken up again.
    position, state, step = trainer.position, by_numpy.get_state(), by_numpy.step
    by_numpy.step = 0
    resumed = small_trainer(by_numpy, epochs=1, images=20, test_images=N_TEST)
    by_numpy.set_state(state)
    resumed.position, by_numpy.step = position, step
    assert resumed.evaluation is None
    assert evaluate_repeatedly(resumed, 2, (6, 4)) == found


def test_a_number_of_tests_must_make_sense(by_numpy):
    with pytest.raises(InputError, match="repetitions must be 1 or more"):
        evaluate_repeatedly(small_trainer(by_numpy), 0)


def with_other_test_images(dataset):
    pixels = np.random.default_rng(1).integers(0, 256, (23, 20)).astype(np.uint8)
    return replace(dataset, test_images=pixels)


def test_held_out_images_are_tested_with_and_the_test_images_are_not(by_numpy):
    """What is held out are the last training images; it is called validation."""
    trainer = small_trainer(by_numpy, epochs=1, held_out=17)
    text = StringIO()
    assert trainer.train([ProgressBar(text)])
    data = small_dataset()
    assert trainer.schedule.images == 30
    shown = trainer.dataset
    assert np.array_equal(shown.train_images, data.train_images[:30])
    assert np.array_equal(shown.test_images, data.train_images[30:])
    assert np.array_equal(shown.test_labels, data.train_labels[30:])
    found = fingerprint(by_numpy), trainer.curve.to_json()
    other = small_trainer(
        by_numpy, epochs=1, held_out=17, dataset=with_other_test_images(data)
    )
    assert other.train()
    curve = [entry | {"ms_per_step": 0} for entry in other.curve.to_json()]
    expected = [entry | {"ms_per_step": 0} for entry in found[1]]
    assert (fingerprint(by_numpy), curve) == (found[0], expected)
    point = trainer.curve[-1]
    assert point.validation_error_percent == trainer.evaluation.error_percent
    assert point.test_error_percent is None
    assert "test_error_percent" not in curve[-1]
    assert trainer.curve.tested_images == "validation"
    assert "validation=" in text.getvalue()
    assert "test=" not in text.getvalue()
    (repeated,) = evaluate_repeatedly(trainer, 1)
    assert repeated["images"] == "validation"


def test_curves_of_test_images_are_written_as_before(by_numpy):
    trainer = small_trainer(by_numpy, epochs=1, images=10)
    trainer.train()
    (entry,) = trainer.curve.to_json()
    assert not any(name.startswith("validation") for name in entry)
    assert entry["test_error_percent"] == trainer.evaluation.error_percent
