"""Evaluating expressions as Brian2 has them, without running any Python.

What can be in one is what Brian2 takes: numbers, names, arithmetic, comparisons,
``and``, ``or``, ``not``, and calls of functions. Whoever evaluates says what each name
stands for; there are no others.
"""

import ast
import operator
from functools import lru_cache

import brian2
from brian2 import DEFAULT_FUNCTIONS
from brian2.core.functions import DEFAULT_CONSTANTS
from brian2.units.fundamentalunits import Unit

__all__ = ["CONSTANTS", "FUNCTIONS", "UNITS", "evaluate"]

#: Units by all names that Brian2 exports.
UNITS = {n: unit for n, unit in vars(brian2).items() if isinstance(unit, Unit)}

#: Brian2's constants, such as pi.
CONSTANTS = {name: c.value for name, c in DEFAULT_CONSTANTS.items()}

#: Brian2's functions, ``rand`` and others that draw numbers among them.
FUNCTIONS = {name: f.pyfunc for name, f in DEFAULT_FUNCTIONS.items()}

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}


def evaluate(text, names):
    """Evaluate an expression.

    Parameters
    ----------
    text : str
    names : dict
        Numbers, quantities, units and functions by name.

    Returns
    -------
    value : float, bool, Quantity or Unit
        Whole numbers in the text are taken for floats.

    Raises
    ------
    SyntaxError
        If the text is no expression.
    LookupError
        If a name is not known.
    ValueError
        If there is anything else of Python in it.
    """
    return _value(_parsed(text.strip()), names)


@lru_cache(maxsize=1024)  # most are evaluated at many times
def _parsed(text):
    return ast.parse(text, mode="eval").body


def _value(node, names):
    def of(*nodes):
        return [_value(inner, names) for inner in nodes]

    match node:
        case ast.Constant(value=bool()):
            return node.value
        case ast.Constant(value=int() | float()):
            return float(node.value)
        case ast.Name():
            if node.id not in names:
                raise LookupError(f"unknown name '{node.id}'")
            return names[node.id]
        case ast.UnaryOp() if type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](*of(node.operand))
        case ast.BinOp() if type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](*of(node.left, node.right))
        case ast.Compare(ops=[op]) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](*of(node.left, *node.comparators))
        case ast.BoolOp():
            together = all if isinstance(node.op, ast.And) else any
            return together(bool(_value(inner, names)) for inner in node.values)
        case ast.Call(func=ast.Name(), keywords=[]):
            (function,) = of(node.func)
            if callable(function):
                return function(*of(*node.args))
    raise ValueError("only numbers, units, parameters and functions can be used")
