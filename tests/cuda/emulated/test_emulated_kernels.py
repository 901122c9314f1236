"""All configurations of `DenseSynapses` in the emulator agree with `Synapses`."""

import pytest
from test_dense_kernels import (  # noqa: F401
    program,
    stock,
    test_kernels_agree_with_stock,
)


@pytest.fixture(autouse=True)
def _linked(request, unlinked):
    if request.node.callspec.params["key"] in unlinked:
        pytest.skip("the emulator's runtime has no calls for the occupancy of a card")
