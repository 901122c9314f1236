"""A rule compared with backpropagation, in one network and for the same activity.

Beside the deltas that a rule delivers, `compared` adds those that backpropagation would
have delivered: from the same error, through the transposed forward weights with the
slope psi, over all layers. They are made from the strings of the model (delta_neuron,
third_factor and backprop_feedback), and nothing learns from them::

    reference_l     delta neurons of hidden layer l, beside delta_l
    transposed_l    the forward synapses onto layer l, run backwards; W is a copy
"""

from dataclasses import fields, replace
from functools import partial

from brian2 import Equations
from brian2.equations.equations import SingleEquation

from ..errors import ModelError
from ..network.timestep import BACKWARD_GATE, Phase, backward_order

__all__ = ["add_reference", "compared"]

_FEEDBACK = "backprop_feedback"


class _Compared:
    """A route of any kind, and the reference beside it."""

    @property
    def strings(self):
        return super().strings | {_FEEDBACK: ("feedback_pre",)}

    def add_feedback(self, net):
        super().add_feedback(net)
        add_reference(net)


def compared(rule):
    """Return a rule whose networks also show what backpropagation would deliver.

    Parameters
    ----------
    rule : Rule

    Returns
    -------
    rule : Rule
        With a route that adds the reference, see `add_reference`. Its deltas and its
        plasticity are those of the rule.
    """
    kind = type(rule.route)
    # The name is part of what tells compiled programs apart.
    route = type(f"Compared{kind.__name__}", (_Compared, kind), {})
    values = {field.name: getattr(rule.route, field.name) for field in fields(kind)}
    return replace(rule, route=route(**values))


def add_reference(net):
    """Add the deltas that backpropagation would deliver to the hidden layers.

    Parameters
    ----------
    net : FeedbackNetwork
        With all of its own layers, deltas and projections. The new ones are in
        `FeedbackNetwork.reference`; ``transposed_l.W`` has to be set to
        ``forward_l.W`` before a run.

    Raises
    ------
    ModelError
        If feedback is delayed: at any time it is of another error.
    """
    for name in net.model.variants("feedback_delay"):
        if net.model[name]:
            raise ModelError(
                f"{net.model.where(name)}: delayed feedback is of an earlier error"
            )
    above, last = net.layers[-1], net.n_layers
    for layer in range(last - 1, 0, -1):
        group = _add_deltas(net, layer)
        synapses = net.add_projection(
            f"transposed_{layer + 1}",
            group,
            above,
            [_FEEDBACK],
            extra="W : 1",
            weights=("W",),
        )
        net.place_summed(
            synapses,
            "feedback_pre",
            "backward",
            backward_order(layer, last, Phase.GATHER),
            [_FEEDBACK],
            gate=BACKWARD_GATE,
        )
        net.reference += [group, synapses]
        above = group


def _add_deltas(net, layer):
    """Add delta neurons like those of a hidden layer."""
    last = net.n_layers
    return net.add_neurons(
        net.architecture.layer_sizes[layer],
        [net.model.of_layer(s, layer, last) for s in ("delta_neuron", "third_factor")],
        _not_linked(net.rule.route.delta_equations(net, layer)),
        f"reference_{layer}",
        "backward",
        partial(backward_order, layer, last),
        gate=BACKWARD_GATE,
        linked={"psi": net.layers[layer]},
        method=net.model.get("delta_method"),
    )


def _not_linked(declarations):
    """Let delta neurons own the variables that a route links to others.

    What a route delivers besides ``feedback`` stays 0.
    """
    return Equations(
        [
            SingleEquation(eq.type, eq.varname, eq.dim, var_type=eq.var_type)
            for eq in Equations(declarations).values()
        ]
    )
