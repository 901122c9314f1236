"""Sums over a layer: what all of its neurons are divided by, for example.

``layer_sum = "total_post = h_pre : 1 (summed)"`` gives the variable ``total`` of
every neuron of a layer the sum over all of them, after the integration and before the
formulas. It is summed once, in a single neuron that all others are connected to.
"""

from typing import TYPE_CHECKING

from brian2 import Equations, NeuronGroup
from brian2.equations.codestrings import Expression
from brian2.equations.equations import PARAMETER, SUBEXPRESSION, SingleEquation

from ..errors import ModelError
from .timestep import Phase, forward_order

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["add_sums"]


def add_sums(net: "FeedbackNetwork", group: NeuronGroup, layer: int) -> None:
    """Add the sums over a layer, if its model has any.

    Raises
    ------
    ModelError
        If the string has anything else than sums over neurons.
    """
    name = net.string("layer_sum", layer)
    if not net.model.get(name):
        return
    sums = net.model_of(layer).equations(name)
    _check(net, name, sums, group)
    held = {eq.varname.removesuffix("_post"): eq.dim for eq in sums.values()}
    hub = net.add_neurons(
        1,
        [],
        Equations([SingleEquation(PARAMETER, n, dim) for n, dim in held.items()]),
        f"sum_{layer}",
        "forward",
        lambda phase: forward_order(layer, phase),
    )
    copies = Equations(
        [
            SingleEquation(
                SUBEXPRESSION,
                f"{variable}_post",
                dim,
                expr=Expression(f"{variable}_pre"),
                flags=["summed"],
            )
            for variable, dim in held.items()
        ]
    )
    gather = net.add_projection(f"gather_{layer}", group, hub, [name], layer=layer)
    broadcast = net.add_projection(f"broadcast_{layer}", hub, group, [], extra=copies)
    for variable in held:
        for synapses, phase in ((gather, Phase.TOTAL), (broadcast, Phase.BROADCAST)):
            net.place_summed(
                synapses,
                f"{variable}_post",
                "forward",
                forward_order(layer, phase),
                [name],
            )


def _check(
    net: "FeedbackNetwork", name: str, sums: Equations, group: NeuronGroup
) -> None:
    where = net.model.where(name)
    for eq in sums.values():
        variable = eq.varname.removesuffix("_post")
        if "summed" not in eq.flags or variable == eq.varname:
            raise ModelError(
                f"{where}: '{eq.varname}': the form is 'total_post = h_pre : 1 "
                "(summed)'"
            )
        if variable not in group.variables:
            raise ModelError(
                f"{where}: neurons have no '{variable}'; declare it with '{variable} "
                ": 1'"
            )
