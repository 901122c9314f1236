"""What a string of equations says, and what a string of statements says."""

import io
import re
import tokenize
from dataclasses import dataclass
from functools import cache

from .expressions import words

__all__ = ["Equation", "needed", "parse_equations", "parse_statements"]

_LEFT = re.compile(r"(?:d(?P<diff>\w+)\s*/\s*dt|(?P<name>\w+))\s*(?P<equal>=)?", re.S)
_RIGHT = re.compile(r"\s*(?P<unit>.*?)\s*(?:\((?P<flags>[a-z ,-]+)\))?\s*")
_STATEMENT = re.compile(r"(\w+)\s*(\*\*|//|[-+*/%]|)=\s*(.+)", re.S)


@dataclass(frozen=True)
class Equation:
    """One line: ``dx/dt = ...``, ``x = ...`` or a mere ``x``, with unit and flags."""

    name: str
    kind: str  # "differential", "subexpression" or "parameter"
    expression: str
    unit: str
    flags: tuple[str, ...]

    @property
    def dtype(self):
        return {"integer": int, "boolean": bool}.get(self.unit, float)


@cache
def parse_equations(text):
    """List the equations of a string.

    Returns
    -------
    equations : tuple of Equation
    """
    found, pending = [], ""
    for line in text.splitlines():
        pending += " " + line.split("#")[0]
        if ":" not in pending:
            continue  # an expression goes on in the next line
        found.append(_equation(*pending.split(":", 1)))
        pending = ""
    return tuple(found)


def _equation(definition, rest):
    left = _LEFT.match(definition.strip())
    expression = definition.strip()[left.end() :].strip()
    kind = "parameter"
    if left["equal"]:
        kind = "differential" if left["diff"] else "subexpression"
    right = _RIGHT.fullmatch(rest)
    flags = tuple(flag.strip() for flag in (right["flags"] or "").split(",") if flag)
    name = left["diff"] or left["name"]
    return Equation(name, kind, expression, right["unit"], flags)


def needed(expressions, formulas):
    """Find the formulas that some expressions are made of.

    Parameters
    ----------
    expressions : iterable of str
    formulas : dict of Equation

    Returns
    -------
    names : set of str
    """
    found, waiting = set(), list(expressions)
    while waiting:
        more = (words(waiting.pop()) & formulas.keys()) - found
        found |= more
        waiting += [formulas[name].expression for name in more]
    return found


@cache
def parse_statements(text):
    """List the statements of a string.

    Returns
    -------
    statements : tuple of (str, str, str)
        Name, operator (``+`` for ``+=``) and expression.
    """
    lines, line = [], []
    for token in tokenize.generate_tokens(io.StringIO((text or "").strip()).readline):
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or token.string == ";":
            lines.append(" ".join(line))
            line = []
        elif token.type not in _LAYOUT:
            line.append(token.string)
    return tuple(_STATEMENT.fullmatch(line.strip()).groups() for line in lines if line)


_LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT)
