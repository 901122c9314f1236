"""What Brian2's integration methods can and cannot do with a model."""

from functools import cache

from brian2 import Equations
from brian2.stateupdaters.base import StateUpdateMethod

from .explanations import words

__all__ = ["METHODS", "misread_by"]

#: Methods that a network can use. Those of the GSL need its library and double
#: precision.
METHODS = tuple(
    sorted(n for n in StateUpdateMethod.stateupdaters if not n.startswith("gsl"))
)

#: What Brian2 tries first if no method is given, and its other names.
_EXACT = ("exact", "linear")


def misread_by(method, name):
    """Whether a method takes the name of a variable for something else.

    The exact solution of linear equations is found by sympy, which has functions and
    constants of its own: it stumbles over ``trace``, and takes ``E`` for 2.718.

    Parameters
    ----------
    method : str, sequence of str or None
        None is Brian2's choice.
    name : str
        Of a variable with a differential equation.
    """
    methods = ["exact"] if method is None else method
    methods = [methods] if isinstance(methods, str) else methods
    return any(m.lower() in _EXACT for m in methods) and _misread(name)


@cache
def _misread(name):
    updater = StateUpdateMethod.stateupdaters["exact"]
    equations = Equations(f"d{name}/dt = -{name}/duration : 1")
    try:
        code = updater(equations, {})
    except Exception:
        return True
    return name not in words(code.split("\n")[0].partition("=")[2])
