"""What of a rate of change is proportional to the variable itself.

The method ``exponential_euler`` writes dx/dt = a x + b. Where b depends on x in a form
that is not proportional to it, it stands still for a step. Brian2 finds a and b by
expanding the sum and collecting what has x as a factor; so does this.
"""

import ast

from .expressions import words

__all__ = ["linear_part"]


class _NotLinearError(Exception):
    """There is a power of the variable."""


def linear_part(expression, name, formulas):
    """Write an expression as ``a*name + b``.

    Parameters
    ----------
    expression : str
    name : str
        Of the variable.
    formulas : dict of str
        Expressions that stand for names in it, by name.

    Returns
    -------
    parts : tuple of str, or None
        a and b; ``"0"`` for nothing. None if the method does not fit: if there are
        powers of the variable, or if nothing is proportional to it though it is there.
    """
    try:
        a, b = _Split(name, formulas).parts(_parsed(expression))
    except _NotLinearError:
        return None
    if a is None and _is_in(name, expression, formulas):
        return None
    return tuple("0" if part is None else ast.unparse(part) for part in (a, b))


def _is_in(name, expression, formulas):
    return name in words(expression) or any(
        _is_in(name, formulas[other], formulas)
        for other in words(expression) & formulas.keys()
    )


def _parsed(text):
    return ast.parse(" ".join(text.split()), mode="eval").body


class _Split:
    def __init__(self, name, formulas):
        self.name, self.formulas = name, formulas

    def parts(self, node):
        """Return what is multiplied by the variable, and the rest; None is nothing."""
        match node:
            case ast.Name(id=self.name):
                return ast.Constant(1.0), None
            case ast.Name() if node.id in self.formulas:
                return self.parts(_parsed(self.formulas[node.id]))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return tuple(
                    part and ast.UnaryOp(node.op, part)
                    for part in self.parts(node.operand)
                )
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                both = zip(self.parts(node.left), self.parts(node.right), strict=True)
                return tuple(_sum(left, node.op, right) for left, right in both)
            case ast.BinOp(op=ast.Mult()):
                (a, b), (c, d) = self.parts(node.left), self.parts(node.right)
                if a and c:
                    raise _NotLinearError
                linear = _sum(_product(a, d), ast.Add(), _product(b, c))
                return linear, _product(b, d)
            case ast.BinOp(op=ast.Div()):
                return tuple(
                    part and ast.BinOp(part, node.op, node.right)
                    for part in self.parts(node.left)
                )
            case ast.BinOp(op=ast.Pow(), right=ast.Constant()):
                if self.parts(node.left)[0]:
                    raise _NotLinearError
        return None, node


def _sum(left, op, right):
    if left is None:
        return (
            ast.UnaryOp(ast.USub(), right) if right and type(op) is ast.Sub else right
        )
    return ast.BinOp(left, op, right) if right else left


def _product(left, right):
    return ast.BinOp(left, ast.Mult(), right) if left and right else None
