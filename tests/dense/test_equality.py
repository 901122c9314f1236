"""`DenseSynapses` computes what `Synapses` computes, to float32 rounding."""

import numpy as np
import pytest
from dense_networks import CONFIGURATIONS, SEEDS

TARGETS = [
    "cython",
    pytest.param("standalone", marks=pytest.mark.compiles),
    pytest.param("openmp", marks=pytest.mark.compiles),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("key", CONFIGURATIONS)
@pytest.mark.parametrize("where", TARGETS)
def test_dense_agrees_with_stock(where, key, seed, stock, dense_state):
    before, expected = stock(key, seed)
    found = dense_state(where, key, seed)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        scale = np.abs(value).max(initial=1e-12)
        np.testing.assert_allclose(
            found[name], value, rtol=2e-5, atol=2e-6 * scale, err_msg=name
        )
    changed = any(np.any(before[name] != expected[name]) for name in expected)
    assert changed == (key != "silent"), "the configuration tests nothing"
