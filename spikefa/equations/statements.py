"""Taking apart the statements of a model string."""

from brian2.parsing.statements import parse_statement

__all__ = ["parse_statements", "sets_variable"]


def parse_statements(text):
    """Take statements apart.

    Parameters
    ----------
    text : str or None
        Lines, or what ``;`` parts.

    Returns
    -------
    statements : list of (str, str, str)
        The name on the left, the operation (``=``, ``+=``, ...) and the right side.

    Raises
    ------
    ValueError
        If a line is no statement.
    """
    lines = (text or "").replace(";", "\n").splitlines()
    return [parse_statement(line.strip())[:3] for line in lines if line.strip()]


def sets_variable(text, name):
    """Whether some statements give a variable a new value."""
    return any(left == name for left, _, _ in parse_statements(text))
