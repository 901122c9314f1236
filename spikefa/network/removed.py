"""Synapses that are not there: the strings of a model, as they are for those removed.

A synapse is removed by a 0 of its mask ``present``, and its weight is 0. For most
strings that is enough: what it sends is a product with its weight, and decay leaves a
weight of 0 as it is. What would not stay 0, such as a decay to a value at rest or a
weight that is sent as ``exp(W)``, gets the mask as a factor.
"""

from collections.abc import Iterable, Mapping, Sequence

from brian2 import Equations
from brian2.equations.codestrings import Expression
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    SUBEXPRESSION,
    SingleEquation,
)
from brian2.parsing.sympytools import str_to_sympy
from sympy import nan, oo, zoo

from ..equations.statements import parse_statements

__all__ = ["MASK", "masked_equations", "masked_statements", "masks_first"]

#: The variable that is 1 for synapses that are present.
MASK = "present"


def masks_first(names: Iterable[str]) -> list[str]:
    """Sort state variables for writing one by one.

    A weight that is written where its mask is 0 stays 0.
    """
    return sorted(names, key=lambda name: not name.endswith(f".{MASK}"))


def masked_statements(text: str, weights: Sequence[str]) -> str:
    """Let statements do nothing to, and nothing by, synapses that were removed.

    Parameters
    ----------
    text : str
        Statements that run on the synapses of a projection.
    weights : sequence of str
        Variables that are 0 where a synapse was removed.

    Returns
    -------
    text : str
        The same if nothing has to be changed.
    """
    lines, changed = [], False
    for left, operation, right in parse_statements(text):
        line, after = f"{left} {operation} {right}", _after(left, operation, right)
        if left in weights and not _stays_zero(after, weights):
            line, changed = f"{line}\n{left} *= {MASK}", True
        elif left.endswith(("_pre", "_post")):
            change = right if operation in ("+=", "-=") else f"{after} - {left}"
            if not _stays_zero(change, weights):
                sign = operation if operation == "-=" else "+="
                line, changed = f"{left} {sign} {MASK}*({change})", True
        lines.append(line)
    return "\n".join(lines) if changed else text


def masked_equations(equations: Equations, weights: Sequence[str]) -> Equations:
    """Let sums leave out the synapses that were removed, and their weights stay 0.

    Parameters
    ----------
    equations : Equations
        Of a projection.
    weights : sequence of str
        Variables that are 0 where a synapse was removed.

    Returns
    -------
    equations : Equations
        The same object if nothing has to be changed.
    """
    formulas = {
        eq.varname: f"({eq.expr.code})"
        for eq in equations.values()
        if eq.type == SUBEXPRESSION
        and "summed" not in eq.flags
        and eq.varname not in weights
    }
    found, changed = [], False
    for eq in equations.values():
        of_all = "summed" in eq.flags or (
            eq.type == DIFFERENTIAL_EQUATION and eq.varname in weights
        )
        if of_all and not _stays_zero(eq.expr.code, weights, formulas):
            expr = Expression(f"{MASK}*({eq.expr.code})")
            eq = SingleEquation(
                eq.type, eq.varname, eq.dim, eq.var_type, expr, eq.flags
            )
            changed = True
        found.append(eq)
    return Equations(found) if changed else equations


def _after(left: str, operation: str, right: str) -> str:
    """What a statement gives its variable."""
    operator = operation.removesuffix("=")
    return f"{left} {operator} ({right})" if operator else right


def _stays_zero(
    expression: str, weights: Sequence[str], formulas: Mapping[str, str] | None = None
) -> bool:
    """Whether an expression is known to be 0 for a synapse that was removed."""
    value = str_to_sympy(expression)
    formulas = formulas or {}
    for _ in formulas:  # one may be made of another
        value = value.subs(
            {str_to_sympy(n): str_to_sympy(formulas[n]) for n in formulas}
        )
    value = value.subs({str_to_sympy(name): 0 for name in (*weights, MASK)})
    if value.has(nan, oo, zoo, -oo):
        raise ValueError(
            f"'{expression}' has no value where a synapse was removed: its weight is 0"
        )
    return bool(value == 0)
