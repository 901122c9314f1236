"""The delay of a pathway, read and set as that of `Synapses` is."""

import numpy as np
from brian2.core.base import weakproxy_with_fallback
from brian2.core.variables import ArrayVariable, VariableView
from brian2.devices.device import get_device
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Quantity

__all__ = ["delay_view"]


class _Delays(ArrayVariable):
    """As many times the same delay as there are synapses; no array is kept."""

    def __init__(self, pathway, size, scalar):
        self._pathway = pathway
        super().__init__(
            "delay",
            weakproxy_with_fallback(pathway.synapses),
            size=size,
            device=get_device(),
            dimensions=second.dim,
            dtype=np.float64,
            constant=True,
            scalar=scalar,
        )

    def get_value(self):
        return np.full(self.size, self._pathway.seconds)

    def set_value(self, value):
        self._pathway.delay = np.asarray(value) * second


class _DelayView(VariableView):
    def __init__(self, pathway, variable, dim):
        super().__init__("delay", variable, pathway.synapses, dim)
        self._pathway = pathway

    def get_item(self, item, level=0, namespace=None):
        if self.variable.scalar:
            values = self.get_with_index_array(item)
        else:
            numbers = self._pathway.synapses.indices[item]
            values = np.full(np.shape(numbers), self._pathway.seconds)
        return values if self.dim is None else Quantity(values, dim=self.dim)

    def set_item(self, item, value, level=0):
        if isinstance(value, VariableView):
            value = value[:]
        if self.dim is None and not isinstance(value, str):
            value = np.asarray(value) * second
        everything = item == "True" if isinstance(item, str) else item == slice(None)
        if np.all(everything):
            self._pathway.delay = value
        elif isinstance(value, str) or np.any(value != self._pathway.seconds * second):
            raise NotImplementedError(
                f"The delay of pathway '{self._pathway.objname}' has to be the same "
                "for all synapses: use Synapses"
            )


def delay_view(pathway, units=True):
    """Return the delay of a pathway, as a view of a variable.

    Parameters
    ----------
    pathway : DensePathway
    units : bool

    Returns
    -------
    view : VariableView
        Of one value a synapse; of a scalar, if the delay was given to the projection
        when it was made.
    """
    scalar = pathway.has_scalar_delay
    size = 1 if scalar else len(pathway.synapses)
    variable = _Delays(pathway, size, scalar)
    return _DelayView(pathway, variable, variable.dim if units else None)
