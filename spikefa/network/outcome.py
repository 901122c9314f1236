"""Signals of reward: the outcome of a step, computed once and told to all neurons.

The strings are in `spikefa.models.signals`. Sums over the outputs are synapses onto a
single neuron, and what this neuron knows goes by synapses to each layer. Nothing of it
is there if no string names a signal.
"""

from functools import partial
from typing import TYPE_CHECKING

from brian2 import NeuronGroup

from ..errors import InputError
from .timestep import BACKWARD_GATE, Phase, backward_order

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["add_outcome", "declared"]


def declared(net: "FeedbackNetwork", linked: bool = False) -> str:
    """Declare the signals that strings use, as variables of a group of neurons."""
    flag = " (linked)" if linked else ""
    return "".join(f"{name} : 1{flag}\n" for name in net.model.rewards)


def add_outcome(net: "FeedbackNetwork") -> None:
    """Add what computes the signals and tells them to the layers.

    Raises
    ------
    InputError
        If there is no such signal in this network.
    """
    signals, last, sizes = net.model.rewards, net.n_layers, net.architecture.layer_sizes
    if not signals:
        return
    if net.rule.route.rate_only:
        raise InputError(f"{signals[0]}: {net.rule.title} has a reward of its own")
    if "correct" in signals and net.architecture.vector_target:
        raise InputError("correct: there are no classes, targets are vectors")
    outcome = _holder(net, "outcome", 1, "outcome")
    if "error" in signals:
        _sum(net, "error_signal", net.deltas[last], outcome, "error_post", Phase.SUM)
    if "correct" in signals:
        n_classes = net.architecture.n_classes
        classes = _holder(net, "votes_of_classes", n_classes, "class_votes")
        _sum(net, "votes_signal", net.deltas[last], classes, "votes_post", Phase.SUM)
        _sum(
            net,
            "target_votes",
            classes,
            outcome,
            "votes_of_target_post",
            Phase.COMPARE,
        )
        _sum(net, "rival_votes", classes, outcome, "rivals_post", Phase.JUDGE)
    for layer in range(len(sizes)):
        for signal in signals:
            name = f"told_{signal}"
            _sum(
                net,
                name,
                outcome,
                net.layers[layer],
                f"{signal}_post",
                Phase.TELL,
                f"{name}_{layer}",
            )
            net.error_inputs.append(f"layer_{layer}.{signal}")


def _holder(net: "FeedbackNetwork", name: str, size: int, string: str) -> NeuronGroup:
    """Add neurons that only hold sums."""
    order = partial(backward_order, net.n_layers, net.n_layers)
    return net.add_neurons(size, [string], "", name, "backward", order)


def _sum(
    net: "FeedbackNetwork",
    string: str,
    source: NeuronGroup | None,
    target: NeuronGroup,
    variable: str,
    phase: Phase,
    name: str | None = None,
) -> None:
    """Add synapses that sum a variable, in a phase of the output going backward."""
    assert source is not None
    synapses = net.add_projection(name or string, source, target, [string])
    order = backward_order(net.n_layers, net.n_layers, phase)
    net.place_summed(
        synapses, variable, "backward", order, [string], gate=BACKWARD_GATE
    )
