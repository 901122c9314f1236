"""What the statements of a projection read and write.

The templates may reorder work (split rows over threads, put updates off) only where
the statements allow it. This module answers these questions from the abstract code;
whatever it does not recognise runs as written.
"""

import ast

import numpy as np
from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import ArrayVariable, Subexpression
from brian2.parsing.statements import parse_statement

__all__ = [
    "calls_are_pure",
    "increment",
    "is_float_array",
    "lines_apart",
    "order_matters",
    "parse_code",
    "post_sums",
    "reads_linearly",
    "variables_read",
]

_POST = "_postsynaptic_idx"


def parse_code(code):
    """Split abstract code into ``(variable, operator, expression)``."""
    lines = [line.split("#")[0] for line in code.splitlines()]
    statements = [part.strip() for line in lines for part in line.split(";")]
    return [parse_statement(statement)[:3] for statement in statements if statement]


def variables_read(expression, variables):
    """The variables that an expression reads, through subexpressions too.

    A variable can have several names, as ``x_pre``, ``x_post`` and ``x`` are if
    source and target are the same neurons; it comes once.
    """
    identifiers = get_identifiers_recursively([expression], variables)
    return {variables[name] for name in identifiers if name in variables}


def post_sums(code, variables):
    """Postsynaptic variables that the code only adds to.

    Returns
    -------
    names : list of str or None
        None if a postsynaptic, presynaptic or shared variable is written in any other
        way, or read where it is added to.
    """
    statements = parse_code(code)
    read = set()
    for _, _, expression in statements:
        read |= variables_read(expression, variables)
    sums = {}
    for name, operator, _ in statements:
        if name not in variables or variables.indices[name] == "_idx":
            continue
        adds = operator in ("+=", "-=") and variables.indices[name] == _POST
        if not adds or variables[name] in read:
            return None
        sums.setdefault(variables[name], name)
    return list(sums.values())


def lines_apart(code, variables, index):
    """Whether synapses of different neurons have nothing to do with each other.

    Parameters
    ----------
    code : str
        Abstract code.
    variables : Variables
        Of the projection.
    index : str
        Index of these neurons, ``_presynaptic_idx`` or ``_postsynaptic_idx``, or
        ``_idx`` for: of different synapses.

    Returns
    -------
    apart : bool
        True if the code writes nothing but synaptic variables and variables of these
        neurons, and reads the latter under this index only.
    """
    statements = parse_code(code)
    written = [name for name, _, _ in statements if name in variables]
    if any(variables.indices[name] not in ("_idx", index) for name in written):
        return False
    arrays = {variables[name] for name in written if variables.indices[name] == index}
    read = get_identifiers_recursively([e for _, _, e in statements], variables)
    return all(
        variables.indices[name] == index
        for name in read
        if name in variables and variables[name] in arrays
    )


def order_matters(code, synapses, index):
    """Whether it matters which of several synapses comes first.

    Parameters
    ----------
    code : str
        Abstract code.
    synapses : DenseSynapses
    index : str
        That of the neurons that these synapses do not share, or ``_idx``; see
        `lines_apart`.

    Returns
    -------
    matters : bool
        False if they only add to what they share, but for rounding, and draw nothing.
    """
    variables, statements = synapses.variables, parse_code(code)
    expressions = [expression for _, _, expression in statements]
    namespace = synapses.namespace or {}
    if not all(calls_are_pure(e, variables, namespace) for e in expressions):
        return True
    read = set().union(*(variables_read(e, variables) for e in expressions))
    left = []
    for name, operator, expression in statements:
        shared = name in variables and variables.indices[name] not in ("_idx", index)
        adds = operator in ("+=", "-=") and shared and variables[name] not in read
        if not adds:
            left.append(f"{name} {operator} {expression}")
    return not lines_apart("\n".join(left), variables, index)


def increment(code, variables, namespace=None):
    """Recognise ``X += f``, with f the same for all synapses onto a neuron.

    Parameters
    ----------
    code : str
        Abstract code.
    variables : Variables
        Of the projection.
    namespace : dict, optional
        The names the projection was given, for the functions among them.

    Returns
    -------
    name, expression : str, or (None, None)
        The synaptic parameter X and f.
    """
    nothing = None, None
    statements = parse_code(code)
    if len(statements) != 1:
        return nothing
    name, operator, expression = statements[0]
    if (
        operator != "+="
        or not is_float_array(variables.get(name))
        or variables.indices[name] != "_idx"
        or variables[name].constant
    ):
        return nothing
    for identifier in get_identifiers_recursively([expression], variables):
        variable = variables.get(identifier)
        if variable is None or isinstance(variable, Subexpression):
            continue
        if variables.indices[identifier] not in ("0", _POST):
            # Constants such as N_post have no index, but a value.
            if not getattr(variable, "scalar", False):
                return nothing
    if not calls_are_pure(expression, variables, namespace or {}):
        return nothing
    return name, expression


def reads_linearly(code, name, variables):
    """Whether the code is ``y_post += X`` for the synaptic variable X called ``name``.

    False if it is anything else that has to do with X; None if it leaves X alone.
    """
    statements = parse_code(code)
    concerned = any(
        name == target or variables[name] in variables_read(expression, variables)
        for target, _, expression in statements
    )
    if not concerned:
        return None
    target, operator, expression = statements[0]
    return (
        len(statements) == 1
        and operator == "+="
        and expression.strip() == name
        and is_float_array(variables.get(target))
        and variables.indices[target] == _POST
    )


def is_float_array(variable):
    """Whether sums may be regrouped: with integers, each partial sum is cut."""
    return isinstance(variable, ArrayVariable) and np.issubdtype(
        variable.dtype, np.floating
    )


def calls_are_pure(expression, variables, namespace):
    """Whether all functions called give the same result for the same arguments."""
    for node in ast.walk(ast.parse(expression.strip(), mode="eval")):
        if isinstance(node, ast.Call):
            called = node.func.id
            function = namespace.get(called, DEFAULT_FUNCTIONS.get(called))
            if not getattr(function, "stateless", False):
                return False
        elif isinstance(node, ast.Name):
            variable = variables.get(node.id)
            if isinstance(variable, Subexpression) and not calls_are_pure(
                variable.expr, variables, namespace
            ):
                return False
    return True
