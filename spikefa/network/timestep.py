"""The order of things inside one time step.

Brian2 runs its objects by (slot, order). Three slots are added to its schedule::

    forward     layer 1 .. m: drive = 0, transmit, PSP, phi and psi, spikes
    backward    layer m .. 1: error or feedback, delta, third factor
    plasticity  all layers: weights and biases, then their decay

A spike crosses the whole network in the step it was fired in, and plasticity uses
the deltas of the same step (*reconstructed*).
"""

from enum import IntEnum
from typing import Any

__all__ = [
    "BACKWARD_GATE",
    "SCHEDULE",
    "Phase",
    "backward_order",
    "forward_order",
    "place",
]

#: Gate of the objects of the backward sweep; gate l belongs to plasticity in layer l.
BACKWARD_GATE = 0

#: Brian2's default schedule with three slots more.
SCHEDULE = [
    "start",
    "groups",
    "thresholds",
    "synapses",
    "resets",
    "forward",
    "backward",
    "plasticity",
    "end",
]


class Phase(IntEnum):
    """What one layer does in a forward or backward sweep, in order."""

    CLEAR = 0
    GATHER = 1
    #: Backward: feedback that was summed some steps ago, see `delays`.
    DELAY = 2
    PREPARE = 3
    INTEGRATE = 4
    #: Forward: sums over the layer, see `layer_sums`.
    TOTAL = 5
    BROADCAST = 6
    EVALUATE = 7
    SPIKE = 8
    RESET = 9
    #: Forward: spikes of some steps ago, see `delays`.
    ARRIVE = 10
    #: Forward: spikes within a layer, see `further`.
    LATERAL = 11
    #: Of the output, going backward: what it tells all layers, see `outcome`.
    SUM = 12
    COMPARE = 13
    JUDGE = 14
    TELL = 15


def forward_order(layer: int, phase: Phase) -> int:
    """Order within the slot ``forward``; layer 0 is the input."""
    return len(Phase) * layer + phase


def backward_order(layer: int, n_layers: int, phase: Phase) -> int:
    """Order within the slot ``backward``; layer ``n_layers`` is the output."""
    return len(Phase) * (n_layers - layer) + phase


def place(brian_object: Any, slot: str, order: int) -> Any:
    """Give a Brian2 object its place in the time step."""
    if brian_object is not None:
        brian_object.when = slot
        brian_object.order = order
    return brian_object
