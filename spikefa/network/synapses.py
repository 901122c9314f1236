"""Synapses: plastic forward projections, and those that a route adds."""

import numpy as np
from brian2 import Equations, prefs
from brian2.devices.device import RuntimeDevice, get_device

from ..dense.subexpressions import written_out
from .architecture import GRID_STEPS
from .groups import connect_all
from .precision import double_types
from .timestep import Phase, forward_order, place

__all__ = ["add_forward", "add_projection", "place_summed"]


def add_projection(
    net,
    name,
    source,
    target,
    strings,
    *,
    extra="",
    on_pre=(),
    on_grid=False,
    read_bits=32,
):
    """Connect all neurons of two groups.

    Parameters
    ----------
    net : FeedbackNetwork
    name : str
    source, target : NeuronGroup
    strings : sequence of str
        Names of the model strings that make up its equations.
    extra : str, optional
        Further equations.
    on_pre : dict, optional
        For each pathway the names of the statements that run on a spike.
    on_grid : bool, optional
        Whether the fixed weights B are stored in the bits of the architecture.
    read_bits : {32, 16}, optional
        Bits of a plastic weight that spikes read.

    Returns
    -------
    projection : DenseSynapses or Synapses
    """
    model, on_pre = net.model, dict(on_pre)
    statements = [text for names in on_pre.values() for text in names]
    net.blame[name] = [*strings, *statements]
    with model.blamed(*net.blame[name]):
        equations = model.equations(*strings) + Equations(extra)
        if on_grid:
            equations = _on_a_grid(net, equations)
        dtype = double_types(net, equations)
        if on_grid:
            dtype[GRID_STEPS] = _grid_dtype(net.architecture.feedback_bits)
        synapses = connect_all(
            net.architecture,
            source,
            target,
            equations,
            name=name,
            namespace=net.namespace,
            on_pre={
                pathway: written_out(joined(model, names), equations)
                for pathway, names in on_pre.items()
            },
            dtype=dtype,
            read_bits=read_bits,
        )
    net.brian_network.add(synapses)
    return synapses


def joined(model, names):
    """Join statements of the model, each on lines of its own."""
    return "\n".join(model[name] for name in names)


def place_summed(net, synapses, variable, slot, order, strings, gate=None):
    """Give what sums a variable its place in the time step.

    Parameters
    ----------
    net : FeedbackNetwork
    synapses : DenseSynapses or Synapses
    variable : str
        Such as ``"feedback_post"``.
    slot, order
        See `spikefa.network.timestep`.
    strings : sequence of str
        Names of the model strings that are behind it.
    gate : int, optional
        What has to be open for it to run.
    """
    updater = place(synapses.summed_updaters[variable], slot, order)
    net.blame[updater.name] = list(strings)
    if gate is not None:
        net.gates[updater.name] = gate


def add_forward(net, layer):
    """Add the synapses onto a layer, and the plasticity of its biases."""
    route, learns = net.rule.route, net.learns(layer)
    strings, extra, on_pre = ["plastic_synapse"], "", {}
    if not learns:
        strings, extra = [], "W : 1"
    if learns and net.architecture.sparse:
        strings.append("sparse_synapse")
    if net.rate:
        strings.append("transmit")
    else:
        on_pre["transmit"] = ["transmit"]
        if learns:
            on_pre["learn"] = _learn_strings(net, layer)
    strings.extend(route.forward_strings(net, layer))
    source, target = net.layers[layer - 1], net.layers[layer]
    synapses = add_projection(
        net,
        f"forward_{layer}",
        source,
        target,
        strings,
        extra=extra,
        on_pre=on_pre,
        read_bits=net.architecture.weight_bits if learns else 32,
    )
    gather = forward_order(layer, Phase.GATHER)
    if net.rate:
        place_summed(net, synapses, "drive_post", "forward", gather, ["transmit"])
    else:
        place(synapses.transmit, "forward", gather)
        net.blame[synapses.transmit.name] = ["transmit"]
    if learns:
        _add_plasticity(net, layer, synapses)
    route.place_forward(net, layer, synapses)
    net.forward.append(synapses)


def _learn_strings(net, layer):
    own = "sparse_learn" if net.architecture.sparse else "learn"
    return [own, *net.rule.route.learn_strings(net, layer)]


def _add_plasticity(net, layer, synapses):
    """Place the learning pathway, the learning of biases and the decay of both."""
    model, group, order = net.model, net.layers[layer], 2 * layer
    regular, biases = {}, net.architecture.biases
    learn = _learn_strings(net, layer)
    if net.rate:
        runner = synapses.run_regularly(
            joined(model, learn), when="plasticity", order=order, name=f"learn_{layer}"
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
            joined(model, strings),
            clock=clock,
            when="plasticity",
            order=order + (clock is not None),
            name=f"{name}_{layer}",
        )
        placed.append((runner, strings))
    for runner, strings in placed:
        net.blame[runner.name] = strings
        net.gates[runner.name] = layer


def _on_a_grid(net, equations):
    """Let B be a number of steps; the rest of the user's equations stays as it is."""
    limit = 2 ** (net.architecture.feedback_bits - 1) - 1
    step = net.namespace["feedback_range"] / limit
    net.namespace["feedback_step"] = prefs.core.default_float_dtype(step)
    others = [eq for eq in equations.values() if eq.varname != "B"]
    return net.model.equations("feedback_grid") + Equations(others)


def _grid_dtype(bits):
    # Brian2's Cython target knows no integers smaller than 32 bits.
    at_runtime = isinstance(get_device(), RuntimeDevice)
    return np.int32 if at_runtime else np.dtype(f"int{bits}").type
