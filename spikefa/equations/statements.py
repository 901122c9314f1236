"""Taking apart the statements of a model string."""

from brian2.parsing.statements import parse_statement

from .text import tidy_statements

__all__ = ["parse_statements", "sets_variable"]


def parse_statements(text):
    """Take statements apart.

    Parameters
    ----------
    text : str or None

    Returns
    -------
    statements : list of (str, str, str)
        The name on the left, the operation (``=``, ``+=``, ...) and the right side.

    Raises
    ------
    ValueError
        If a line is no statement.
    """
    lines = tidy_statements(text or "").splitlines()
    return [parse_statement(line)[:3] for line in lines]


def sets_variable(text, name):
    """Whether some statements give a variable a new value."""
    return any(left == name for left, _, _ in parse_statements(text))
