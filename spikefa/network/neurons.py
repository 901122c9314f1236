"""Neurons: input, forward and backward populations, in their place in the time step."""

from functools import partial

import numpy as np
from brian2 import Equations, NeuronGroup, linked_var
from brian2.equations.equations import SUBEXPRESSION, SingleEquation

from ..dense.neurons import neuron_code_object_class
from .perturbation import noisy_equations
from .timestep import BACKWARD_GATE, Phase, backward_order, forward_order, place

__all__ = [
    "add_delta",
    "add_input",
    "add_layer",
    "fed_by_forward_synapses",
    "neuron_group",
    "spike_string",
]


def _evaluate_late(equations):
    """Mark what the integration does not need as constant over a time step.

    Brian2 then evaluates phi and psi once per neuron, where the time step says so,
    instead of once per synapse.
    """
    needed = {
        dependency.equation.varname
        for name in equations.diff_eq_names
        for dependency in equations.dependencies[name]
    }
    marked = []
    for eq in equations.values():
        if eq.type == SUBEXPRESSION and eq.varname not in needed and not eq.flags:
            eq = SingleEquation(
                eq.type,
                eq.varname,
                eq.dim,
                var_type=eq.var_type,
                expr=eq.expr,
                flags=["constant over dt"],
            )
        marked.append(eq)
    return Equations(marked)


def neuron_group(net, size, strings, extra, name, slot, order, method=None, **kwds):
    """Create a NeuronGroup and put its updaters into their place of the sweep."""
    if method is not None:  # Brian2's own choice otherwise
        kwds["method"] = method
    with net.model.blamed(*strings):
        extra = Equations(extra) if isinstance(extra, str) else extra
        equations = net.model.equations(*strings) + extra
        if net.architecture.evaluate_once:
            equations = _evaluate_late(equations)
        group = NeuronGroup(
            size,
            equations,
            namespace=net.namespace,
            name=name,
            codeobj_class=neuron_code_object_class(net.architecture.engine),
            **kwds,
        )
    place(group.state_updater, slot, order(Phase.INTEGRATE))
    place(group.subexpression_updater, slot, order(Phase.EVALUATE))
    for updater in (group, group.state_updater, group.subexpression_updater):
        if updater is not None:
            net.blame[updater.name] = strings
    net.brian_network.add(group)
    return group


def _add_spikes(net, group, layer, threshold, reset):
    """Place threshold and reset of a spiking group."""
    if "spike" not in group.thresholder:
        return
    order = partial(forward_order, layer)
    place(group.thresholder["spike"], "forward", order(Phase.SPIKE))
    net.blame[group.thresholder["spike"].name] = [threshold]
    place(group.resetter.get("spike"), "forward", order(Phase.RESET))
    if "spike" in group.resetter:
        net.blame[group.resetter["spike"].name] = [reset]


def add_input(net):
    model = net.model
    spikes = model["input_spike"] is not None
    group = neuron_group(
        net,
        net.architecture.layer_sizes[0],
        ["input_neuron"],
        noisy_equations(net, 0) if net.rule.perturbs else "",
        "layer_0",
        "forward",
        partial(forward_order, 0),
        threshold=model["input_spike"],
        reset=(model.get("input_reset") or None) if spikes else None,
        refractory=model.get("input_refractory", False) if spikes else False,
        method=model.get("input_method"),
    )
    _add_spikes(net, group, 0, "input_spike", "input_reset")
    net.layers.append(group)


def _transfer_string(net, layer):
    """Name the transfer of a layer: of the architecture, or of the model."""
    name = net.architecture.transfer(layer)
    if name != "transfer":
        return name
    return net.model.of_layer(name, layer, net.n_layers)


def spike_string(net, layer):
    """Name the condition on which a layer spikes, or None.

    The spikes of output neurons are sent nowhere; without a condition of their own
    there are none.
    """
    name = net.model.of_layer("spike", layer, net.n_layers)
    if net.rate or (name == "spike" and layer == net.n_layers):
        return None
    return None if net.model[name] is None else name


def add_layer(net, layer):
    model = net.model
    extra = ""
    if net.learns(layer):
        extra += "third_factor : 1 (linked)\n"
    if fed_by_forward_synapses(net, layer):
        extra += "feedback : 1\n"
    if net.rule.perturbs:
        extra = Equations(extra) + noisy_equations(net, layer)
    of_layer = partial(model.of_layer, layer=layer, n_layers=net.n_layers)
    spike, reset = spike_string(net, layer), of_layer("reset")
    group = neuron_group(
        net,
        net.architecture.layer_sizes[layer],
        [of_layer("psp_neuron"), _transfer_string(net, layer)],
        extra,
        f"layer_{layer}",
        "forward",
        partial(forward_order, layer),
        threshold=model[spike] if spike else None,
        reset=(model[reset] or None) if spike else None,
        refractory=model[of_layer("refractory")] if spike else False,
        method=model.get(of_layer("method")),
    )
    _add_spikes(net, group, layer, spike, reset)
    if not net.rate:  # summed variables start from zero by themselves
        group.run_regularly(
            "drive = 0",
            when="forward",
            order=forward_order(layer, Phase.CLEAR),
            name=f"layer_{layer}_clear",
        )
    net.layers.append(group)


def fed_by_forward_synapses(net, layer):
    return net.rule.route == "forward" and layer < net.n_layers


def add_delta(net, layer):
    net.deltas.append(None)
    if not net.learns(layer):
        return
    arch, last = net.architecture, layer == net.n_layers
    if last:
        target = "vector_target" if arch.vector_target else "target"
        strings, extra = [target, "error_neuron"], "phi : 1 (linked)\n"
    else:
        linked = "(linked)" if fed_by_forward_synapses(net, layer) else ""
        strings = [net.model.of_layer("delta_neuron", layer, net.n_layers)]
        extra = f"feedback : 1 {linked}\n"
    group = neuron_group(
        net,
        arch.layer_sizes[layer],
        [*strings, net.model.of_layer("third_factor", layer, net.n_layers)],
        extra,
        f"delta_{layer}",
        "backward",
        partial(backward_order, layer, net.n_layers),
        method=net.model.get("delta_method"),
    )
    if last:
        group.phi = linked_var(net.layers[layer], "phi")
        if not arch.vector_target:
            group.class_index = np.arange(len(group)) // (len(group) // arch.n_classes)
    elif fed_by_forward_synapses(net, layer):
        group.feedback = linked_var(net.layers[layer], "feedback")
    net.layers[layer].third_factor = linked_var(group, "third_factor")
    for updater in (group.state_updater, group.subexpression_updater):
        if updater is not None:
            net.gates[updater.name] = BACKWARD_GATE
    net.deltas[layer] = group
