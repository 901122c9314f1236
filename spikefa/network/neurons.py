"""Neurons: input, forward and backward populations, in their place in the time step."""

from functools import partial

from brian2 import Equations, NeuronGroup, have_same_dimensions, linked_var
from brian2.equations.equations import SUBEXPRESSION, SingleEquation

from ..dense.neurons import neuron_code_object_class
from .precision import double_types
from .timestep import BACKWARD_GATE, Phase, backward_order, forward_order, place

__all__ = [
    "add_delta",
    "add_input",
    "add_layer",
    "neuron_group",
    "spike_string",
    "transfer_string",
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


def neuron_group(
    net,
    size,
    strings,
    extra,
    name,
    slot,
    order,
    *,
    gate=None,
    linked=None,
    method=None,
    **kwds,
):
    """Create a NeuronGroup and put its updaters into their place in the time step.

    Parameters
    ----------
    net : FeedbackNetwork
    size : int
    strings : sequence of str
        Names of the model strings that make up its equations.
    extra : str or Equations
        Further equations.
    name : str
    slot : str
        Of `SCHEDULE`.
    order : callable
        Takes a `Phase`, returns the order within the slot.
    gate : int, optional
        What has to be open for its updaters to run.
    linked : dict, optional
        Variables that are those of the same name of another group.
    method : str, optional
        Of integration; Brian2's own choice otherwise.
    **kwds
        For `~brian2.groups.neurongroup.NeuronGroup`.

    Returns
    -------
    group : NeuronGroup
    """
    linked = linked or {}
    if method is not None:
        kwds["method"] = method
    with net.model.blamed(*strings):
        extra = Equations(extra) if isinstance(extra, str) else extra
        equations = net.model.equations(*strings) + extra
        equations += Equations("".join(f"{var} : 1 (linked)\n" for var in linked))
        if net.architecture.evaluate_once:
            equations = _evaluate_late(equations)
        group = NeuronGroup(
            size,
            equations,
            namespace=net.namespace,
            name=name,
            codeobj_class=neuron_code_object_class(net.architecture.engine),
            dtype=double_types(net, equations),
            **kwds,
        )
    place(group.state_updater, slot, order(Phase.INTEGRATE))
    place(group.subexpression_updater, slot, order(Phase.EVALUATE))
    for updater in (group, group.state_updater, group.subexpression_updater):
        if updater is not None:
            net.blame[updater.name] = strings
            if gate is not None and updater is not group:
                net.gates[updater.name] = gate
    for variable, owner in linked.items():
        setattr(group, variable, linked_var(owner, variable))
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
        net.rule.route.neuron_equations(net, 0),
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


def transfer_string(net, layer):
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
    of_layer = partial(model.of_layer, layer=layer, n_layers=net.n_layers)
    spike, reset = spike_string(net, layer), of_layer("reset")
    extra = "third_factor : 1 (linked)" if net.learns(layer) else ""
    of_route = net.rule.route.neuron_equations(net, layer)
    if isinstance(of_route, str):
        of_route = Equations(of_route)
    group = neuron_group(
        net,
        net.architecture.layer_sizes[layer],
        [of_layer("psp_neuron"), transfer_string(net, layer)],
        Equations(extra) + of_route,
        f"layer_{layer}",
        "forward",
        partial(forward_order, layer),
        threshold=model[spike] if spike else None,
        reset=(model[reset] or None) if spike else None,
        refractory=model[of_layer("refractory")] if spike else False,
        method=model.get(of_layer("method")),
    )
    _add_spikes(net, group, layer, spike, reset)
    if spike and isinstance(model[of_layer("refractory")], str):
        for updater in (group, group.state_updater):  # it is part of their code
            net.blame[updater.name] = [*net.blame[updater.name], of_layer("refractory")]
    if not net.rate:  # summed variables start from zero by themselves
        name = f"layer_{layer}_clear"
        net.blame[name] = net.blame[group.name]
        group.run_regularly(
            "drive = 0" if have_same_dimensions(group.drive, 1) else "drive -= drive",
            when="forward",
            order=forward_order(layer, Phase.CLEAR),
            name=name,
        )
    net.layers.append(group)


def add_delta(net, layer):
    """Add the error neurons, or the delta neurons of a layer that learns."""
    if not net.learns(layer):
        net.deltas.append(None)
        return
    arch, last = net.architecture, layer == net.n_layers
    if last:
        target = "vector_target" if arch.vector_target else "target"
        strings, extra = [target, "error_neuron"], ""
    else:
        strings = [net.model.of_layer("delta_neuron", layer, net.n_layers)]
        extra = net.rule.route.delta_equations(net, layer)
    group = neuron_group(
        net,
        arch.layer_sizes[layer],
        [*strings, net.model.of_layer("third_factor", layer, net.n_layers)],
        extra,
        f"delta_{layer}",
        "backward",
        partial(backward_order, layer, net.n_layers),
        gate=BACKWARD_GATE,
        linked={"phi": net.layers[layer]} if last else None,
        method=net.model.get("delta_method"),
    )
    if last and not arch.vector_target:
        group.class_index = arch.class_of_outputs
    net.layers[layer].third_factor = linked_var(group, "third_factor")
    net.deltas.append(group)
