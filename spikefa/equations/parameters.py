"""Numbers with units, read from text without running any of it."""

import ast
import math
import operator

import brian2
from brian2 import get_dimensions, have_same_dimensions
from brian2.units.fundamentalunits import Unit
from brian2.utils.stringtools import get_identifiers

from ..errors import InputError

__all__ = ["parse_quantity", "replace_parameters"]

_OPERATORS = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_SIGNS = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_LARGEST_POWER = 10
_LONGEST = 100


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
        value = _value(ast.parse(text.strip(), mode="eval").body)
        if isinstance(value, Unit):
            value = 1 * value
        if not math.isfinite(float(value)):
            raise ValueError
    except (SyntaxError, ValueError, ArithmeticError, TypeError, RecursionError):
        raise InputError(
            f"{text!r} is not a number with units such as 0.4*ms"
        ) from None
    return value


def _value(node):
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)
    if isinstance(node, ast.Name):
        unit = getattr(brian2, node.id, None)
        if isinstance(unit, Unit):
            return unit
    if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
        return _SIGNS[type(node.op)](_value(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow) and abs(right) > _LARGEST_POWER:
            raise ValueError
        return _OPERATORS[type(node.op)](left, right)
    raise ValueError


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
    return model.replace(**values)


#: Used by the builder of the network, not by an equation.
_USED_ELSEWHERE = {"dt", "weight_range", "feedback_range"}


def _check_parameter(model, name, value):
    if name not in model.parameters:
        known = ", ".join(sorted(model.parameters))
        raise InputError(f"the model has no parameter '{name}' (it has {known})")
    old = model[name]
    if not have_same_dimensions(old, value):
        raise InputError(
            f"{name} = {value} has other units than the model's {name} = {old} "
            f"({get_dimensions(value)} instead of {get_dimensions(old)})"
        )
    texts = [text for text in model.values() if isinstance(text, str)]
    used = set().union(*(get_identifiers(text) for text in texts)) | _USED_ELSEWHERE
    if name not in used:
        raise InputError(
            f"no equation of the model uses {name}; set what was derived from it "
            "(tau_m for tau), or change it in a model file"
        )
    if name in ("dt", "tau_m") and not float(value) > 0:
        raise InputError(f"{name} must be positive, got {value}")
    if name in ("eta", "gamma", "weight_range", "feedback_range") and float(value) < 0:
        raise InputError(f"{name} must not be negative, got {value}")
