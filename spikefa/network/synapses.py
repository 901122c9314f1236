"""Synapses: plastic forward projections and fixed feedback projections."""

import numpy as np
from brian2 import Equations, prefs
from brian2.devices.device import RuntimeDevice, get_device

from .architecture import GRID_STEPS
from .groups import connect_all
from .neurons import fed_by_forward_synapses
from .precision import double_types
from .timestep import BACKWARD_GATE, Phase, backward_order, forward_order, place

__all__ = ["add_feedback", "add_forward"]


def add_forward(net, layer):
    """Add the synapses onto a layer, and the plasticity of its biases."""
    model, learns = net.model, net.learns(layer)
    source, target = net.layers[layer - 1], net.layers[layer]
    strings, extra, on_pre = ["plastic_synapse"], "", {}
    if not learns:
        strings, extra = [], "W : 1"
    if learns and net.architecture.sparse:
        strings.append("sparse_synapse")
    if net.rule.perturbs:
        strings.append("transmit_noisy")
    if net.rate:
        strings.append("transmit")
    else:
        on_pre["transmit"] = model["transmit"]
        if learns:
            on_pre["learn"] = model[_learn_string(net)]
    if fed_by_forward_synapses(net, layer - 1) and layer > 1:
        extra += "\n" + net.rule.synapse
    name = f"forward_{layer}"
    net.blame[name] = [*strings, *on_pre, net.rule.name]
    with model.blamed(*net.blame[name]):
        equations = model.equations(*strings) + Equations(extra)
        synapses = connect_all(
            net.architecture,
            source,
            target,
            equations,
            name=name,
            namespace=net.namespace,
            on_pre=on_pre,
            dtype=double_types(net, equations),
        )
    gather = forward_order(layer, Phase.GATHER)
    if net.rate:
        _place_updater(net, synapses.summed_updaters["drive_post"], "forward", gather)
    else:
        _place_updater(net, synapses.transmit, "forward", gather, ["transmit"])
    if net.rule.perturbs:
        updater = synapses.summed_updaters["drive_noisy_post"]
        _place_updater(net, updater, "forward", gather, ["transmit_noisy"])
        net.gates[updater.name] = BACKWARD_GATE
    if learns:
        _add_plasticity(net, layer, synapses)
    if "feedback_pre" in synapses.summed_updaters:
        updater = synapses.summed_updaters["feedback_pre"]
        order = backward_order(layer - 1, net.n_layers, Phase.GATHER)
        _place_updater(net, updater, "backward", order, [net.rule.name])
        net.gates[updater.name] = BACKWARD_GATE
    net.forward.append(synapses)
    net.brian_network.add(synapses)


def _learn_string(net):
    return "sparse_learn" if net.architecture.sparse else "learn"


def _place_updater(net, updater, slot, order, blame=("transmit",)):
    place(updater, slot, order)
    net.blame[updater.name] = list(blame)


def _add_plasticity(net, layer, synapses):
    """Place the learning pathway, the learning of biases and the decay of both."""
    model, group, order = net.model, net.layers[layer], 2 * layer
    regular = {}
    if net.rate:
        regular["learn"] = synapses.run_regularly(
            model[_learn_string(net)],
            when="plasticity",
            order=order,
            name=f"learn_{layer}",
        )
    else:
        regular["learn"] = place(synapses.learn, "plasticity", order)
    if net.architecture.biases:
        regular["learn_bias"] = group.run_regularly(
            model["learn_bias"],
            when="plasticity",
            order=order,
            name=f"learn_bias_{layer}",
        )
    decaying = {"decay": synapses}
    if net.architecture.biases:
        decaying["decay_bias"] = group
    for string, owner in decaying.items():
        if not net.decay_rates[string]:
            continue
        regular[string] = owner.run_regularly(
            model[string],
            clock=net.decay_clock,
            when="plasticity",
            order=order + 1,
            name=f"{string}_{layer}",
        )
    for string, runner in regular.items():
        net.blame[runner.name] = [string]
        net.gates[runner.name] = layer


def _on_a_grid(equations, namespace, bits):
    """Store B as small integers and turn B itself into a subexpression of them.

    The rest of the user's equations stays as it is.
    """
    limit = 2 ** (bits - 1) - 1
    step = namespace["feedback_range"] / limit
    namespace["feedback_step"] = prefs.core.default_float_dtype(step)
    others = [eq for eq in equations.values() if eq.varname != "B"]
    grid = f"""
    {GRID_STEPS} : integer (constant)
    B = feedback_step*{GRID_STEPS} : 1
    """
    return Equations(grid) + Equations(others)


def _grid_dtype(bits):
    # Brian2's Cython target knows no integers smaller than 32 bits.
    at_runtime = isinstance(get_device(), RuntimeDevice)
    return np.int32 if at_runtime else np.dtype(f"int{bits}").type


def add_feedback(net, layer):
    """Add the fixed synapses that end on the delta neurons of a hidden layer."""
    if net.rule.route not in ("chain", "direct"):
        return
    source = net.n_layers if net.rule.route == "direct" else layer + 1
    name = f"feedback_{layer}"
    equations = net.model.equations("feedback_synapse")
    if net.architecture.feedback_bits < 32:
        equations = _on_a_grid(equations, net.namespace, net.architecture.feedback_bits)
    with net.model.blamed("feedback_synapse"):
        synapses = connect_all(
            net.architecture,
            net.deltas[source],
            net.deltas[layer],
            equations,
            name=name,
            namespace=net.namespace,
            dtype={GRID_STEPS: _grid_dtype(net.architecture.feedback_bits)}
            | double_types(net, equations),
        )
    updater = synapses.summed_updaters["feedback_post"]
    order = backward_order(layer, net.n_layers, Phase.GATHER)
    _place_updater(net, updater, "backward", order, ["feedback_synapse"])
    net.gates[updater.name] = BACKWARD_GATE
    net.blame[name] = ["feedback_synapse"]
    net.feedback[layer] = synapses
    net.brian_network.add(synapses)
