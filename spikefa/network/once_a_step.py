"""What neurons evaluate once a time step and keep: before their integration, or after.

A layer integrates in the middle of the time step. What its differential equations take
from a formula marked ``(constant over dt)`` has to be there before; phi, psi and the
third factor follow from what has been integrated. Brian2 has one place for all of them.
"""

import ast
from collections.abc import Mapping

from brian2 import Equations, NeuronGroup
from brian2.equations.codestrings import Expression
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    SUBEXPRESSION,
    SingleEquation,
    extract_constant_subexpressions,
)
from brian2.groups.neurongroup import SubexpressionUpdater
from brian2.units.fundamentalunits import DIMENSIONLESS
from brian2.utils.stringtools import word_substitute

from ..equations.check_stimuli import STIMULI

__all__ = ["evaluated_once", "shown_once", "split_updaters"]

_MARK = "constant over dt"


def evaluated_once(equations: Equations) -> Equations:
    """Let all formulas be evaluated once per neuron and step.

    Those that are not marked get the mark. The integration does not wait for their
    value: it takes them from the variables as they go, by what is written in the place
    of their names.

    Parameters
    ----------
    equations : Equations
        Of a group of neurons.

    Returns
    -------
    equations : Equations
    """
    unmarked = _unmarked(equations)
    in_time = _needed(equations)
    shown: dict[str, SingleEquation] = {}
    once = [
        _copied(eq, flags=[_MARK])
        if eq.varname in unmarked
        else _copied(eq, written_out=unmarked)
        if eq.type == DIFFERENTIAL_EQUATION or eq.varname in in_time
        else eq
        for eq in equations.values()
    ]
    once = [
        _seen_once(eq, shown) if eq.type == DIFFERENTIAL_EQUATION else eq for eq in once
    ]
    return Equations([*once, *shown.values()])


def shown_once(equations: Equations) -> Equations:
    """Let differential equations see what is shown in their step; leave all else.

    Parameters
    ----------
    equations : Equations
        Of a group of neurons.

    Returns
    -------
    equations : Equations
    """
    unmarked = _unmarked(equations)
    shown: dict[str, SingleEquation] = {}
    seen = []
    for eq in equations.values():
        if eq.type == DIFFERENTIAL_EQUATION:
            written_out = _copied(eq, written_out=unmarked)
            found = _seen_once(written_out, shown)
            eq = eq if found is written_out else found
        seen.append(eq)
    return Equations([*seen, *shown.values()])


def _unmarked(equations: Equations) -> dict[str, str]:
    """Formulas that Brian2 evaluates wherever they are named."""
    return {
        eq.varname: eq.expr.code
        for eq in equations.values()
        if eq.type == SUBEXPRESSION and not eq.flags
    }


def _seen_once(eq: SingleEquation, shown: dict[str, SingleEquation]) -> SingleEquation:
    """Let all stages of an integration see what is shown in their step.

    Some methods look half a step ahead, where the next image may begin.
    """
    tree = _Shown(shown)
    text = ast.unparse(tree.visit(ast.parse(eq.expr.code.strip(), mode="eval")))
    if not tree.found:
        return eq
    return SingleEquation(
        eq.type,
        eq.varname,
        eq.dim,
        var_type=eq.var_type,
        expr=Expression(text),
        flags=eq.flags,
    )


class _Shown(ast.NodeTransformer):
    """Puts names of formulas in the place of what is shown."""

    def __init__(self, formulas: dict[str, SingleEquation]) -> None:
        self.formulas, self.found = formulas, False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not (isinstance(node.func, ast.Name) and node.func.id in STIMULI):
            return self.generic_visit(node)
        self.found, text = True, ast.unparse(node)
        if text not in self.formulas:
            self.formulas[text] = SingleEquation(
                SUBEXPRESSION,
                f"{node.func.id}_now_{len(self.formulas)}",
                DIMENSIONLESS,
                expr=Expression(text),
                flags=[_MARK],
            )
        return ast.Name(self.formulas[text].varname)


def split_updaters(
    group: NeuronGroup, equations: Equations
) -> tuple[SubexpressionUpdater | None, SubexpressionUpdater | None]:
    """Give a group a second updater for what its integration needs.

    Parameters
    ----------
    group : NeuronGroup
        Made from these equations.
    equations : Equations

    Returns
    -------
    before, after : SubexpressionUpdater or None
        What has to run before and after the integration.
    """
    marked = extract_constant_subexpressions(equations)[1]
    needed = _needed(equations)
    early = Equations([eq for eq in marked.values() if eq.varname in needed])
    late = Equations([eq for eq in marked.values() if eq.varname not in needed])
    if not early:
        return None, group.subexpression_updater
    group.contained_objects.remove(group.subexpression_updater)
    updaters = [
        SubexpressionUpdater(group, part) if part else None for part in (early, late)
    ]
    group.contained_objects.extend(u for u in updaters if u is not None)
    group.subexpression_updater = updaters[1] or updaters[0]
    return updaters[0], updaters[1]


def _needed(equations: Equations) -> set[str]:
    """Names of the formulas that differential equations depend on, marked ones only.

    What is not marked is no part of it: it is written out where it is needed.
    """
    return {
        dependency.equation.varname
        for name in equations.diff_eq_names
        for dependency in equations.dependencies[name]
        if dependency.equation.type == SUBEXPRESSION
        and _MARK in dependency.equation.flags
    }


def _copied(
    eq: SingleEquation,
    *,
    flags: list[str] | None = None,
    written_out: Mapping[str, str] | None = None,
) -> SingleEquation:
    """Copy an equation with other flags, or with formulas in the place of names."""
    text = eq.expr.code if eq.expr is not None else None
    written_out = written_out or {}
    for _ in written_out:  # one may be made of another
        text = word_substitute(text, {n: f"({t})" for n, t in written_out.items()})
    return SingleEquation(
        eq.type,
        eq.varname,
        eq.dim,
        var_type=eq.var_type,
        expr=None if text is None else Expression(text),
        flags=eq.flags if flags is None else flags,
    )
