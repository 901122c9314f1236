"""Numbers with units, read from text without running any of it.

A parameter may be given as text too: ``tau_m = "-dt/log(1 - tau)"`` in a model file
follows tau and dt, whoever sets them.
"""

import ast
import math

import numpy as np
from brian2 import DEFAULT_FUNCTIONS, get_dimensions, have_same_dimensions, second
from brian2.core.functions import Function
from brian2.units.fundamentalunits import Unit

from ..errors import InputError
from .evaluate import CONSTANTS, FUNCTIONS, UNITS, evaluate
from .explanations import words
from .names import DELAYS, row_of

__all__ = ["derived_parameters", "parse_quantity", "replace_parameters"]

_PRODUCTS = (ast.Mult, ast.Div, ast.Pow)
_LONGEST = 100

#: What parameters can be made of, besides each other.
_STANDARD = (
    UNITS
    | CONSTANTS
    | {name: f for name, f in FUNCTIONS.items() if DEFAULT_FUNCTIONS[name].stateless}
)


def parse_quantity(text):
    """Read a number, or a number times Brian2 units.

    Parameters
    ----------
    text : str
        For example ``1e-3``, ``0.4*ms``, ``-70*mV`` or ``2/second**2``.

    Returns
    -------
    value : float or Quantity

    Raises
    ------
    InputError
        If the text is anything else.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError
        for node in ast.walk(ast.parse(text.strip(), mode="eval")):
            if isinstance(node, ast.operator) and not isinstance(node, _PRODUCTS):
                raise ValueError
        value = _finite(evaluate(text, UNITS))
    except _NO_VALUE:
        raise InputError(
            f"{text!r} is not a number with units such as 0.4*ms"
        ) from None
    return value


_NO_VALUE = (
    SyntaxError,
    ValueError,
    ArithmeticError,
    TypeError,
    RecursionError,
    LookupError,
)


def _finite(value):
    if isinstance(value, Unit):
        value = 1 * value
    if not math.isfinite(float(value)):
        raise ValueError(f"is {value}")
    return value


def derived_parameters(texts, numbers):
    """Evaluate parameters that are given as expressions of others.

    Parameters
    ----------
    texts : dict
        Expressions by name, of names in `numbers` and of each other.
    numbers : dict
        Numbers and quantities by name.

    Returns
    -------
    values : dict
        Those that have a value.
    problems : dict
        For each of the others, the reason.
    """
    known, values, problems = dict(numbers), {}, {}
    waiting = dict(texts)
    while waiting:
        ready = [n for n, text in waiting.items() if not words(text) & waiting.keys()]
        if not ready:
            problems |= dict.fromkeys(waiting, "goes round in a circle")
            break
        for name in ready:
            text = waiting.pop(name)
            try:
                # log(0) is what a bad value gives; it is refused as not finite.
                with np.errstate(all="ignore"):
                    value = _finite(evaluate(text, _STANDARD | known))
                    known[name] = values[name] = value
            except _NO_VALUE as exc:
                problems[name] = " ".join(str(exc.args[0] if exc.args else exc).split())
    return values, problems


def replace_parameters(model, texts):
    """Replace parameters of a model by values given as text.

    Parameters
    ----------
    model : Model
    texts : dict
        Text of the new value by name of the parameter.

    Returns
    -------
    model : Model

    Raises
    ------
    InputError
        If the model has no such parameter, no equation uses it, or the dimensions
        differ.
    """
    values = {}
    for name, text in texts.items():
        value = parse_quantity(text)
        _check_parameter(model, name, value)
        values[name] = value
    changed = model.replace(**values)
    for name in values:
        row = row_of(name)
        if (row.name if row else name) not in changed.used_words:
            raise InputError(
                f"no equation of the model uses {name}; set {_users(model, name)}"
            )
    return changed


def _users(model, name):
    """Name what a parameter would have acted through."""
    through = [n for n, text in model.derivations.items() if name in words(text)]
    if through:
        return f"{' or '.join(through)} alone, which was derived from it"
    return "those that one uses, or change it in the model file"


def _check_parameter(model, name, value):
    if text := model.schedules.get(name):
        numbers = sorted(words(text) & model.parameters.keys())
        instead = f"set {' or '.join(numbers)}" if numbers else "change the file"
        raise InputError(f"{model.where(name)}: is '{text}', {instead} instead")
    row = row_of(name)
    base = row.name if row and row.layered and name not in model else name
    if base in DELAYS and base not in model:
        old = 0 * second  # there is none
    elif base not in model.parameters:
        known = ", ".join(sorted(model.parameters))
        raise InputError(f"the model has no parameter '{name}' (it has {known})")
    else:
        old = model[base]
    if isinstance(old, Function):
        raise InputError(f"{name} is a function of the model, not a number")
    if not have_same_dimensions(old, value):
        raise InputError(
            f"{name} = {value} has other units than the model's {name} = {old} "
            f"({get_dimensions(value)} instead of {get_dimensions(old)})"
        )
    if row and row.positive and not float(value) > 0:
        raise InputError(f"{name} must be positive, got {value}")
    if row and float(value) < 0:
        raise InputError(f"{name} must not be negative, got {value}")
