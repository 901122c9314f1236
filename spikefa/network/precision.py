"""What is stored and computed in double precision: times, and what the user asks for.

Everything else is in single precision, which halves the memory that a step reads. It
resolves 6e-8 of a number: after 16 million steps no time step, and never a change of
1e-8 of a variable in a step. Times are found in the model's strings; see
`~spikefa.network.slow_decay` for changes.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import DEFAULT_FUNCTIONS, Equations, prefs
from brian2.core.variables import Variable
from brian2.equations.equations import FLOAT
from brian2.groups.group import CodeRunner

from ..equations.check_stimuli import STIMULI
from ..equations.model import Model
from ..equations.statements import parse_statements
from ..errors import ModelError
from .architecture import PRECISIONS, Architecture

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = [
    "check_precision",
    "compute_in_double",
    "double_types",
    "double_variables",
    "float_type",
]

#: What grows with time, for all that Brian2 calls so.
_TIMES = {"t", "t_in_timesteps", "lastspike", "lastupdate"}

#: Functions of time whose values are no times.
_STIMULI = {"elapsed_steps", *STIMULI}
_BOUNDED = {"sin", "cos", "tan", "tanh", "exp", "sign", "exprel"} | _STIMULI


def float_type(architecture: Architecture) -> type:
    """Type of all variables that nothing else is said of, for Brian2's preferences."""
    return np.dtype(PRECISIONS[architecture.precision]).type


def _assignments(model: Model) -> list[tuple[str, str, str]]:
    """List (string, variable, expression) of all equations and statements.

    Differential equations come without their left side's derivative: what x is made of
    in a step is x and the expression.
    """
    found = []
    for name, text in model.items():
        if not isinstance(text, str):
            continue
        try:
            equations = Equations(text).values()
        except Exception:  # no equations: statements, or a condition
            try:
                statements = parse_statements(text)
            except Exception:
                continue
            found += [(name, left, right) for left, _, right in statements]
            continue
        found += [(name, eq.varname, eq.expr.code) for eq in equations if eq.expr]
    return found


def double_variables(model: Model) -> set[str]:
    """Find the variables that have to be in double precision.

    Parameters
    ----------
    model : Model

    Returns
    -------
    names : set of str
        Those that hold times, or what is computed from times other than by a function
        with bounds, and those that the model's ``precision`` names.
    """
    asked = model.get("precision")
    asked = asked if isinstance(asked, dict) else {}  # `check_precision` refuses others
    names: set[str] = set()
    assignments = [(left, right) for _, left, right in _assignments(model)]
    while True:
        more = {
            left.removesuffix("_post").removesuffix("_pre")
            for left, right in assignments
            if _grows(right, names)
        }
        if more <= names:
            break
        names |= more
    names |= {name for name, of in asked.items() if of == "double"}
    return names - _TIMES - {name for name, of in asked.items() if of == "single"}


def _grows(expression: str, names: set[str]) -> bool:
    """Whether a time is in an expression, and not in a bounded function of it."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        return False
    return _has_time(tree.body, _TIMES | names, _BOUNDED)


def _has_time(node: ast.AST, times: set[str], hidden_in: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id.removesuffix("_post").removesuffix("_pre") in times
    if isinstance(node, ast.Compare) and hidden_in is _BOUNDED:
        return False
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else None
        unknown = hidden_in is _BOUNDED and name not in DEFAULT_FUNCTIONS
        if unknown or name in hidden_in:
            return False
        return any(_has_time(arg, times, hidden_in) for arg in node.args)
    children = ast.iter_child_nodes(node)
    return any(_has_time(child, times, hidden_in) for child in children)


def double_types(net: "FeedbackNetwork", equations: Equations) -> dict[str, type]:
    """Types of the variables of a group that are not in single precision.

    Parameters
    ----------
    net : FeedbackNetwork
    equations : Equations

    Returns
    -------
    dtype : dict
        For Brian2's groups.
    """
    return {
        name: np.float64
        for name in sorted(net.doubles & set(equations))
        if equations[name].var_type == FLOAT
    }


def compute_in_double(net: "FeedbackNetwork") -> None:
    """Let objects that use times, or variables in double precision, compute in it.

    Brian2 computes what is the same for all neurons once a step, and stores it in the
    precision of its preferences: it has to be that of the result.

    Parameters
    ----------
    net : FeedbackNetwork
    """
    if prefs.core.default_float_dtype is np.float64:
        return
    names = _TIMES | net.doubles
    for obj in net.brian_network.sorted_objects:
        if isinstance(obj, CodeRunner) and any(
            _uses(text, names) for text in _texts(obj)
        ):
            obj.create_code_objects = partial(_in_double, obj.create_code_objects)


def _in_double(
    create_code_objects: Callable[[dict], None], run_namespace: dict
) -> None:
    single = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = np.float64
    try:
        create_code_objects(run_namespace)
    finally:
        prefs.core.default_float_dtype = single


def _texts(runner: CodeRunner) -> Iterator[Any]:
    """Expressions and statements that the code of an object may be made of."""
    group = runner.group
    for eq in getattr(group, "equations", {}).values():
        if eq.expr is not None:
            yield f"{eq.varname} = {eq.expr.code}"
    yield from getattr(group, "events", {}).values()
    yield from getattr(group, "event_codes", {}).values()
    for code in (getattr(runner, name, None) for name in ("abstract_code", "code")):
        yield from code.values() if isinstance(code, dict) else [code]


def _uses(text: Any, names: set[str]) -> bool:
    if not isinstance(text, str):
        return False
    try:
        tree = ast.parse("\n".join(line.strip() for line in text.splitlines()))
    except SyntaxError:
        return False
    return any(_has_time(node, names, _STIMULI) for node in tree.body)


def check_precision(model: Model, variables: Iterable[Variable]) -> None:
    """Refuse a model's ``precision`` of what is no variable, or no precision.

    Parameters
    ----------
    model : Model
    variables : iterable of Variable
        Of the network.

    Raises
    ------
    ModelError
    """
    asked = model.get("precision")
    if asked is None:
        return
    where = model.where("precision")
    if not isinstance(asked, dict):
        raise ModelError(f'{where}: must be a dict such as {{"theta": "double"}}')
    floats = {v.name for v in variables if np.dtype(v.dtype).kind == "f"}
    for name, precision in asked.items():
        if precision not in PRECISIONS:
            known = " or ".join(repr(name) for name in PRECISIONS)
            raise ModelError(f"{where}: must be {known} for {name}, got {precision!r}")
        if name not in floats:
            raise ModelError(f"{where}: '{name}' is no floating-point variable")
