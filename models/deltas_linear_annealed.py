"""A linear third factor, and the paper's eta until it falls at the end.

The deltas are those of `deltas_linear`, and eta falls as in `eta_annealed`: it is the
paper's 0.001 for 15 of 20 passes and then falls to a hundredth of it in five. Both
depart from the paper. For ``--model``, with ``--epochs 20``. For twelve passes,
``--set eta_held=9 --set eta_passes=1.5`` gives the same shape.
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
