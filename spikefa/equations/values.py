"""Values of a model file in the few types that the rest of the package knows."""

from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from inspect import isfunction

import numpy as np
from brian2 import Equations, Quantity, TimedArray
from brian2.core.functions import Function
from brian2.equations.equations import DIFFERENTIAL_EQUATION, FLOAT
from brian2.units.fundamentalunits import Unit, get_dimensions

from ..brian import has_units
from .names import kind_of
from .text import tidy_condition, tidy_statements

__all__ = ["BASE_UNITS", "described", "is_model_value", "normalized"]

#: Strings, parameters and functions for the equations (`TimedArray` among them).
_KINDS = (str, bool, int, float, Quantity, Function, type(None))

_TIDY = {
    "condition": tidy_condition,
    "mask": tidy_condition,
    "statements": tidy_statements,
}


def normalized(name, value):
    """Turn a value into a string, number, quantity or function, if it is one.

    NumPy's scalars, arrays without axes, fractions and decimals are numbers; an
    `Equations` object is its text; a Python function with units is a `Function`.

    Parameters
    ----------
    name : str
        Of the value; says whether a string is a condition or statements.
    value : object

    Returns
    -------
    value : object
        The same object if there is nothing to turn it into.
    """
    if isinstance(value, str):
        return _TIDY.get(kind_of(name), str)(value)
    if isinstance(value, Equations):
        return "\n".join(_equation_text(equation) for equation in value.values())
    if isinstance(value, Unit):
        return 1.0 * value
    if isinstance(value, Quantity):
        return value.reshape(()) if value.size == 1 else value
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        return value.item()
    if isinstance(value, Fraction | Decimal):
        return float(value)
    if isfunction(value) and has_units(value):
        return Function(value)
    return value


#: What Brian2's dimensions are measured in, in Brian2's order.
BASE_UNITS = {
    "length": "metre",
    "mass": "kilogram",
    "time": "second",
    "current": "amp",
    "temperature": "kelvin",
    "substance": "mole",
    "luminosity": "candela",
}


def _equation_text(equation):
    """Write an equation as Brian2 reads it: its own text has units it cannot read."""
    left = equation.varname
    if equation.type == DIFFERENTIAL_EQUATION:
        left = f"d{left}/dt"
    right = "" if equation.expr is None else f" = {equation.expr.code}"
    unit = equation.var_type
    if unit == FLOAT:
        powers = {name: equation.dim.get_dimension(name) for name in BASE_UNITS}
        parts = [f"{BASE_UNITS[n]}**{power:g}" for n, power in powers.items() if power]
        unit = "*".join(parts) or "1"
    flags = f" ({', '.join(equation.flags)})" if equation.flags else ""
    return f"{left}{right} : {unit}{flags}"


def is_model_value(name, value):
    """Whether a normalized value can be part of a model."""
    if kind_of(name) is not None:
        return True  # or refused for what it is, see `check_values`
    return isinstance(value, _KINDS) and not getattr(value, "ndim", 0)


def described(value):
    """Describe a value so that two of the same content look the same."""
    if isinstance(value, TimedArray):
        content = sha256(value.values.tobytes()).hexdigest()
        return f"TimedArray {value.values.shape} {value.dt} {value.dim!r} {content}"
    if isinstance(value, Function):  # its code is in the user's file
        return "Function"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {described(v)}' for k, v in value.items())}}}"
    if isinstance(value, np.ndarray) and value.ndim:
        content = sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"array {value.shape} {value.dtype} {get_dimensions(value)!r} {content}"
    return repr(value)
