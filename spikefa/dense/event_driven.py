"""Event-driven variables: what has been computed up to the last event of a synapse.

Events hit whole rows and whole columns of the matrix, so a synapse was last touched at
the later of two times: the last event of its row and that of its column. One time
stamp a neuron is enough.
"""

import re

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.stateupdaters.exact import linear
from brian2.synapses.synapses import Synapses
from brian2.units.allunits import second

from .variables import add_matrix, add_subexpression

__all__ = ["add_time_stamps", "event_driven_part", "had_events", "solution"]


def event_driven_part(model):
    """Return what of a model is integrated at events only, as `Synapses` splits it.

    Parameters
    ----------
    model : Equations

    Returns
    -------
    event_driven, continuous : list of SingleEquation
        Parameters and subexpressions are in both.

    Raises
    ------
    EquationError
        If one part depends on variables of the other.
    """
    event_driven, continuous = [], []
    for eq in model.values():
        if "event-driven" in eq.flags:
            event_driven.append(eq)
        elif "summed" not in eq.flags:
            continuous.append(eq)
            if eq.type != DIFFERENTIAL_EQUATION:
                event_driven.append(eq)
    for name, dependencies in model.dependencies.items():
        eq = model[name]
        if "summed" in eq.flags:
            parts = "summed", event_driven, "event-driven"
        elif eq.type != DIFFERENTIAL_EQUATION:
            continue
        elif eq in continuous:
            parts = "clock-driven", event_driven, "event-driven"
        else:
            parts = "event-driven", continuous, "clock-driven"
        Synapses.verify_dependencies(eq, parts[0], dependencies, *parts[1:])
    if not any(eq.type == DIFFERENTIAL_EQUATION for eq in event_driven):
        event_driven = []
    return event_driven, continuous


def solution(equations, variables, elapsed):
    """Abstract code that brings event-driven variables up to date.

    Parameters
    ----------
    equations : Equations
    variables : Variables
    elapsed : str
        The time since they were last up to date.

    Raises
    ------
    UnsupportedEquationsException
        If there is no exact solution.
    """
    try:
        code = linear(equations, variables)
    except UnsupportedEquationsException as error:
        raise UnsupportedEquationsException(
            "Cannot solve the differential equations as event-driven. Use "
            "(clock-driven) instead."
        ) from error
    return re.sub(r"\bdt\b", f"({elapsed})", code)


def add_time_stamps(synapses):
    """Add the times of the last events, and ``lastupdate`` made of them."""
    for side in ("pre", "post"):
        add_matrix(
            synapses,
            f"_last_{side}",
            synapses._clock.variables["t"].dtype,
            second.dim,
            f"_{side}synaptic_idx",
            size=synapses.end_of(side),
        )
    add_subexpression(
        synapses.variables,
        "lastupdate",
        "_last_pre*int(_last_pre > _last_post)"
        " + _last_post*int(_last_pre <= _last_post)",
        second.dim,
        synapses._clock.variables["t"].dtype,
    )


def had_events(synapses):
    """Whether there may have been events, which traces have to reckon with."""
    try:
        return any(
            np.any(synapses.variables[f"_last_{side}"].get_value() > 0)
            for side in ("pre", "post")
        )
    except NotImplementedError:  # standalone: known after all runs only
        return True
