"""Building what node perturbation needs: a second, noisy pass and a reward.

The strings are in `spikefa.models.rate`. The noisy pass has no formulas of its own:
those of the transfer function and of the error are taken with other names for their
variables.
"""

from functools import partial

from ..network.timestep import BACKWARD_GATE, Phase, backward_order

__all__ = ["add_noisy_deltas", "noisy_equations"]


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
    string = net.transfer_string(layer)
    others = {name: f"{name}_undisturbed" for name in net.model.equations(string).names}
    renamed = net.model.renamed(string, h="h_noisy", **others)
    return net.model.equations("noisy_neuron") + renamed


def add_noisy_deltas(net):
    """Add error neurons for both passes, the reward, and deltas made of it.

    Parameters
    ----------
    net : FeedbackNetwork
    """
    reward = _add_reward(net, _add_errors(net))
    for layer in range(1, net.n_layers + 1):
        group = net.add_neurons(
            net.architecture.layer_sizes[layer],
            [
                "perturbed_delta",
                net.model.of_layer("third_factor", layer, net.n_layers),
            ],
            "reward : 1 (linked)\nnoise : 1 (linked)",
            f"delta_{layer}",
            "backward",
            # A layer above the output, as it were: the reward comes first.
            lambda phase, layer=layer: backward_order(layer, net.n_layers + 1, phase),
            gate=BACKWARD_GATE,
        )
        net.link(group, "reward", reward)
        net.link(group, "noise", net.layers[layer])
        net.link(net.layers[layer], "third_factor", group)
        net.deltas.append(group)


def _add_errors(net):
    """Add neurons with the errors of both passes."""
    arch, last = net.architecture, net.n_layers
    names = net.model.equations("error_neuron").names - {"delta"}
    noisy = {name: f"{name}_noisy" for name in (*names, "phi")}
    both_passes = net.model.renamed("error_neuron", delta="error") + net.model.renamed(
        "error_neuron", delta="error_noisy", **noisy
    )
    group = net.add_neurons(
        arch.layer_sizes[-1],
        ["vector_target" if arch.vector_target else "target"],
        both_passes,
        "errors",
        "backward",
        partial(backward_order, last, last),
        gate=BACKWARD_GATE,
        linked={"phi": net.layers[last], "phi_noisy": net.layers[last]},
    )
    if not arch.vector_target:
        group.class_index = arch.class_of_outputs
    return group


def _add_reward(net, errors):
    """Add the one number that all neurons learn from."""
    last = net.n_layers
    order = partial(backward_order, last, last)
    group = net.add_neurons(1, [], "reward : 1", "reward", "backward", order)
    synapses = net.add_projection("judgement", errors, group, ["reward"])
    net.place_summed(
        synapses,
        "reward_post",
        "backward",
        order(Phase.SPIKE),
        ["reward"],
        gate=BACKWARD_GATE,
    )
    return group
