"""What is computed for pairs that are not connected.

Their elements of the matrix are there, and nobody reads them. Loops without a condition
are faster, so statements about synapses alone are run for them as well, if that cannot
be noticed: nothing is drawn for them, and nothing is divided by what they have.
"""

import ast

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import Subexpression

from .statements import calls_are_pure, lines_apart, parse_code

__all__ = ["may_be_included"]


def may_be_included(code, synapses):
    """Whether statements may be run for all pairs, connected or not.

    Parameters
    ----------
    code : str
        Abstract code.
    synapses : DenseSynapses

    Returns
    -------
    answer : bool
        True if they change nothing but synapses, call nothing with a state, and cannot
        fail on numbers that have never been set: integers are not divided by them
        anywhere, and no number is on a target that raises errors for it.
    """
    variables, namespace = synapses.variables, synapses.namespace or {}
    if not lines_apart(code, variables, "_idx"):
        return False
    statements = parse_code(code)
    known = _Known(variables, {name for name, _, _ in statements})
    return all(
        calls_are_pure(expression, variables, namespace)
        and not known.can_fail(expression, synapses.codeobj_class.raises_errors)
        for _, _, expression in statements
    )


class _Known:
    """Names of which a pair that is not connected has no other value than the rest.

    Parameters
    ----------
    variables : Variables
    assigned : set of str
        By the statements; some are names of their own.
    """

    def __init__(self, variables, assigned):
        self._variables, self._assigned = variables, assigned

    def can_fail(self, expression, raises_errors):
        """Whether an expression may stop the program for such a pair."""
        tree = ast.parse(expression.strip(), mode="eval")
        return any(self._fails(node, raises_errors) for node in ast.walk(tree))

    def _fails(self, node, raises_errors):
        if isinstance(node, ast.BinOp):
            whole = isinstance(node.op, ast.FloorDiv | ast.Mod)
            if whole or (raises_errors and isinstance(node.op, ast.Div)):
                return not self._same_for_all(node.right)
            if raises_errors and isinstance(node.op, ast.Pow):
                return not _is_positive(node.right) and not self._same_for_all(node)
        if isinstance(node, ast.Call):  # of a user: who knows
            return raises_errors and node.func.id not in DEFAULT_FUNCTIONS
        text = self._text_of(node)
        return text is not None and self.can_fail(text, raises_errors)

    def _same_for_all(self, node):
        for part in ast.walk(node):
            if not isinstance(part, ast.Name):
                continue
            text = self._text_of(part)
            if text is not None:
                if not self._same_for_all(ast.parse(text.strip(), mode="eval")):
                    return False
            elif part.id in self._assigned:
                return False
            elif part.id in self._variables:
                one = getattr(self._variables[part.id], "scalar", False)
                if not one and self._variables.indices[part.id] != "0":
                    return False
        return True

    def _text_of(self, node):
        """What a subexpression stands for."""
        variable = self._variables.get(node.id) if isinstance(node, ast.Name) else None
        return variable.expr if isinstance(variable, Subexpression) else None


def _is_positive(node):
    return isinstance(node, ast.Constant) and node.value > 0
