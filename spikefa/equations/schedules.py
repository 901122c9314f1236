"""Parameters that change with time: expressions of t in the place of a number.

A model file may give ``eta = "eta_0*0.1**(passes(t)/20)"``. Wherever an equation or a
statement has the name, it gets the expression: the schedule is part of the model, and
of whatever the name stands in, such as the decay of weights.
"""

import numpy as np
from brian2 import Quantity, have_same_dimensions
from brian2.core.functions import Function
from brian2.core.namespace import DEFAULT_UNITS
from brian2.utils.stringtools import word_substitute

from ..errors import ModelError
from .evaluate import CONSTANTS, FUNCTIONS, evaluate
from .explanations import words
from .names import row_of

__all__ = [
    "PASSES",
    "check_schedules",
    "find_schedules",
    "known_at_times",
    "may_change",
    "put_in",
]

#: Passes at which schedules are looked at: densely at first, then up to any training.
PASSES = np.unique(np.append(np.linspace(0, 100, 201), np.geomspace(100, 1e4, 21)))

#: Time steps of a pass where only that many passes are known, for schedules of ``t``.
_STEPS_PER_PASS = 300_000

#: The first step of an image that is learned.
_IN_AN_IMAGE = {"image_step": lambda t: 0.0, "is_training": lambda t: 1.0}


def may_change(name):
    """Whether a parameter may be an expression of time: eta, and the user's own."""
    row = row_of(name)
    return row is None or row.of_time


def find_schedules(texts):
    """Pick the expressions that depend on time, and write them in terms of numbers.

    Parameters
    ----------
    texts : dict of str
        Parameters that are given as expressions of others, by name.

    Returns
    -------
    schedules : dict of str
        Those that have ``t`` in them, or the name of one that has.
    """
    found = {name for name, text in texts.items() if "t" in words(text)}
    while True:
        more = {name for name, text in texts.items() if words(text) & found} - found
        if not more:
            break
        found |= more
    schedules = {name: texts[name].strip() for name in texts if name in found}
    for _ in schedules:  # one may be made of another
        schedules = {
            name: put_in(text, {n: s for n, s in schedules.items() if n != name})
            for name, text in schedules.items()
        }
    return schedules


def put_in(text, schedules):
    """Put schedules into a string, in the place of their names."""
    if not words(text) & schedules.keys():
        return text
    return word_substitute(text, {name: f"({s})" for name, s in schedules.items()})


def known_at_times(model):
    """List what expressions can name, at times all over a training.

    Parameters
    ----------
    model : Model

    Yields
    ------
    passes : float
        One of `PASSES`.
    known : dict
        Numbers, quantities and Python functions by name, for `evaluate`: the same at
        each time, with another ``t`` and ``passes`` in it.
    """
    known = FUNCTIONS | DEFAULT_UNITS | CONSTANTS
    for name, value in model.parameters.items():
        known[name] = value.pyfunc if isinstance(value, Function) else value
    for passes in PASSES.tolist():
        known["t"] = passes * _STEPS_PER_PASS * model["dt"]
        known["passes"] = lambda t, now=passes: now
        yield passes, known


def check_schedules(model):
    """Check that schedules have values, and that eta is never below 0.

    Raises
    ------
    ModelError
        Naming the parameter.
    """
    for name, text in model.schedules.items():
        where = f"{model.where(name)}: {name} = {text}"
        if words(text) & model.schedules.keys():
            raise ModelError(f"{where}: goes round in a circle")
        for passes, known in known_at_times(model):
            known.update(_IN_AN_IMAGE)
            value = _value(text, known, where)
            if not np.isfinite(float(value)):
                raise ModelError(f"{where} is {float(value)} after {passes:g} passes")
            if row_of(name) is None:
                continue
            if isinstance(value, Quantity) and not have_same_dimensions(value, 1):
                raise ModelError(f"{where} must be a number without units")
            if float(value) < 0:
                raise ModelError(f"{where} is below 0 after {passes:g} passes")


def _value(text, known, where):
    try:
        with np.errstate(all="ignore"):
            value = evaluate(text, known)
            float(value)
    except Exception as exc:
        raise ModelError(f"{where}: {' '.join(str(exc).split())}") from None
    return value
