"""The kinds of projections between layers: which there are, and what they are called.

Each kind has strings of its own, which begin with its name: ``skip_transmit``. Those of
the forward synapses have no such beginning.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["KINDS", "part_of", "source_of", "targets_of", "words_at"]

#: How many layers below its target a projection starts.
KINDS = {"forward": 1, "lateral": 0, "skip": 2}


def part_of(kind: str, part: str) -> str:
    """Name a string of a kind: its ``synapse``, ``transmit``, ``learn`` and others."""
    if kind != "forward":
        return f"{kind}_{part}"
    return "plastic_synapse" if part == "synapse" else part


def source_of(kind: str, target: int) -> int:
    """Say from which layer a projection comes."""
    return target - KINDS[kind]


def targets_of(net: "FeedbackNetwork", kind: str) -> Sequence[int]:
    """List the layers in which projections of a kind end."""
    if kind == "forward":
        return range(1, net.n_layers + 1)
    return [
        layer
        for layer in range(max(1, KINDS[kind]), net.n_layers + 1)
        if net.model.get(net.string(part_of(kind, "transmit"), layer))
        and _spikes(net, source_of(kind, layer))
    ]


def _spikes(net: "FeedbackNetwork", layer: int) -> bool:
    if layer == 0:
        return net.model["input_spike"] is not None
    return net.spike_string(layer) is not None


def words_at(
    net: "FeedbackNetwork", layer: int, words_of: Callable[[str, int], set[str]]
) -> set[str]:
    """Pick what synapses use of the neurons of a layer, on either side.

    Parameters
    ----------
    net : FeedbackNetwork
    layer : int
    words_of : callable
        Takes a kind and the layer in which a projection ends; returns all names that
        its strings use.
    """
    found = set()
    for kind in KINDS:
        for target in targets_of(net, kind):
            for end, at in (("_post", target), ("_pre", source_of(kind, target))):
                if at == layer:
                    used = words_of(kind, target)
                    found |= {w.removesuffix(end) for w in used if w.endswith(end)}
    return found
