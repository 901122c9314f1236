"""The forward synapses, and the plasticity of their weights and of the biases."""

from collections.abc import Sequence
from typing import Any

from brian2 import Synapses

from ..errors import ModelError
from .image_events import EVENT, place_synapse_statements, synapse_string
from .initial_values import gives
from .network import FeedbackNetwork
from .removed import MASK, masked_equations
from .timestep import Phase, forward_order, place

__all__ = ["add_forward"]


def add_forward(net: FeedbackNetwork, layer: int) -> None:
    """Add the synapses onto a layer, and the plasticity of its biases."""
    route, learns = net.rule.route, net.learns(layer)
    name, strings, on_pre = f"forward_{layer}", ["plastic_synapse"], {}
    if net.architecture.sparse and (learns or gives(net.model, MASK)):
        strings.append("sparse_synapse")
    if net.rate:
        strings.append("transmit")
    else:
        on_pre["transmit"] = ["transmit"]
        if learns:
            on_pre["learn"] = _learn_strings(net, layer)
    if on_image := synapse_string(net, layer):
        on_pre[EVENT] = [on_image]
    strings.extend(route.forward_strings(net, layer))
    source, target = net.layers[layer - 1], net.layers[layer]
    feedback = [p for p in route.feedback_variables(net).values() if p.group == name]
    if net.architecture.sparse:
        _check_removable(net, route.forward_strings(net, layer), feedback)
    synapses = net.add_projection(
        name,
        source,
        target,
        strings,
        on_pre=on_pre,
        on_event={EVENT: EVENT} if EVENT in on_pre else {},
        read_bits=net.architecture.weight_bits if learns else 32,
        # What learns together stays, or is removed, together.
        weights=("W", *(where.variable for where in feedback if where.plastic)),
        # Neurons that do not learn have no third factor.
        without=() if learns else ("third_factor_pre", "third_factor_post"),
    )
    gather = forward_order(layer, Phase.GATHER)
    if net.rate:
        net.place_summed(synapses, "drive_post", "forward", gather, ["transmit"])
    else:
        place(synapses.transmit, "forward", gather)
        net.strings_of[synapses.transmit.name] = ["transmit"]
    place_synapse_statements(net, synapses, layer)
    if learns:
        _add_plasticity(net, layer, synapses)
    route.place_forward(net, layer, synapses)
    net.forward.append(synapses)


def _check_removable(
    net: FeedbackNetwork, strings: Sequence[str], places: Sequence[Any]
) -> None:
    """Refuse fixed feedback weights on forward synapses that send something at 0.

    They are removed independently of the forward weights, whose mask is not theirs.
    """
    equations = net.model.equations(*strings)
    for variable in (where.variable for where in places if not where.plastic):
        if masked_equations(equations, (variable,)) is not equations:
            raise ModelError(
                f"{net.model.where(*strings)}: sends something where {variable} is 0, "
                "so that synapses cannot be removed"
            )


def _learn_strings(net: FeedbackNetwork, layer: int) -> list[str]:
    own = "sparse_learn" if net.architecture.sparse else "learn"
    return [own, *net.rule.route.learn_strings(net, layer)]


def _add_plasticity(net: FeedbackNetwork, layer: int, synapses: Synapses) -> None:
    """Place the learning pathway, the learning of biases and the decay of both."""
    group, order = net.layers[layer], 2 * layer
    biases = net.architecture.biases
    regular: dict[str, tuple[Any, list[str], Any]] = {}
    learn = _learn_strings(net, layer)
    if net.rate:
        runner = synapses.run_regularly(
            net.statements(synapses, learn),
            when="plasticity",
            order=order,
            name=f"learn_{layer}",
        )
    else:
        runner = place(synapses.learn, "plasticity", order)
    placed = [(runner, learn)]
    if biases:
        regular["learn_bias"] = group, ["learn_bias"], None
    decaying = {"decay": (synapses, net.rule.route.decay_strings(net, layer))}
    if biases:
        decaying["decay_bias"] = group, ()
    for name, (owner, of_route) in decaying.items():
        strings = [s for s in (name, *of_route) if net.decay_rates[s]]
        if strings:
            regular[name] = owner, strings, net.decay_clock
    for name, (owner, strings, clock) in regular.items():
        runner = owner.run_regularly(
            net.statements(owner, strings),
            clock=clock,
            when="plasticity",
            order=order + (clock is not None),
            name=f"{name}_{layer}",
        )
        placed.append((runner, strings))
    for runner, strings in placed:
        net.strings_of[runner.name] = strings
        net.gates[runner.name] = layer
