"""Following a network while it learns: what is measured when, and with what."""

import numpy as np
import pytest
import tiny

from spikefa.datasets.regression import Task
from spikefa.errors import InputError
from spikefa.training.alignment import weights
from spikefa.training.initial_state import set_initial_state
from spikefa.training.regression import Stage, follow, measure_nse

pytestmark = pytest.mark.usefixtures("numpy_codegen")


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


def first_weight(session, task):
    return {"W": [W[0, 0] for W in weights(session)[0]]}


def test_measurements_come_at_the_ends_of_stages_too(task):
    session = tiny.open_tiny("fa", parameters={"eta": 0.1})
    counts = []
    stages = [Stage(12, (1,)), Stage(13, (2, 3))]
    curves = follow(
        session,
        task,
        stages,
        seed=1,
        every=5,
        measure=first_weight,
        progress=counts.append,
    )
    assert curves["examples"].tolist() == [0, 5, 10, 12, 17, 22, 25]
    assert counts == [5, 5, 2, 5, 5, 3]
    W = curves["W"]
    assert W.shape == (7, 3)
    assert (np.diff(W[:4, 0]) != 0).all()
    assert (W[:4, 1:] == W[0, 1:]).all()
    assert (W[3:, 0] == W[3, 0]).all()


def test_chunks_do_not_change_the_result(task):
    curves = []
    for chunk in (4, 25):
        session = tiny.open_tiny("fa", parameters={"eta": 0.1}, chunk=chunk)
        measure = lambda s, t: {"nse": measure_nse(s, t)[1]}  # noqa: E731
        curves.append(
            follow(session, task, [Stage(25)], seed=1, every=25, measure=measure)
        )
    assert np.array_equal(curves[0]["nse"], curves[1]["nse"])


def test_measuring_does_not_change_the_network(task):
    session = tiny.open_tiny("fa")
    set_initial_state(session, 1)
    before = session.get_state()
    outputs, error = measure_nse(session, task)
    for name, value in session.get_state().items():
        assert np.array_equal(value, before[name]), name
    state = {k: v.astype(float) for k, v in before.items()}
    expected = [tiny.forward(state, x)[-1] for x in task.test_inputs]
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-6)
    missing = task.test_targets - np.array(expected)
    spread = task.test_targets - task.test_targets.mean(axis=0)
    assert error == pytest.approx((missing**2).sum() / (spread**2).sum(), rel=1e-4)


def test_network_that_diverged_has_no_error(task):
    session = tiny.open_tiny("fa")
    state = session.get_state()
    session.set_state({"forward_3.W": np.full_like(state["forward_3.W"], np.inf)})
    assert np.isnan(measure_nse(session, task)[1])


def test_too_few_examples_are_refused(task):
    with pytest.raises(InputError, match="26 examples needed, the task has 25"):
        follow(tiny.open_tiny("fa"), task, [Stage(26)], seed=1, every=5, measure=dict)


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
