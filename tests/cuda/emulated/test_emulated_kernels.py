"""All configurations of `DenseSynapses` in the emulator agree with `Synapses`."""

from test_dense_kernels import (  # noqa: F401
    program,
    stock,
    test_kernels_agree_with_stock,
)
