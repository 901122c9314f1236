"""Deltas that nothing saturates: psi up to 1, none at the output, phi_d the identity.

The output delta is then the error itself, and what reaches a hidden neuron is weighed
by B and its own psi alone. Departs from the paper, whose phi_d is "a simple sigmoidal
function centred on 0" (*paper*); that psi has a peak of 1 is *reconstructed* (see
`psi_scaled`). With the paper's constant eta, networks learn so as well as with an eta
that is larger and falls. For ``--model``.
"""

from spikefa.models.psi_scaled import psi_peak, transfer
from spikefa.models.third_factor_linear import third_factor

__all__ = ["output_transfer", "psi_peak", "third_factor", "transfer"]

output_transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = 1.0 : 1
"""
