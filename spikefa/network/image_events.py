"""What happens when an image begins, before all else in its first time step.

The beginning of an image is an event of neurons, as a spike is one: Brian2 runs
statements of neurons and of synapses on it.
"""

from typing import TYPE_CHECKING

from brian2 import NeuronGroup, Synapses

from .timestep import place

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["EVENT", "add_neuron_statements", "image_events", "neuron_string"]
__all__ += ["place_synapse_statements", "synapse_string"]

#: Name of the event, and of the pathway of synapses that it drives.
EVENT = "image"

#: When it is for all neurons at once; with ``i``, so that there is a value for each.
_CONDITION = "image_step(t) < 0.5 and i >= 0"


def neuron_string(net: "FeedbackNetwork", layer: int) -> str | None:
    """Name the statements of the neurons of a layer, if there are any."""
    name = "input_on_image"
    if layer:
        name = net.string("on_image", layer)
    return name if net.model.get(name) else None


def synapse_string(net: "FeedbackNetwork", layer: int) -> str | None:
    """Name the statements of the synapses onto a layer, if there are any."""
    if not 1 <= layer <= net.n_layers:
        return None
    name = net.string("synapse_on_image", layer)
    return name if net.model.get(name) else None


def image_events(net: "FeedbackNetwork", layer: int) -> dict[str, str]:
    """Return the event of a layer with its condition, nothing if nobody needs it."""
    needed = neuron_string(net, layer) or synapse_string(net, layer + 1)
    return {EVENT: _CONDITION} if needed else {}


def _order(layer: int, part: int) -> int:
    """Order in the slot ``start``: events, statements of neurons, of synapses."""
    return 3 * layer + part


def add_neuron_statements(
    net: "FeedbackNetwork", group: NeuronGroup, layer: int
) -> None:
    """Let neurons have the event, and run their statements on it."""
    name = neuron_string(net, layer)
    if EVENT not in group.events:
        return
    place(group.thresholder[EVENT], "start", _order(layer, 0))
    used = [n for n in (name, synapse_string(net, layer + 1)) if n]
    net.strings_of[group.thresholder[EVENT].name] = used
    if name is None:
        return
    statements = net.model_of(layer or None)[name]
    group.run_on_event(EVENT, statements, when="start", order=_order(layer, 1))
    net.strings_of[group.resetter[EVENT].name] = [name]


def place_synapse_statements(
    net: "FeedbackNetwork", synapses: Synapses, layer: int
) -> None:
    """Give the statements of synapses their place in the time step."""
    if name := synapse_string(net, layer):
        place(getattr(synapses, EVENT), "start", _order(layer - 1, 2))
        net.strings_of[getattr(synapses, EVENT).name] = [name]
