"""Errors of networks and their spread over runs."""

import json
import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst

from spikefa.analysis import classification_error, mean_and_sem, nse, sem
from spikefa.errors import InputError

QUICK = settings(max_examples=60, deadline=None)
BATCH = npst.arrays(np.float64, (5, 2), elements=st.integers(-100, 100))


def test_nse_by_hand():
    # Errors 0, 1, -1: 2. Deviations from the mean 2: -1, 0, 1: 2.
    assert nse([1, 2, 3], [1, 1, 4]) == 1
    # Errors 1 + 1. Deviations from the means (1, 10): 1 + 1 + 0 + 0.
    assert nse([[0, 10], [2, 10]], [[1, 10], [2, 11]]) == 1
    assert nse([[0.0], [4.0]], [[1.0], [4.0]]) == pytest.approx(1 / 8)
    assert isinstance(nse([1, 2], [1, 1]), float)


@QUICK
@given(targets=BATCH.filter(lambda x: np.ptp(x, axis=0).any()), outputs=BATCH)
def test_nse_properties(targets, outputs):
    value = nse(targets, outputs)
    assert value >= 0
    assert nse(targets, targets) == 0
    mean = np.broadcast_to(targets.mean(axis=0), targets.shape)
    assert nse(targets, mean) == pytest.approx(1)
    assert nse(3 * targets, 3 * outputs) == pytest.approx(value)
    shift = np.array([5.0, -2.0])
    assert nse(targets + shift, outputs + shift) == pytest.approx(value)


@pytest.mark.parametrize("targets", [np.full((3, 2), 0.1), np.ones((1, 4)), [5.0]])
def test_nse_of_constant_targets(targets):
    # 0.1 + 0.1 + 0.1 is not 0.3: the mean need not equal the targets.
    with pytest.raises(InputError, match="constant"):
        nse(targets, np.zeros_like(targets))


@pytest.mark.parametrize(
    ("targets", "outputs"),
    [
        (np.ones((3, 2)), np.ones((2, 3))),
        (np.ones((3, 1)), np.ones(3)),
        ([], []),
        (1.0, 1.0),
    ],
)
def test_nse_of_what_does_not_fit(targets, outputs):
    with pytest.raises(InputError):
        nse(targets, outputs)


def test_nse_does_not_overflow_small_integers():
    targets = np.array([0, 100], dtype=np.int8)
    assert nse(targets, np.array([-100, 100], dtype=np.int8)) == 2


def test_classification_error_by_hand():
    assert classification_error([0, 1, 2, 3], [0, 1, 2, 4]) == 25
    assert classification_error([1], [1]) == 0
    assert classification_error([1], [0]) == 100
    labels = np.array([3, 1], dtype=np.uint8)
    found = classification_error(np.array([3, 257]), labels)
    assert found == 50
    assert isinstance(found, float)


@pytest.mark.parametrize(
    ("guesses", "labels"), [([1, 2], [1]), ([[1], [2]], [1, 2]), ([], [])]
)
def test_classification_error_of_what_does_not_fit(guesses, labels):
    with pytest.raises(InputError):
        classification_error(guesses, labels)


def test_sem_by_hand():
    # Deviations -1, 0, 1: variance 2 / 2 = 1, over 3 values.
    assert sem([1, 2, 3]) == pytest.approx(1 / math.sqrt(3))
    assert sem([5.0, 5.0]) == 0


@QUICK
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20))
def test_sem_is_that_of_the_standard_library(values):
    expected = statistics.stdev(values) / math.sqrt(len(values))
    assert sem(values) == pytest.approx(expected, abs=1e-9)
    mean, error = mean_and_sem(values)
    assert mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert error == sem(values)


def test_curves_are_averaged_over_runs():
    curves = np.array([[1.0, 10.0, 0.0], [3.0, 10.0, 4.0]])
    mean, error = mean_and_sem(curves)
    np.testing.assert_allclose(mean, [2, 10, 2])
    np.testing.assert_allclose(error, [1, 0, 2])
    np.testing.assert_allclose(sem(curves.T, axis=1), error)
    np.testing.assert_allclose(sem(curves.T, axis=-1), error)


@pytest.mark.filterwarnings("error")
def test_a_single_run_has_no_known_spread():
    mean, error = mean_and_sem([4.0])
    assert mean == 4
    assert math.isnan(error)
    mean, error = mean_and_sem([[4.0, 5.0]])
    np.testing.assert_array_equal(error, [np.nan, np.nan])
    np.testing.assert_array_equal(mean, [4, 5])


def test_single_numbers_can_be_written_as_json():
    assert json.dumps(mean_and_sem(np.array([2, 2], dtype=np.float32))) == "[2.0, 0.0]"


@pytest.mark.parametrize("function", [sem, mean_and_sem])
@pytest.mark.parametrize(
    ("x", "axis"), [([], 0), (np.ones((0, 3)), 0), (1.0, 0), ([1, 2], 1), ([1], -2)]
)
def test_no_values_or_no_axis(function, x, axis):
    with pytest.raises(InputError):
        function(x, axis)
