"""`DenseSynapses` computes what `Synapses` computes, to float32 rounding."""

import numpy as np
import pytest
from dense_networks import CONFIGURATIONS, SEEDS

#: Compiled with OpenMP after the default run, as all are for one thread; the rest, and
#: Cython, take many minutes.
SOON = {
    "one to one",
    "many to one",
    "silent",
    "all spike",
    "propagate and learn",
    "post side",
    "summed both ways",
    "summed, wide",
    "summed, narrow integers",
    "recurrent",
    "decay",
}


def cases():
    for where in ("cython", "standalone", "openmp"):
        for key, config in CONFIGURATIONS.items():
            if where == "cython" and config.dense_dtype:
                continue  # Brian2's Cython knows no such types
            marks = [] if where == "cython" else [pytest.mark.compiles]
            soon = key in SOON and where == "openmp"
            late = "long" if where == "standalone" or soon else "slow"
            marks.append(getattr(pytest.mark, late))
            yield pytest.param(where, key, marks=marks, id=f"{where}-{key}")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("where", "key"), list(cases()))
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
