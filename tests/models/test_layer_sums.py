"""Sums over a layer: one number for all neurons of it."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, PSP, model_of, opened, started

from spikefa.errors import SpikefaError

SOFTMAX = (
    PSP.format("b + drive").replace("drive : 1", "drive : 1\ntotal : 1\ncount : 1")
    + '''
layer_sum = """
total_post = exp(h_pre) : 1 (summed)
count_post = 1 : 1 (summed)
"""
transfer = """
phi = exp(h)/total : 1
psi = phi*(1 - phi) : 1
"""
'''
)


@pytest.mark.parametrize("engine", ["stock", "dense"])
def test_a_softmax_is_of_this_step(engine, tmp_path):
    record = {"layer_3.phi": True, "layer_3.h": True, "layer_1.count": [0]}
    session = started(model_of(tmp_path, SOFTMAX), engine=engine, record=record)
    records = session.run(IMAGES, LABELS, seed=1).records
    h = records["layer_3.h"].values
    expected = np.exp(h) / np.exp(h).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(records["layer_3.phi"].values, expected, rtol=1e-5)
    assert (records["layer_1.count"].values == 6).all()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('layer_sum = "sum_post = h_pre : 1 (summed)"', "neurons have no 'sum'"),
        ('layer_sum = "total = h_pre : 1"', "the form is"),
        ('layer_sum = "total_post = k_pre : 1 (summed)"', "unknown name 'k_pre'"),
        ('layer_sums = "total_post = h_pre : 1 (summed)"', "did you mean 'layer_sum'"),
        ('output_sun = "total_post = h_pre : 1 (summed)"', "did you mean 'output_sum'"),
    ],
)
def test_mistakes_are_named(line, reason, tmp_path):
    text = SOFTMAX.replace("layer_sum", "_unused") + line
    with pytest.raises(SpikefaError, match=reason):
        opened(model_of(tmp_path, text))
