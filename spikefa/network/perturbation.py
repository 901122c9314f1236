"""Building what node perturbation needs: a second, noisy pass and a reward.

The strings are in `spikefa.models.rate`. The noisy pass has no formulas of its own:
those of the transfer function and of the error are taken with other names for their
variables.
"""

from functools import partial

import numpy as np
from brian2 import Equations, NeuronGroup, linked_var

from .groups import connect_all
from .timestep import BACKWARD_GATE, Phase, backward_order, place

__all__ = ["add_deltas", "noisy_equations"]


def noisy_equations(net, layer):
    """Equations that a layer has in addition, for the noisy pass.

    Parameters
    ----------
    net : FeedbackNetwork
    layer : int

    Returns
    -------
    equations : Equations
    """
    if layer == 0:
        return net.model.equations("noisy_input")
    transfer = net.model[net.architecture.transfer(layer)]
    renamed = Equations(
        transfer, h="h_noisy", phi="phi_undisturbed", psi="psi_undisturbed"
    )
    return net.model.equations("noisy_neuron") + renamed


def add_deltas(net, make_group):
    """Add error neurons for both passes, the reward, and deltas made of it.

    Parameters
    ----------
    net : FeedbackNetwork
    make_group : callable
        Creates a NeuronGroup in its place in the time step.
    """
    reward = _add_reward(net, _add_errors(net, make_group))
    for layer in range(1, net.n_layers + 1):
        group = make_group(
            net,
            net.architecture.layer_sizes[layer],
            ["perturbed_delta", "third_factor"],
            "reward : 1 (linked)\nnoise : 1 (linked)",
            f"delta_{layer}",
            "backward",
            # A layer above the output, as it were: the reward comes first.
            lambda phase, layer=layer: backward_order(layer, net.n_layers + 1, phase),
        )
        group.reward = linked_var(reward, "reward")
        group.noise = linked_var(net.layers[layer], "noise")
        net.layers[layer].third_factor = linked_var(group, "third_factor")
        net.gates[group.subexpression_updater.name] = BACKWARD_GATE
        net.deltas.append(group)


def _add_errors(net, make_group):
    """Add neurons with the errors of both passes."""
    arch, last = net.architecture, net.n_layers
    error = net.model["error_neuron"]
    group = make_group(
        net,
        arch.layer_sizes[-1],
        ["vector_target" if arch.vector_target else "target"],
        Equations("phi : 1 (linked)\nphi_noisy : 1 (linked)")
        + Equations(error, delta="error")
        + Equations(error, delta="error_noisy", phi="phi_noisy"),
        "errors",
        "backward",
        partial(backward_order, last, last),
    )
    for name in ("phi", "phi_noisy"):
        setattr(group, name, linked_var(net.layers[last], name))
    if not arch.vector_target:
        group.class_index = np.arange(len(group)) // (len(group) // arch.n_classes)
    net.gates[group.subexpression_updater.name] = BACKWARD_GATE
    return group


def _add_reward(net, errors):
    """Add the one number that all neurons learn from."""
    group = NeuronGroup(1, "reward : 1", name="reward")
    synapses = connect_all(
        net.architecture,
        errors,
        group,
        net.model.equations("reward"),
        name="judgement",
        namespace=net.namespace,
    )
    updater = synapses.summed_updaters["reward_post"]
    place(updater, "backward", backward_order(net.n_layers, net.n_layers, Phase.SPIKE))
    net.gates[updater.name] = BACKWARD_GATE
    net.blame[updater.name] = ["reward"]
    net.brian_network.add(group, synapses)
    return group
