"""Neurons of the input and of the layers above it."""

from functools import partial
from typing import Any

from brian2 import Equations, NeuronGroup, have_same_dimensions, second
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION

from ..equations.explanations import words
from ..errors import InputError
from .delays import arrivals, past_feedback, past_spikes, remember_spikes, with_memory
from .image_events import add_neuron_statements, image_events
from .layer_sums import add_sums
from .network import FeedbackNetwork
from .outcome import declared
from .projections import part_of, words_at
from .timestep import Phase, forward_order, place

__all__ = ["add_input", "add_layer"]

_OF_INPUT: tuple[str, ...] = ("input_neuron", "input_spike", "input_reset")
_OF_INPUT += ("input_refractory", "input_on_image")


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
    if "spike" in group.resetter and reset in net.model:
        net.strings_of[group.resetter["spike"].name] = [reset]


def _own_words(net: FeedbackNetwork, layer: int) -> set[str]:
    """Names that the strings of the neurons of a layer use."""
    bases = ("psp_neuron", "spike", "reset", "refractory", "on_image")
    strings = [net.model.of_layer(base, layer, net.n_layers) for base in bases]
    strings.append(net.transfer_string(layer))
    summed = words(net.model.get(net.string("layer_sum", layer)))
    own = {word.removesuffix("_pre") for word in summed}
    return own.union(*(words(net.model.get(name)) for name in strings))


#: Strings of forward synapses that others do not have.
_OF_FORWARD: tuple[str, ...] = ("decay", "sparse_learn", "learn_post", "learn_step")
_OF_FORWARD += ("synapse_on_image",)


def _synapse_words(net: FeedbackNetwork, kind: str, layer: int) -> set[str]:
    """Names that the strings of a projection onto a layer use."""
    parts = ("synapse", "transmit", "learn")
    strings = [net.string(part_of(kind, part), layer) for part in parts]
    if kind == "forward":
        strings += [net.string(base, layer) for base in _OF_FORWARD]
        strings += net.rule.route.strings
    return set().union(*(words(net.model.get(name)) for name in strings))


def _refractory(
    net: FeedbackNetwork, layer: int, own: set[str], refractory: Any
) -> Any:
    """Let neurons know when they spiked last, refractory or not, if a string asks."""
    used = own | words_at(net, layer, partial(_synapse_words, net))
    if layer:
        used |= words(net.model[net.string("learn_bias", layer)])
    asked = {"lastspike", "not_refractory"}
    return 0 * second if refractory is False and asked & used else refractory


def _note_error_inputs(net: FeedbackNetwork, layer: int, own: set[str]) -> None:
    """Note the variables by which a layer hears of the error, if its strings do."""
    used = own | words_at(net, layer, partial(_sent, net))
    of_error = {"third_factor": f"delta_{layer}", "feedback": f"layer_{layer}"}
    for variable, owner in of_error.items():
        if variable in used and net.learns(layer):
            if not net.architecture.evaluate_once:
                raise InputError(
                    f"evaluate_once=False: layer {layer} uses {variable}, which has to "
                    "be stored to be 0 in tests"
                )
            net.error_inputs.append(f"{owner}.{variable}")


def _of_further(net: FeedbackNetwork, layer: int) -> set[str]:
    """Names of a layer that lateral and skip projections use, not to learn alone."""

    def used(kind: str, target: int) -> set[str]:
        return set() if kind == "forward" else _sent(net, kind, target)

    return words_at(net, layer, used)


def _sent(net: FeedbackNetwork, kind: str, layer: int) -> set[str]:
    """Names that a projection onto a layer uses in tests too, not to learn alone."""
    model, synapse = net.model, net.string(part_of(kind, "synapse"), layer)
    found = words(model[net.string(part_of(kind, "transmit"), layer)])
    if kind == "forward":
        found |= words(model.get(net.string("synapse_on_image", layer)))
    given = [synapse] if synapse in model else []
    equations = list(model.equations(*given).values())
    for eq in equations:
        if eq.type == DIFFERENTIAL_EQUATION or "summed" in eq.flags:
            found |= eq.identifiers
    for _ in equations:  # one formula may be made of another
        for eq in equations:
            if eq.type == SUBEXPRESSION and eq.varname in found:
                found |= eq.identifiers
    return found


def _as_equations(route: Any, net: FeedbackNetwork, layer: int) -> Equations:
    """Equations that a route adds to the neurons of a layer."""
    found = route.neuron_equations(net, layer)
    return Equations(found) if isinstance(found, str) else found


def add_input(net: FeedbackNetwork) -> None:
    model = net.model
    spikes = model["input_spike"] is not None
    group = net.add_neurons(
        net.architecture.layer_sizes[0],
        ["input_neuron"],
        Equations(declared(net) + past_spikes(net, 0))
        + _as_equations(net.rule.route, net, 0),
        "layer_0",
        "forward",
        partial(forward_order, 0),
        threshold=model["input_spike"],
        reset=with_memory(net, 0, model.get("input_reset")) if spikes else None,
        refractory=_refractory(
            net,
            0,
            set().union(*(words(model.get(name)) for name in _OF_INPUT)),
            model.get("input_refractory", False) if spikes else False,
        ),
        method=model.get("input_method"),
        events=image_events(net, 0) | arrivals(net, 0),
    )
    _add_spikes(net, group, 0, "input_spike", "input_reset")
    add_neuron_statements(net, group, 0)
    remember_spikes(net, group, 0)
    net.layers.append(group)


def add_layer(net: FeedbackNetwork, layer: int) -> None:
    model = net.model
    of_layer = partial(model.of_layer, layer=layer, n_layers=net.n_layers)
    spike, reset = net.spike_string(layer), of_layer("reset")
    own = _own_words(net, layer)
    extra = "third_factor : 1 (linked)\n" if net.learns(layer) else ""
    if not net.learns(layer) and "third_factor" in own | _of_further(net, layer):
        extra = "third_factor : 1 (constant)\n"  # stays 0: nothing teaches this layer
    of_route = _as_equations(net.rule.route, net, layer)
    group = net.add_neurons(
        net.architecture.layer_sizes[layer],
        [of_layer("psp_neuron"), net.transfer_string(layer)],
        Equations(extra + declared(net) + past_spikes(net, layer))
        + of_route
        + past_feedback(net, layer, of_route),
        f"layer_{layer}",
        "forward",
        partial(forward_order, layer),
        layer=layer,
        threshold=net.model_of(layer)[spike] if spike else None,
        reset=with_memory(net, layer, net.model_of(layer)[reset]) if spike else None,
        refractory=_refractory(
            net, layer, own, model[of_layer("refractory")] if spike else False
        ),
        method=model.get(of_layer("method")),
        events=image_events(net, layer) | arrivals(net, layer),
    )
    _add_spikes(net, group, layer, spike, reset)
    add_neuron_statements(net, group, layer)
    remember_spikes(net, group, layer)
    if spike and isinstance(model[of_layer("refractory")], str):
        for updater in (group, group.state_updater):  # it is part of their code
            net.strings_of[updater.name] = [
                *net.strings_of[updater.name],
                of_layer("refractory"),
            ]
    _note_error_inputs(net, layer, own)
    if not net.rate:  # summed variables start from zero by themselves
        net.computed.add(f"layer_{layer}.drive")
        name = f"layer_{layer}_clear"
        net.strings_of[name] = net.strings_of[group.name]
        group.run_regularly(
            "drive = 0" if have_same_dimensions(group.drive, 1) else "drive -= drive",
            when="forward",
            order=forward_order(layer, Phase.CLEAR),
            name=name,
        )
    net.layers.append(group)
    add_sums(net, group, layer)
