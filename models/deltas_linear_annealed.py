"""Deltas that nothing saturates, and the paper's eta until it falls at the end.

The deltas are those of `deltas_linear`, the fall of eta is that of `eta_annealed`: the
paper's 0.001 for three quarters of 20 passes, and then down to a hundredth of it in
five. Departs from the paper in both. For ``--model``, with ``--epochs 20``, or with
other passes: ``--set eta_held=9 --set eta_passes=1.5`` is the same shape for twelve.
"""

from spikefa.models.deltas_linear import (
    output_transfer,
    psi_peak,
    third_factor,
    transfer,
)
from spikefa.models.eta_annealed import eta

__all__ = ["eta", "output_transfer", "psi_peak", "third_factor", "transfer"]

eta_0 = 0.001
eta_held = 15.0
eta_passes = 2.5
