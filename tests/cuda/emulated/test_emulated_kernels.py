"""All configurations of `DenseSynapses` in the emulator agree with `Synapses`."""

import numpy as np
import pytest
from brian2 import prefs
from kernels import KEYS, Program
from test_dense_kernels import (  # noqa: F401
    stock,
    test_kernels_agree_with_stock,
)

#: Their variables are set by kernels that ask CUDA for the occupancy of the card.
NOT_LINKED = {"set by strings", "summed, narrow integers", "some pairs"}


@pytest.fixture(scope="module")
def program(tmp_path_factory, module_shim):
    before = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = np.float32
    keys = [key for key in KEYS if key not in NOT_LINKED]
    yield Program(tmp_path_factory.mktemp("kernels") / "project", keys)
    prefs.core.default_float_dtype = before


@pytest.fixture(autouse=True)
def _linked(request):
    if request.node.callspec.params["key"] in NOT_LINKED:
        pytest.skip("the emulator's runtime has no calls for the occupancy of a card")
