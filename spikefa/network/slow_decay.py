"""Finding what decays too slowly for single precision.

A decay can be found in the strings of a model, as a step changes the same part of a
variable at all times; growth by small increments cannot.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2 import Equations, Quantity
from brian2.core.functions import Function
from brian2.core.namespace import DEFAULT_UNITS
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

from ..equations.evaluate import CONSTANTS, FUNCTIONS, evaluate
from ..equations.explanations import words
from ..equations.model import Model
from ..equations.statements import parse_statements
from .decay import decay_rates
from .precision import double_variables

__all__ = ["lost_in_single"]

#: Least relative change in a step that single precision holds with an error of 1 %.
_LEAST_CHANGE = 100 * 2.0**-24


def lost_in_single(model: Model) -> list[str]:
    """Find variables whose decay in a step single precision does not hold.

    Parameters
    ----------
    model : Model

    Returns
    -------
    lines : list of str
        One for each, with the file, the string and the name.
    """
    numbers, doubles = _numbers(model), double_variables(model)
    put_off = ("decay", "decay_bias", "kolen_pollack_decay")
    rates = decay_rates(
        model, [name for name in put_off if "elapsed_steps" in words(model[name])]
    )
    lines = {}
    for name, variable, change in _changes(model):
        if variable in doubles or not np.isnan(rates.get(name, np.nan)):
            continue  # a decay of weights is put off until it can be held
        if name in rates:  # not this one: what it depends on may be about 1
            numbers = numbers | dict.fromkeys(words(change) - numbers.keys(), 1.0)
        try:
            with np.errstate(all="ignore"):
                relative = abs(float(evaluate(change, numbers)))
        except Exception:  # depends on variables: not the same at all times
            continue
        if 0 < relative < _LEAST_CHANGE:
            lines[variable] = (
                f"{model.where(name)}: {variable} changes by {relative:.2g} of itself "
                "in a time step, which single precision does not hold; in double: "
                f'precision = {{"{variable}": "double"}}'
            )
    return list(lines.values())


def _changes(model: Model) -> Iterator[tuple[str, str, str]]:
    """Yield for each variable how much of itself a step or a statement changes."""
    for name, text in model.items():
        if not isinstance(text, str):
            continue
        try:
            equations = Equations(text).values()
        except Exception:
            yield from ((name, *change) for change in _of_statements(text))
            continue
        for eq in equations:
            if eq.type == "differential equation":
                slope = _slope(eq.expr.code, eq.varname)
                if slope is not None:
                    yield name, eq.varname, f"({slope})*dt"


def _of_statements(text: str) -> Iterator[tuple[str, str]]:
    try:
        statements = parse_statements(text)
    except Exception:
        return
    for left, operation, right in statements:
        operator = operation.removesuffix("=")
        after = f"{left} {operator} ({right})" if operator else right
        slope = _slope(after, left)
        if slope is not None:
            yield left.removesuffix("_post").removesuffix("_pre"), f"({slope}) - 1"


def _slope(expression: str, variable: str) -> str | None:
    """Derivative of an expression as text, or None."""
    try:
        symbol = str_to_sympy(variable)
        return sympy_to_str(str_to_sympy(expression).diff(symbol))
    except Exception:  # not a function that has one
        return None


def _numbers(model: Model) -> dict[str, Any]:
    """What is a number in the expressions of a model, in SI units."""
    numbers = {name: float(unit) for name, unit in DEFAULT_UNITS.items()}
    numbers |= CONSTANTS | FUNCTIONS | {"elapsed_steps": lambda t: 1.0}
    for name, value in model.parameters.items():
        if isinstance(value, Function):
            continue
        numbers[name] = float(value) if isinstance(value, Quantity) else value
    return numbers
