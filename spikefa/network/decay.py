"""When weights decay: in steps that a float32 weight can hold.

A decay of 1e-11 in a time step changes no float32 number. It is put off and made for
many time steps at once, at multiples of a period in the time of the network, whatever
the runs that the training is made of.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import TimedArray, defaultclock

from ..brian import RareClock
from ..equations.evaluate import evaluate
from ..equations.model import Model
from ..equations.schedules import known_at_times
from ..equations.statements import parse_statements

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["DECAY_LAG", "add_decay_clock", "decay_rates"]

#: Largest relative change of a weight by decay that may be put off and made at once.
DECAY_LAG = 1e-4

#: Steps between two decays if there is next to none: 30,000 years.
_LONGEST = 2**50


def decay_rates(
    model: Model, strings: Sequence[str] = ("decay", "decay_bias")
) -> dict[str, float]:
    """Find by which part of itself a weight decays in a time step.

    Parameters
    ----------
    model : Model
    strings : sequence of str, optional
        Names of the statements.

    Returns
    -------
    rates : dict of float
        By name of the string: the relative change by ``elapsed_steps(t) = 1``, the
        largest of all times if it changes; NaN if it is not the same for all weights.

    Notes
    -----
    A decay takes the rate at its own time for all the steps since the one before. Where
    the rate falls, or rises, the error of the sum of all decays is less than one of
    them at the largest rate, as with any sum over steps of a monotone function: no more
    than `DECAY_LAG`.
    """
    found: dict[str, list[float]] = {name: [] for name in strings}
    for _, known in known_at_times(model):
        known["elapsed_steps"] = lambda t: 1.0
        for name, rates in found.items():
            rates.append(_rate(model[name] or "", known))
    return {name: float(np.max(rates)) for name, rates in found.items()}


def _rate(statements: str, known: dict[str, Any]) -> float:
    rate, variable = 0.0, None
    for left, operation, right in parse_statements(statements):
        if variable not in (None, left):
            return math.nan
        variable = left
        operator = operation.removesuffix("=")
        text = f"{variable} {operator} ({right})" if operator else right
        try:
            change = [
                float(evaluate(text, known | {variable: value})) / value - 1
                for value in (1.0, 0.5)
            ]
        except Exception:  # of other variables too
            return math.nan
        if not math.isclose(*change, rel_tol=1e-3, abs_tol=1e-15):
            return math.nan
        rate += abs(change[0])
    return rate


def add_decay_clock(net: "FeedbackNetwork") -> TimedArray:
    """Add the clock of the decay, and ``elapsed_steps(t)``, what one decay stands for.

    Parameters
    ----------
    net : FeedbackNetwork

    Returns
    -------
    elapsed_steps : TimedArray
        The first decay, at the end of the first time step, is for this step; each
        after it for all since the one before.
    """
    of_route = net.rule.route.decay_strings(net, net.n_layers)
    net.decay_rates = decay_rates(net.model, ("decay", "decay_bias", *of_route))
    net.decay_period = period_of(np.max(list(net.decay_rates.values())))
    net.decay_clock = RareClock(net.decay_period, "decay_clock")
    return TimedArray(
        [1.0, net.decay_period],
        dt=net.decay_period * defaultclock.dt,
        name="elapsed_steps",
    )


def period_of(rate: float) -> int:
    """Time steps between two decays.

    Parameters
    ----------
    rate : float
        Relative change in one time step, 0 or more; NaN: not known.

    Returns
    -------
    period : int
        A power of 2: the largest that puts off no more than `DECAY_LAG`.
    """
    if math.isnan(rate):
        return 1
    longest = min(_LONGEST, DECAY_LAG / rate) if rate else _LONGEST
    return 2 ** max(0, math.floor(math.log2(longest)))
