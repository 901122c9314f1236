"""All-to-all plastic projections in Brian2 at memory speed."""

from .synapses import DenseSynapses

__all__ = ["DenseSynapses"]
