"""Checking that each name of a model holds the kind of value that it must."""

from math import isfinite

import numpy as np
from brian2 import Quantity, have_same_dimensions, second
from brian2.core.functions import Function

from ..errors import ModelError
from .explanations import words
from .integration import METHODS
from .model import builtin_values
from .names import DELAYS, kind_of, row_of

__all__ = ["check_values", "shown"]

#: Parameters that are used outside of equations: pure numbers, 0 or more.
_NUMBERS = (int, float, Quantity)
_PLAIN_NUMBERS = ("gamma", "weight_range", "feedback_range")


def check_values(model):
    """Check that strings are strings and numbers are numbers.

    Raises
    ------
    ModelError
        If one is not.
    """
    used = model.used_words
    for name in model:
        kind = kind_of(name) or _builtin_kind(name)
        if kind is None or name in model.schedules:
            continue
        problem = _CHECKS[kind](name, model[name])
        row = row_of(name)
        matters = name in used or model.changed(name)
        if not problem and row and matters and isinstance(model[name], _NUMBERS):
            if row.positive and not model[name] > 0:
                problem = "above 0"
            elif kind == "number" and model[name] < 0:
                problem = "0 or more"
        if problem:
            text = model.derivations.get(name)
            value = f"must be {problem}, got {shown(model[name])}"
            if text:  # the fault is in what it follows from
                place = model.where(*model.changed(*sorted(words(text))) or [name])
                raise ModelError(f"{place}: {name} = {text} {value}")
            raise ModelError(f"{model.where(name)}: {value}")


def shown(value):
    """Show a value in a message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _builtin_kind(name):
    """Find the kind of a built-in name that the table has not got."""
    if name not in (builtin := builtin_values()):
        return None
    return "equations" if isinstance(builtin[name], str) else "number"


def _wrong_string(name, value):
    row = row_of(name)
    if row is not None and row.optional and value is None:
        return None
    return None if isinstance(value, str) else "a string"


def _wrong_refractory(name, value):
    is_time = (
        isinstance(value, Quantity)
        and value.ndim == 0
        and have_same_dimensions(value, second)
    )
    if value is False or isinstance(value, str) or is_time:
        return None
    return "False, a time such as 2*ms, or a string"


def _wrong_number(name, value):
    row = row_of(name)
    base = row.name if row is not None else name
    if isinstance(value, Function) and base not in ("dt", *DELAYS, *_PLAIN_NUMBERS):
        return None
    if isinstance(value, bool):
        return "a number"
    if getattr(value, "size", 1) != 1 or isinstance(value, list | tuple):
        return "a single number"
    if not isinstance(value, int | float | Quantity):
        return "a number"
    if not isfinite(float(value)):
        return "a finite number"
    time = isinstance(value, Quantity) and have_same_dimensions(value, second)
    if base == "dt":
        return None if time and value > 0 * second else "a time above 0, such as 1*ms"
    if base in DELAYS:
        right = time and value >= 0 * second
        return None if right else "a time of 0 or more, such as 2*ms"
    if base in _PLAIN_NUMBERS:
        plain = have_same_dimensions(value, 1)
        return None if plain and value >= 0 else "a number without units, 0 or more"
    return None


def _wrong_method(name, value):
    names = [value] if isinstance(value, str) else value
    if value is None:
        return None
    if not isinstance(names, list | tuple) or not names:
        return "the name of an integration method, or a list of them"
    for method in names:
        if not isinstance(method, str) or method.lower() not in METHODS:
            return f"one of Brian2's methods ({', '.join(METHODS)})"
    return None


def _wrong_mask(name, value):
    if value is None or isinstance(value, str | list | tuple):
        return None
    is_array = isinstance(value, np.ndarray) and value.ndim
    return None if is_array else "a condition of i and j, or an array"


def _wrong_dictionary(name, value):
    return None if isinstance(value, dict) else "a dictionary, by name of the variable"


_CHECKS = {
    **dict.fromkeys(("equations", "condition", "statements"), _wrong_string),
    **dict.fromkeys(("number", "time"), _wrong_number),
    "refractory": _wrong_refractory,
    "method": _wrong_method,
    "mask": _wrong_mask,
    "initial": _wrong_dictionary,
    "precision": _wrong_dictionary,
}
