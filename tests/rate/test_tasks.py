"""The regression tasks are those of the paper."""

import numpy as np
import pytest

from spikefa.datasets.regression import linear_task, quadratic_task, teacher_task
from spikefa.errors import InputError

TASKS = [linear_task, teacher_task, quadratic_task]


@pytest.mark.parametrize("make", TASKS)
def test_task_follows_from_its_seed(make):
    one, same, other = make(1, 50), make(1, 50), make(2, 50)
    assert np.array_equal(one.inputs, same.inputs)
    assert np.array_equal(one.test_targets, same.test_targets)
    assert not np.array_equal(one.inputs, other.inputs)
    assert not np.array_equal(one.targets, other.targets)


@pytest.mark.parametrize("make", TASKS)
def test_more_examples_begin_with_the_same_ones(make):
    short, long = make(1, 50), make(1, 80)
    assert np.array_equal(short.inputs, long.inputs[:50])
    np.testing.assert_allclose(short.targets, long.targets[:50], rtol=1e-12)


@pytest.mark.parametrize("make", TASKS)
def test_tests_are_other_examples_of_the_same_function(make):
    task = make(1, 600, 300)
    assert not set(task.inputs[:, 0]) & set(task.test_inputs[:, 0])
    spread = task.targets.std(axis=0), task.test_targets.std(axis=0)
    np.testing.assert_allclose(*spread, rtol=0.3)


@pytest.mark.parametrize("make", TASKS)
@pytest.mark.parametrize("counts", [(0, 5), (5, 0)])
def test_task_without_examples_is_refused(make, counts):
    with pytest.raises(InputError, match="needs examples"):
        make(1, *counts)


def test_linear_targets_are_linear_with_coefficients_up_to_one():
    task = linear_task(3, 400)
    T, *_ = np.linalg.lstsq(task.inputs, task.targets, rcond=None)
    np.testing.assert_allclose(task.test_inputs @ T, task.test_targets, atol=1e-9)
    assert T.shape == (30, 10)
    assert 0.95 < np.abs(T).max() < 1
    assert np.abs(task.inputs.std() - 1) < 0.02


def test_quadratic_targets_are_quadratic_with_coefficients_up_to_a_half():
    task = quadratic_task(3, 400)
    assert 1.99 < np.abs(task.inputs).max() < 2
    pairs = np.einsum("ni,nj->nij", task.inputs, task.inputs)
    upper = np.triu_indices(20)
    # Off the diagonal only the sum of Q_ij and Q_ji shows.
    Q, *_ = np.linalg.lstsq(pairs[:, upper[0], upper[1]], task.targets, rcond=None)
    tests = np.einsum("ni,nj->nij", task.test_inputs, task.test_inputs)
    found = tests[:, upper[0], upper[1]] @ Q
    np.testing.assert_allclose(found, task.test_targets, atol=1e-8)
    diagonal = Q[upper[0] == upper[1]]
    assert 0.45 < np.abs(diagonal).max() < 0.5


def test_teacher_is_odd_bounded_and_not_linear():
    task = teacher_task(3, 2000)
    # tanh units, and 10 weights of at most 0.5 to each output.
    assert np.abs(task.targets).max() < 5
    fit, *_ = np.linalg.lstsq(task.inputs, task.targets, rcond=None)
    missing = task.test_targets - task.test_inputs @ fit
    unexplained = (missing**2).sum() / (task.test_targets**2).sum()
    assert 0.05 < unexplained < 0.7
