"""Neurons of the input and of the layers above it."""

from functools import partial

from brian2 import Equations, NeuronGroup, have_same_dimensions

from .network import FeedbackNetwork
from .timestep import Phase, forward_order, place

__all__ = ["add_input", "add_layer"]


def _add_spikes(
    net: FeedbackNetwork,
    group: NeuronGroup,
    layer: int,
    threshold: str | None,
    reset: str,
) -> None:
    """Place threshold and reset of a spiking group."""
    if threshold is None or "spike" not in group.thresholder:
        return
    order = partial(forward_order, layer)
    place(group.thresholder["spike"], "forward", order(Phase.SPIKE))
    net.strings_of[group.thresholder["spike"].name] = [threshold]
    place(group.resetter.get("spike"), "forward", order(Phase.RESET))
    if "spike" in group.resetter:
        net.strings_of[group.resetter["spike"].name] = [reset]


def add_input(net: FeedbackNetwork) -> None:
    model = net.model
    spikes = model["input_spike"] is not None
    group = net.add_neurons(
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


def add_layer(net: FeedbackNetwork, layer: int) -> None:
    model = net.model
    of_layer = partial(model.of_layer, layer=layer, n_layers=net.n_layers)
    spike, reset = net.spike_string(layer), of_layer("reset")
    extra = "third_factor : 1 (linked)" if net.learns(layer) else ""
    of_route = net.rule.route.neuron_equations(net, layer)
    if isinstance(of_route, str):
        of_route = Equations(of_route)
    group = net.add_neurons(
        net.architecture.layer_sizes[layer],
        [of_layer("psp_neuron"), net.transfer_string(layer)],
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
            net.strings_of[updater.name] = [
                *net.strings_of[updater.name],
                of_layer("refractory"),
            ]
    if not net.rate:  # summed variables start from zero by themselves
        name = f"layer_{layer}_clear"
        net.strings_of[name] = net.strings_of[group.name]
        group.run_regularly(
            "drive = 0" if have_same_dimensions(group.drive, 1) else "drive -= drive",
            when="forward",
            order=forward_order(layer, Phase.CLEAR),
            name=name,
        )
    net.layers.append(group)
