"""A linear third factor: phi_d the identity, psi up to 1, no psi at the output.

The output delta is then the error itself, and the feedback to a hidden neuron is
weighted by B and by its own psi only. This departs from the paper, whose phi_d is "a
simple sigmoidal function centred on 0" (*paper*); that psi has a peak of 1 is
*reconstructed* (see `psi_scaled`). With the paper's constant eta, networks learn as
well in this way as with a larger eta that falls. For ``--model``.
"""

from spikefa.models.psi_scaled import psi_peak, transfer
from spikefa.models.third_factor_linear import third_factor

__all__ = ["output_transfer", "psi_peak", "third_factor", "transfer"]

output_transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = 1.0 : 1
"""
