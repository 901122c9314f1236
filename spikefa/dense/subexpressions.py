"""Subexpressions of synapses that read what the statements of a pathway change.

Brian2's documentation has a subexpression stand for its text wherever it is used. Its
`Synapses` read the variables of a subexpression once, before all statements of a
pathway and before event-driven variables are brought up to date (Brian2 2.10 and 2.11):
with ``dw = rate*trace : 1``, the statements ``trace += 1; w += dw`` take the trace of
the last event.
"""

from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION
from brian2.utils.stringtools import get_identifiers, word_substitute

from .statements import parse_code

__all__ = ["changed_subexpressions", "read_after_change", "written_out"]


def changed_subexpressions(code, equations):
    """Find the subexpressions whose value changes while the statements run.

    Parameters
    ----------
    code : str
        Statements of a pathway.
    equations : Equations
        Those of the synapses.

    Returns
    -------
    texts : dict of str to str
        Their expressions, by name. Empty if the statements cannot be parsed.
    """
    texts = {
        name: equation.expr.code
        for name, equation in equations.items()
        if equation.type == SUBEXPRESSION
        and not {"summed", "constant over dt"} & set(equation.flags)
    }
    changed = {
        name
        for name, equation in equations.items()
        if equation.type == DIFFERENTIAL_EQUATION and "event-driven" in equation.flags
    }
    try:
        changed |= {name for name, _, _ in parse_code(code)}
    except (SyntaxError, ValueError):  # for Brian2 to refuse
        return {}
    used = _with_what_they_use(get_identifiers(code), texts)
    return {
        name: text
        for name, text in texts.items()
        if name in used and _with_what_they_use({name}, texts) & changed
    }


def read_after_change(code, equations):
    """Find those of them that are used after the change, where it makes a difference.

    Parameters
    ----------
    code : str
    equations : Equations

    Returns
    -------
    names : list of str
        In the order of the alphabet.
    """
    texts = changed_subexpressions(code, equations)
    changed = {
        name
        for name, equation in equations.items()
        if equation.type == DIFFERENTIAL_EQUATION and "event-driven" in equation.flags
    }
    found = set()
    for name, _, expression in parse_code(code) if texts else ():
        used = get_identifiers(expression) & texts.keys()
        found |= {n for n in used if _with_what_they_use({n}, texts) & changed}
        changed.add(name)
    return sorted(found)


def written_out(code, equations):
    """Write such subexpressions out where the statements use them.

    Parameters
    ----------
    code : str
    equations : Equations

    Returns
    -------
    code : str
        The same statements for `Synapses` and `DenseSynapses`.
    """
    texts = {n: f"({t})" for n, t in changed_subexpressions(code, equations).items()}
    while texts.keys() & get_identifiers(code):
        code = word_substitute(code, texts)
    return code


def _with_what_they_use(names, texts):
    """Add what subexpressions refer to, and so on."""
    found, new = set(), set(names)
    while new:
        found |= new
        new = set().union(*(get_identifiers(texts[n]) for n in new & texts.keys()))
        new -= found
    return found
