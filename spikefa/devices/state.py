"""The state of a network: which variables make it up, and in what shapes."""

from typing import Any

import numpy as np
from brian2.core.variables import ArrayVariable
from brian2.groups.group import VariableOwner

from ..network.network import FeedbackNetwork

__all__ = ["shape_of", "state_variables"]


def state_variables(network: FeedbackNetwork) -> dict[str, ArrayVariable]:
    """List the variables that make up the state of a network.

    Parameters
    ----------
    network : FeedbackNetwork

    Returns
    -------
    variables : dict
        ``{"group.variable": ArrayVariable}`` of all arrays of numbers and truth values
        that the groups and projections own: weights, what the model's equations
        define, shared and constant variables too, refractoriness, and when synapses
        with event-driven variables were last updated. Not the integers that Brian2
        keeps itself, such as indices, and the class of an output neuron, which no run
        can change. Spikes arrive in the step they were fired in, or are remembered by
        variables of neurons until they do (`spikefa.network.delays`).
    """
    return {
        f"{group.name}.{name}": variable
        for group in network.stateful
        for name, variable in group.variables.items()
        if _is_state(group, name, variable)
    }


def _is_state(group: VariableOwner, name: str, variable: Any) -> bool:
    if (
        not isinstance(variable, ArrayVariable)
        or getattr(variable.owner, "name", None) != group.name
        or (name.startswith("_") and name not in getattr(group, "between_runs", ()))
        or name == "class_index"
    ):
        return False
    kind = np.dtype(variable.dtype).kind
    return kind in "fb" or (kind in "iu" and not variable.read_only)


def shape_of(variable: ArrayVariable) -> tuple[int, ...]:
    """Return the shape of a state variable, see `Session.shapes`."""
    group = variable.owner
    if variable.scalar:
        return (1,)
    if "N_pre" not in group.variables:
        return (len(group),)
    pairs = len(group.source), len(group.target)
    # Dense synapses keep some variables once for each neuron of a side.
    return pairs if variable.size in (pairs[0] * pairs[1], 0) else (variable.size,)
