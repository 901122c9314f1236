"""Further projections: within a layer, and past a layer.

A spike runs ``lateral_transmit`` in the synapses onto the neurons of its own layer,
right after their resets, and ``skip_transmit`` in those onto the layer after the next,
when that gathers its spikes. They are there for layers whose model has such strings,
and have equations, plasticity and masks of their own.
"""

from typing import TYPE_CHECKING

from .delays import arrival
from .projections import KINDS, source_of, targets_of
from .removed import MASK
from .timestep import Phase, forward_order, place

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["add_further"]

#: Besides the forward synapses.
_KINDS = [kind for kind in KINDS if kind != "forward"]


def add_further(net: "FeedbackNetwork") -> None:
    """Add all further projections of a model."""
    for kind in _KINDS:
        for layer in targets_of(net, kind):
            _add(net, kind, layer)


def _add(net: "FeedbackNetwork", kind: str, layer: int) -> None:
    """Add the projection of one kind onto a layer."""
    source = source_of(kind, layer)
    given = {
        part: name
        for part in ("synapse", "transmit", "learn", "mask")
        if (net.model.get(name := net.string(f"{kind}_{part}", layer))) is not None
    }
    strings = [given["synapse"]] if "synapse" in given else []
    if "mask" in given:
        strings.append("sparse_synapse")
    learns = net.learns(layer) and "learn" in given and net.model[given["learn"]]
    on_pre = {"transmit": [given["transmit"]]}
    if learns:
        on_pre["learn"] = [given["learn"]]
    variables = net.model.equations(*strings).names
    synapses = net.add_projection(
        f"{kind}_{layer}",
        net.layers[source],
        net.layers[layer],
        strings,
        layer=layer,
        on_pre=on_pre,
        on_event=arrival(net, kind, layer, on_pre),
        # One weight at least is known by its mask.
        weights=[name for name in ("W",) if name in variables] or [MASK],
        may_lack="mask" in given,
    )
    # The synapses between neighbours have the same phase, and a name that comes before.
    phase = Phase.LATERAL if source == layer else Phase.GATHER
    place(synapses.transmit, "forward", forward_order(layer, phase))
    net.strings_of[synapses.transmit.name] = [given["transmit"]]
    if learns:
        order = 7 * layer + 4 + (kind == "skip")
        net.gates[place(synapses.learn, "plasticity", order).name] = layer
        net.strings_of[synapses.learn.name] = [given["learn"]]
    net.further[kind, layer] = synapses
