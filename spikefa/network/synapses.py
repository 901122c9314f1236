"""The forward synapses, and the plasticity of their weights and of the biases."""

from collections.abc import Sequence
from typing import Any

from brian2 import Synapses

from ..errors import ModelError
from .delays import arrival
from .image_events import EVENT, place_synapse_statements, synapse_string
from .initial_values import gives
from .network import FeedbackNetwork
from .removed import MASK, masked_equations
from .timestep import Phase, forward_order, place

__all__ = ["add_forward"]


def add_forward(net: FeedbackNetwork, layer: int) -> None:
    """Add the synapses onto a layer, and the plasticity of its biases."""
    route, learns = net.rule.route, net.learns(layer)
    name, on_pre, on_post = f"forward_{layer}", {}, {}
    transmit = net.string("transmit", layer)
    strings = [net.string("plastic_synapse", layer)]
    masked = net.model.get(net.string("mask", layer)) is not None
    if masked or (net.architecture.sparse and (learns or gives(net.model, MASK))):
        strings.append("sparse_synapse")
    if net.rate:
        strings.append(transmit)
    else:
        on_pre["transmit"] = [transmit]
        if learns:
            on_pre["learn"] = _learn_strings(net, layer)
        if learns and (learn_post := _learn_post(net, layer)):
            on_post["learn_post"] = [learn_post]
    on_event = arrival(net, "forward", layer, on_pre)
    if on_image := synapse_string(net, layer):
        on_pre[EVENT], on_event[EVENT] = [on_image], EVENT
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
        layer=layer,
        on_pre=on_pre,
        on_post=on_post,
        on_event=on_event,
        read_bits=net.architecture.weight_bits if learns else 32,
        # What learns together stays, or is removed, together.
        weights=("W", *(where.variable for where in feedback if where.plastic)),
        may_lack=net.may_lack(layer),
        # Neurons that do not learn have no third factor.
        without=() if learns else ("third_factor_pre", "third_factor_post"),
    )
    gather = forward_order(layer, Phase.GATHER)
    if net.rate:
        net.place_summed(synapses, "drive_post", "forward", gather, [transmit])
    else:
        place(synapses.transmit, "forward", gather)
        net.strings_of[synapses.transmit.name] = [transmit]
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
    return [net.learn_string(layer), *net.rule.route.learn_strings(net, layer)]


def _learn_post(net: FeedbackNetwork, layer: int) -> str | None:
    """Name the plasticity on postsynaptic spikes, if there are such spikes."""
    name = net.string("learn_post", layer)
    return name if net.spike_string(layer) and net.model.get(name) else None


def _add_plasticity(net: FeedbackNetwork, layer: int, synapses: Synapses) -> None:
    """Place what synapses and biases of a layer learn, and then their decay.

    In this order: on presynaptic spikes, on postsynaptic ones, in every step; biases;
    further projections; decay.
    """
    group, first, last = net.layers[layer], 7 * layer, 6
    biases, learn = net.architecture.biases, _learn_strings(net, layer)
    learn_step = net.string("learn_step", layer)
    regular: dict[str, tuple[Any, list[str], int]] = {}
    placed = []
    if net.rate:
        regular["learn"] = synapses, learn, 0
    else:
        placed.append((place(synapses.learn, "plasticity", first), learn))
    if not net.rate and (learn_post := _learn_post(net, layer)):
        runner = place(synapses.learn_post, "plasticity", first + 1)
        placed.append((runner, [learn_post]))
    if net.model.get(learn_step):
        regular["learn_step"] = synapses, [learn_step], 2
    if biases:
        regular["learn_bias"] = group, [net.string("learn_bias", layer)], 3
    decaying = [net.string("decay", layer), *net.rule.route.decay_strings(net, layer)]
    regular["decay"] = synapses, decaying, last
    if biases:
        regular["decay_bias"] = group, [net.string("decay_bias", layer)], last
    for name, (owner, strings, order) in regular.items():
        if order == last:
            strings = [string for string in strings if net.decay_rates[string]]
        if not strings:
            continue
        runner = owner.run_regularly(
            net.statements(owner, strings, layer),
            clock=net.decay_clock if order == last else None,
            when="plasticity",
            order=first + order,
            name=f"{name}_{layer}",
        )
        placed.append((runner, strings))
    for runner, strings in placed:
        net.strings_of[runner.name] = strings
        net.gates[runner.name] = layer
