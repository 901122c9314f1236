"""Following a network while it learns: what is measured when, and with what."""

from dataclasses import replace

import numpy as np
import pytest
import tiny

from spikefa.datasets.regression import Task
from spikefa.errors import InputError
from spikefa.training.alignment import weights
from spikefa.training.callbacks import Callback, Measuring
from spikefa.training.evaluation import evaluate_vectors
from spikefa.training.initial_state import set_initial_state
from spikefa.training.stages import Stage
from spikefa.training.trainer import Trainer


@pytest.fixture
def task():
    rng = np.random.default_rng(1)
    n_in, n_out = tiny.SIZES[0], tiny.SIZES[-1]
    return Task(
        rng.uniform(-1, 1, (25, n_in)),
        rng.uniform(-1, 1, (25, n_out)),
        rng.uniform(-1, 1, (12, n_in)),
        rng.uniform(-1, 1, (12, n_out)),
    )


def first_weight(trainer):
    return {"W": [W[0, 0] for W in weights(trainer.session)[0]]}


def test_measurements_come_at_the_ends_of_stages_too(task):
    session = tiny.open_tiny("fa", parameters={"eta": 0.1})
    measuring = Measuring(first_weight)
    stages = [Stage(12, (1,)), Stage(13, (2, 3))]
    trainer = Trainer(session, task, stages=stages, evaluate_every=5)
    assert trainer.train([measuring])
    curves = measuring.curves
    assert curves["examples"].tolist() == [0, 5, 10, 12, 17, 22, 25]
    assert trainer.curve.tested.column("images_seen") == curves["examples"].tolist()
    W = curves["W"]
    assert W.shape == (7, 3)
    assert (np.diff(W[:4, 0]) != 0).all()
    assert (W[:4, 1:] == W[0, 1:]).all()
    assert (W[3:, 0] == W[3, 0]).all()


def test_chunks_do_not_change_the_result(task):
    curves = []
    for chunk in (4, 25):
        session = tiny.open_tiny("fa", parameters={"eta": 0.1}, chunk=chunk)
        trainer = Trainer(session, task)
        trainer.train()
        curves.append(trainer.curve.tested.column("test_nse"))
    assert len(curves[0]) == 2
    assert curves[0] == curves[1]


def test_a_stopped_training_goes_on_to_the_same_end(task):
    class Stop(Callback):
        def on_chunk(self, trainer, point, guessed):
            if point.images_seen == 5:
                trainer.stop()

    states = []
    for callbacks in ([], [Stop()]):
        session = tiny.open_tiny("fa", parameters={"eta": 0.1})
        stages = [Stage(5, (1,)), Stage(6, (2, 3))]
        trainer = Trainer(session, task, stages=stages, evaluate_every=6)
        if not trainer.train(callbacks):
            assert trainer.images_seen == 5
            resumed = Trainer(session, task, stages=stages, evaluate_every=6)
            resumed.position = trainer.position
            assert resumed.train()
        states.append(session.get_state())
    assert len(callbacks) == 1
    for name, value in states[0].items():
        assert np.array_equal(value, states[1][name]), name


def test_measuring_does_not_change_the_network(task):
    session = tiny.open_tiny("fa")
    set_initial_state(session, 1)
    before = session.get_state()
    found = evaluate_vectors(session, task.test_inputs, task.test_targets)
    for name, value in session.get_state().items():
        assert np.array_equal(value, before[name]), name
    state = {k: v.astype(float) for k, v in before.items()}
    expected = [tiny.forward(state, x)[-1] for x in task.test_inputs]
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-4, atol=1e-6)
    missing = task.test_targets - np.array(expected)
    spread = task.test_targets - task.test_targets.mean(axis=0)
    assert found.nse == pytest.approx((missing**2).sum() / (spread**2).sum(), rel=1e-4)


def test_network_that_diverged_has_no_error(task):
    session = tiny.open_tiny("fa")
    state = session.get_state()
    session.set_state({"forward_3.W": np.full_like(state["forward_3.W"], np.inf)})
    found = evaluate_vectors(session, task.test_inputs, task.test_targets)
    assert np.isnan(found.nse)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"stages": [Stage(26)]}, "26 examples needed, the task has 25"),
        ({"stages": [Stage(0)]}, "stage 1 must be 1 or more, got 0"),
        ({"evaluate_every": -1}, "every must be 1 or more"),
        ({"epochs": 2}, "shown once, not 2 times"),
        ({"shuffle": "every"}, "have an order"),
        ({"held_out": 3}, "hold out 0"),
        ({"test_images": 13}, "13 test images asked for, the data set has 12"),
        ({"stages": [Stage(5, (4,))]}, "no layer 4 that could learn"),
    ],
)
def test_what_makes_no_sense_is_refused(choices, message, task):
    with pytest.raises(InputError, match=message):
        Trainer(tiny.open_tiny("fa"), task, **choices)


def test_a_task_needs_a_network_of_its_sizes(task):
    wider = replace(task, inputs=np.zeros((25, 7)))
    with pytest.raises(InputError, match="inputs of shape .* do not fit 5 neurons"):
        Trainer(tiny.open_tiny("fa"), wider)


def test_weights_are_read_from_the_input_up():
    session = tiny.open_tiny("fa")
    state = tiny.randomize(session)
    W, B = weights(session)
    for layer in (1, 2, 3):
        assert np.array_equal(W[layer - 1], state[f"forward_{layer}.W"])
    for layer in (1, 2):
        assert np.array_equal(B[layer - 1], state[f"feedback_{layer}.B"])
        assert B[layer - 1].shape == W[layer].T.shape
    assert weights(tiny.open_tiny("bp"))[1] is None
