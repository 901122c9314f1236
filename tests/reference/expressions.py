"""The value of an expression: Python's operators, NumPy's functions, SI units."""

import ast
import re
from functools import cache

import numpy as np

__all__ = ["CONSTANTS", "FUNCTIONS", "evaluate", "words"]

_BASES = {
    "": ("second", "metre", "meter", "volt", "amp", "ohm", "siemens", "farad", "hertz"),
    "short": ("s", "m", "V", "A", "ohm", "S", "F", "Hz"),
}
_PREFIXES = {"": 1, "k": 1e3, "M": 1e6, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}

#: Numbers that have a name: units in those of the SI, and mathematical constants.
CONSTANTS = {"pi": np.pi, "e": np.e, "inf": np.inf}
CONSTANTS |= {p + b: x for b in _BASES[""] for p, x in _PREFIXES.items()}
CONSTANTS |= {p + b: x for b in _BASES["short"] for p, x in _PREFIXES.items() if p}


def _whole(value):
    return np.trunc(value).astype(np.int64)


def _timestep(t, dt):
    return _whole((np.asarray(t) + 1e-3 * dt) / dt)


def _exprel(x):
    x = np.asarray(x, float)
    small = np.abs(x) < 1e-10
    return np.where(small, 1 + x / 2, np.expm1(x) / np.where(small, 1, x))


FUNCTIONS = {
    name: getattr(np, name)
    for name in "exp log log10 expm1 log1p sin cos tan sinh cosh tanh arcsin arccos "
    "arctan sqrt abs sign floor ceil clip".split()
}
FUNCTIONS |= {"int": _whole, "timestep": _timestep, "exprel": _exprel}


class _Elementwise(ast.NodeTransformer):
    """Python asks for one truth value, where there is one for each neuron."""

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        name = "_and" if isinstance(node.op, ast.And) else "_or"
        result = node.values[0]
        for value in node.values[1:]:
            result = ast.Call(ast.Name(name, ast.Load()), [result, value], [])
        return result

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Not):
            return node
        return ast.Call(ast.Name("_not", ast.Load()), [node.operand], [])


_LOGIC = {"_and": np.logical_and, "_or": np.logical_or, "_not": np.logical_not}


@cache
def _compiled(text):
    tree = ast.parse(" ".join(text.split()), mode="eval")
    tree = ast.fix_missing_locations(_Elementwise().visit(tree))
    return compile(tree, text, "eval")


class _Names:
    def __init__(self, value_of):
        self.value_of = value_of

    def __getitem__(self, name):
        return self.value_of(name)


def evaluate(text, value_of):
    """Evaluate an expression.

    Parameters
    ----------
    text : str
    value_of : callable
        Returns the value of a name.

    Returns
    -------
    value : number or numpy.ndarray
    """
    with np.errstate(all="ignore"):
        return eval(_compiled(text), _LOGIC | {"__builtins__": {}}, _Names(value_of))


@cache
def words(text):
    """Return the identifiers in an expression."""
    return frozenset(re.findall(r"[A-Za-z_]\w*", text))
