"""Solutions of differential equations that divide by 0 where two rates are the same.

Brian2 solves linear equations with symbols. The solution of

    dh/dt = (drive - h)/tau_h : 1
    dv/dt = (h - v)/tau_v : 1

divides by ``tau_h - tau_v``, that of ``dh/dt = drive - g*h`` by ``g``. The solutions
are right for all other values, and NaN for these.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any

from brian2 import Quantity
from brian2.equations.equations import SUBEXPRESSION, Equations
from brian2.groups.group import VariableOwner
from brian2.stateupdaters.base import StateUpdateMethod

from ..equations.evaluate import CONSTANTS, FUNCTIONS, UNITS, evaluate
from ..equations.explanations import words
from ..equations.signals import CLOCK_FUNCTIONS
from ..equations.statements import parse_statements
from ..errors import ModelError
from .divisions import denominators, equations_of, strings_defining
from .network import FeedbackNetwork

__all__ = ["check_solutions"]

#: Sums are 0 if they are this much smaller than their terms: single precision
#: would leave few digits of such a solution.
_SMALL = 1e-3


def check_solutions(
    net: FeedbackNetwork,
    groups: Iterable[tuple[str | None, VariableOwner]],
    initial: Iterable[str],
) -> None:
    """Refuse solutions that divide by 0 in some step.

    A variable counts as 0 that nothing gives a value before the first step, unless an
    equation of the model divides by it; numbers have the values that the model gives.

    Parameters
    ----------
    net : FeedbackNetwork
        Prepared for a run, so that the methods of integration have been chosen.
    groups : iterable of (str or None, Group)
        Name of the string that chooses the method, and the group or projection.
    initial : iterable of str
        Variables with initial values, as ``"group.variable"``.

    Raises
    ------
    ModelError
        Naming the string and what its solution divides by.
    """
    initial = set(initial)
    for method, group in groups:
        equations = equations_of(net, group)
        own = {d for eq in equations if eq.expr for d in denominators(eq.expr.code)}
        values = _Values(net, group, own, initial)
        for name, denominator in _divisions(group):
            if denominator not in own and (zero := values.vanishing(denominator)):
                strings = strings_defining(net, group, name)
                varies = words(zero) & set(group.variables)
                advice = f"; choose another method ({method} = 'rk4')" if method else ""
                raise ModelError(
                    f"{net.model.where(*strings)}: the solution of d{name}/dt divides "
                    f"by '{zero}', which {'can be' if varies else 'is about'} 0{advice}"
                )


def _divisions(group: VariableOwner) -> list[tuple[str, str]]:
    """List what the solutions of a group divide by, each with its variable."""
    solutions = [group.state_updater.abstract_code] if group.state_updater else []
    driven = getattr(group, "event_driven", None)
    if isinstance(driven, Equations) and driven.diff_eq_names:
        exact = StateUpdateMethod.stateupdaters["exact"]
        solutions.append(exact(driven, group.variables))
    names = set(group.equations.diff_eq_names)
    names |= set(driven.diff_eq_names) if driven else set()
    # The same one often stands in several places.
    found: dict[tuple[str, str], None] = {}
    for line in "\n".join(solutions).split("\n"):
        left, _, right = line.partition("=")
        # What Brian2 adds to a name ends with an underscore: _h, _BA_h, __k_1_h.
        ends = [n for n in names if f"_{left.strip()}".endswith(f"_{n}")]
        if ends:
            found |= dict.fromkeys(
                (max(ends, key=len), text) for text in denominators(right)
            )
    return list(found)


class _Values:
    """What the names in the equations of a group are in a step that is the worst."""

    def __init__(
        self,
        net: FeedbackNetwork,
        group: VariableOwner,
        own: Iterable[str],
        initial: Iterable[str],
    ) -> None:
        self.group, self.net = group, net
        start = f"{group.name}."
        self.given = {n.removeprefix(start) for n in initial if n.startswith(start)}
        self.given |= {"t", "dt"}.union(*map(words, own))
        for string in net.model:
            if string.endswith("on_image") and isinstance(net.model[string], str):
                parsed = parse_statements(net.model[string])
                self.given |= {left for left, sign, _ in parsed if sign == "="}

    @cached_property
    def constant(self) -> dict[str, Any]:
        """What is the same in all steps: all but some functions and subexpressions."""
        known: dict[str, Any] = {**CONSTANTS, **FUNCTIONS}
        known |= {name: float(unit) for name, unit in UNITS.items()}
        known |= {
            name: float(value)
            for name, value in self.group.namespace.items()
            if isinstance(value, int | float | Quantity)
            and not getattr(value, "ndim", 0)
        }
        for n, name in enumerate(sorted(self.group.variables)):
            if name not in known:
                known[name] = 0.618 + 0.1 * n if name in self.given else 0.0
        return known

    @cached_property
    def expressions(self) -> Mapping[str, str]:
        return {
            eq.varname: eq.expr.code
            for eq in equations_of(self.net, self.group)
            if eq.type == SUBEXPRESSION
        }

    def vanishing(self, text: str) -> str | None:
        """Return the factor of a denominator that can be 0, or None."""
        steps = range(self.net.architecture.steps_per_image)
        for step, training, active in product(steps, (0, 1), (0, 1)):
            names = self.names(step, training, active)
            for factor in _factors(ast.parse(text.strip(), mode="eval").body):
                if _is_small(factor, names):
                    return ast.unparse(factor)
        return None

    def names(self, step: int, training: int, active: int) -> dict[str, Any]:
        """Return what is known in a step of training or of a test, of some neurons.

        Active are those that are not refractory.
        """
        known = self.constant | {"not_refractory": active}
        known |= zip(CLOCK_FUNCTIONS, (lambda t: step, lambda t: training), strict=True)
        for _ in self.expressions:  # one may need another
            known |= {
                name: value
                for name, text in self.expressions.items()
                if (value := _evaluated(text, known)) is not None
            }
        return known


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the factors of a product."""
    match node:
        case ast.BinOp(op=ast.Mult()):
            yield from _factors(node.left)
            yield from _factors(node.right)
        case ast.BinOp(op=ast.Pow()):
            yield from _factors(node.left)
        case ast.UnaryOp(op=ast.USub()):
            yield from _factors(node.operand)
        case _:
            yield node


def _terms(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the terms of a sum, whatever their sign."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield from _terms(node.left)
            yield from _terms(node.right)
        case _:
            yield node


def _is_small(node: ast.expr, names: Mapping[str, Any]) -> bool:
    sizes = []
    for part in (node, *_terms(node)):
        value = _evaluated(ast.unparse(part), names)
        if value is None:
            return False
        sizes.append(abs(value))
    total, *terms = sizes
    return total <= _SMALL * sum(terms) if len(terms) > 1 else total == 0


def _evaluated(text: str, names: Mapping[str, Any]) -> float | None:
    """Return a number, or None if it depends on what is not known here."""
    try:
        return float(evaluate(text, names))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
