"""What the statements of a projection read and write.

The templates may reorder work (split rows over threads, put updates off) only where
the statements allow it. This module answers these questions from the abstract code;
whatever it does not recognise runs as written.
"""

from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.variables import ArrayVariable
from brian2.parsing.statements import parse_statement
from brian2.utils.stringtools import get_identifiers

__all__ = ["can_split_rows", "increment", "parse_code", "post_sums", "reads_linearly"]

_PRE, _POST = "_presynaptic_idx", "_postsynaptic_idx"


def parse_code(code):
    """Split abstract code into ``(variable, operator, expression)``."""
    lines = [line.split("#")[0].strip() for line in code.splitlines()]
    return [parse_statement(line)[:3] for line in lines if line]


def _identifiers(expression, variables):
    return get_identifiers_recursively([expression], variables)


def _index(name, variables):
    return variables.indices[name] if name in variables else None


def post_sums(code, variables):
    """Postsynaptic variables that the code only adds to.

    Returns
    -------
    names : list of str or None
        None if a postsynaptic or shared variable is written in any other way, or
        read where it is added to.
    """
    statements = parse_code(code)
    read = [_identifiers(expr, variables) for _, _, expr in statements]
    names = []
    for name, operator, _ in statements:
        if name not in variables or _index(name, variables) == "_idx":
            continue
        adds = operator in ("+=", "-=") and _index(name, variables) == _POST
        if not adds or any(name in identifiers for identifiers in read):
            return None
        if name not in names:
            names.append(name)
    return names


def can_split_rows(code, variables):
    """Whether rows may be worked on at the same time.

    True if the code writes synaptic variables and adds to postsynaptic ones only.
    Random numbers do not matter: each thread has a generator of its own.
    """
    return post_sums(code, variables) is not None


def increment(code, variables):
    """Recognise ``X += f``, with f the same for all synapses onto a neuron.

    Returns
    -------
    name, expression : str, or (None, None)
        The synaptic parameter X and f.
    """
    statements = parse_code(code)
    if len(statements) != 1:
        return None, None
    name, operator, expression = statements[0]
    if (
        operator != "+="
        or not isinstance(variables.get(name), ArrayVariable)
        or _index(name, variables) != "_idx"
    ):
        return None, None
    for identifier in _identifiers(expression, variables):
        function = DEFAULT_FUNCTIONS.get(identifier)
        if isinstance(function, Function) and not function.stateless:
            return None, None
        variable = variables.get(identifier)
        if variable is None or not hasattr(variable, "expr"):
            if _index(identifier, variables) not in (None, "0", _POST):
                return None, None
    return name, expression


def reads_linearly(code, name, variables):
    """Whether the code is ``y_post += X`` for the synaptic variable X called ``name``.

    False if it is anything else that has to do with X; None if it leaves X alone.
    """
    statements = parse_code(code)
    concerned = any(
        name == target or name in _identifiers(expr, variables)
        for target, _, expr in statements
    )
    if not concerned:
        return None
    target, operator, expression = statements[0]
    return (
        len(statements) == 1
        and operator == "+="
        and get_identifiers(expression) == {name}
        and expression.strip() == name
        and _index(target, variables) == _POST
    )
