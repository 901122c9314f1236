"""Receptive fields and summaries of weights."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst

from spikefa.analysis import receptive_fields, weight_statistics
from spikefa.errors import InputError


def test_a_field_holds_the_weights_at_their_pixels():
    W = np.zeros((6, 2), dtype=np.float32)  # 2 x 3 pixels, 2 hidden neurons
    W[4, 0] = 5  # pixel 4 is in row 1, column 1
    W[2, 1] = 7  # pixel 2 is in row 0, column 2
    fields = receptive_fields(W, (2, 3))
    assert fields.dtype == np.float32
    np.testing.assert_array_equal(
        fields, [[[0, 0, 0], [0, 5, 0]], [[0, 0, 7], [0, 0, 0]]]
    )


def test_a_field_multiplies_an_image_as_the_neuron_does():
    rng = np.random.default_rng(4)
    W, image = rng.normal(size=(12, 5)), rng.normal(size=(3, 4))
    drive = (receptive_fields(W, (3, 4)) * image).sum(axis=(1, 2))
    np.testing.assert_allclose(drive, image.ravel() @ W)


def test_fields_are_a_copy():
    W = np.zeros((6, 2))
    receptive_fields(W, (2, 3))[:] = 1
    assert not W.any()


@pytest.mark.parametrize(
    ("shape", "image_shape"), [((6, 2), (3, 3)), ((2, 6), (2, 3)), ((6,), (2, 3))]
)
def test_weights_that_do_not_start_from_these_pixels(shape, image_shape):
    with pytest.raises(InputError, match="do not start from"):
        receptive_fields(np.zeros(shape), image_shape)


def test_statistics_by_hand():
    assert weight_statistics([[0.0, 2.0], [-4.0, 6.0]]) == pytest.approx(
        {
            "mean": 1,
            "sd": np.sqrt((1 + 1 + 25 + 25) / 4),
            "min": -4,
            "max": 6,
            "norm": np.sqrt(4 + 16 + 36),
            "zero_fraction": 0.25,
        }
    )


@settings(max_examples=60, deadline=None)
@given(npst.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)))
def test_statistics_are_those_of_numpy(W):
    found = weight_statistics(W)
    assert found["norm"] == pytest.approx(np.linalg.norm(W))
    assert found["sd"] == pytest.approx(np.std(W))
    assert found["zero_fraction"] == np.mean(W == 0)
    assert found["min"] <= found["mean"] + 1e-9 * abs(found["mean"])
    assert found["mean"] <= found["max"] + 1e-9 * abs(found["mean"])


def test_single_precision_weights_are_summed_in_double():
    W = np.full((1000, 2000), 0.1, dtype=np.float32)
    found = weight_statistics(W)
    assert found["mean"] == pytest.approx(float(np.float32(0.1)), rel=1e-12)
    assert found["sd"] == pytest.approx(0, abs=1e-9)
    json.dumps(found)


def test_no_weights():
    with pytest.raises(InputError, match="no statistics"):
        weight_statistics(np.zeros((0, 4)))
