"""Which projections spikes cross, by their kind and the layer that they end in.

Each kind has strings of its own, which begin with its name: ``skip_transmit``. Those of
the forward synapses have no such beginning.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["KINDS", "part_of", "source_of", "targets_of"]

#: How many layers below its target a projection starts.
KINDS = {"forward": 1, "lateral": 0, "skip": 2}


def part_of(kind: str, part: str) -> str:
    """Name a string of a kind, such as its ``transmit``."""
    return part if kind == "forward" else f"{kind}_{part}"


def source_of(kind: str, target: int) -> int:
    """Say from which layer a projection comes."""
    return target - KINDS[kind]


def targets_of(net: "FeedbackNetwork", kind: str) -> list[int]:
    """List the layers in which projections of a kind end, on which spikes arrive."""
    if net.rate:
        return []
    return [
        layer
        for layer in range(max(1, KINDS[kind]), net.n_layers + 1)
        if _spikes(net, source_of(kind, layer))
        and (kind == "forward" or net.model.get(net.string(f"{kind}_transmit", layer)))
    ]


def _spikes(net: "FeedbackNetwork", layer: int) -> bool:
    if layer == 0:
        return net.model["input_spike"] is not None
    return net.spike_string(layer) is not None
