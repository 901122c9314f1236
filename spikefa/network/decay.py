"""When weights decay: in steps that a float32 weight can hold.

A decay of 1e-11 in a time step changes no float32 number. It is put off and made for
many time steps at once, at multiples of a period in the time of the network, whatever
the runs that the training is made of.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import TimedArray, defaultclock

from ..brian import RareClock
from ..equations.evaluate import evaluate
from ..equations.explanations import words
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

    A weight that decays to a value at rest, or by the same whatever it is, changes by a
    part of the ``weight_range``.

    Parameters
    ----------
    model : Model
    strings : sequence of str, optional
        Names of the statements.

    Returns
    -------
    rates : dict of float
        By name of the string: the relative change by ``elapsed_steps(t) = 1``, the
        largest of all times if it changes; NaN if it is not for many steps at once:
        without ``elapsed_steps(t)``, or where it depends on other variables.

    Notes
    -----
    A decay takes the rate at its own time for all the steps since the one before. Where
    the rate falls, or rises, the error of the sum of all decays is less than one of
    them at the largest rate, as with any sum over steps of a monotone function: no more
    than `DECAY_LAG`.
    """
    return {
        name: float(np.max(list(_rates(model, model[name] or "")))) for name in strings
    }


def _rates(model: Model, text: str) -> Iterator[float]:
    """Find the rates at all times, or at the first one if they are the same."""
    scale, probes = model["weight_range"], None
    for _, known in known_at_times(model):
        known["elapsed_steps"] = lambda t: 1.0
        if probes is None:
            yield (rate := _rate(text, known, scale))
            if not _changes(text):
                return
            # Of what kind it is does not change.
            proportional = _rate(text, known, scale, _PROBES[:1]) == rate
            probes = _PROBES[:1] if proportional else _PROBES
        else:
            yield _rate(text, known, scale, probes)


def _changes(statements: str) -> bool:
    """Whether a decay is not the same at all times."""
    return bool(words(statements.replace("elapsed_steps(t)", "")) & {"t", "passes"})


#: Weights for which it is looked how much they decay: those at first are usual ones.
_PROBES = (1.0, 0.5, -1.0, 0.01, -100.0)


def _rate(
    statements: str,
    known: dict[str, Any],
    scale: float,
    probes: Sequence[float] = _PROBES,
) -> float:
    """Find by how much of itself, or else of a scale, a weight changes in a step."""
    parsed, steps = parse_statements(statements), known["elapsed_steps"]
    if not parsed:
        return 0.0
    try:
        once = np.array([_decayed(parsed, known, w) for w in probes]) - probes
        known["elapsed_steps"] = lambda t: 2.0
        twice = np.array([_decayed(parsed, known, w) for w in probes]) - probes
    except Exception:  # of other variables too
        return math.nan
    finally:
        known["elapsed_steps"] = steps
    if not once.any() and not twice.any():
        return 0.0
    if "elapsed_steps" not in words(statements):  # meant for a single step
        return math.nan
    relative = once / probes
    if np.allclose(relative, relative[0], rtol=1e-3, atol=1e-15):
        return float(abs(relative[0]))
    # To a value at rest, or by the same for all weights.
    if not np.allclose(twice, 2 * once, rtol=0.05, atol=1e-15):
        return math.nan
    return float(np.abs(once[np.abs(probes) <= 1]).max() / (scale or 1))


def _decayed(
    parsed: list[tuple[str, str, str]], known: dict[str, Any], weight: float
) -> float:
    """Apply statements to a weight."""
    variable = parsed[0][0]
    for left, operation, right in parsed:
        if left != variable:
            raise ValueError(left)
        operator = operation.removesuffix("=")
        text = f"{variable} {operator} ({right})" if operator else right
        known[variable] = weight
        weight = float(evaluate(text, known))
    return weight


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
    seen: set[str] = set()  # with the parameters for all layers
    for layer in range(1, net.n_layers + 1):
        of_route = net.rule.route.decay_strings(net, layer)
        own = [net.string(base, layer) for base in ("decay", "decay_bias")]
        own += of_route
        model = net.model_of(layer)
        if model is net.model:
            own = [name for name in own if name not in seen]
            seen.update(own)
        for name, rate in decay_rates(model, own).items() if own else ():
            before = net.decay_rates.get(name, 0.0)
            net.decay_rates[name] = float(np.maximum(rate, before))
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
