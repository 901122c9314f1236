"""The table of coverage: which strings of a model file met which rules and options."""

from collections import Counter

from spikefa.equations.names import NAMES

from .random_cases import COLUMNS, cells, legal, legal_cells, possible_refusal, refusal

__all__ = ["chosen", "empty_cells", "table"]


def chosen(cases, number):
    """Choose cases: greedily until they are of all cells, then the first of the others.

    Parameters
    ----------
    cases : list of Case
    number : int

    Returns
    -------
    indices : list of int
        Ascending.
    """
    judged = [not (refusal(case) or possible_refusal(case)) for case in cases]
    of_cases = {k: cells(case) for k, case in enumerate(cases) if judged[k]}
    left, found = set.union(*of_cases.values()), []
    while left:
        found.append(max(of_cases, key=lambda k: len(of_cases[k] & left)))
        left -= of_cases[found[-1]]
    others = (k for k in range(len(cases)) if k not in found)
    return sorted(found + [next(others) for _ in range(number - len(found))])


def _count(cases):
    return Counter(cell for case in cases for cell in cells(case))


def empty_cells(cases):
    """List the legal cells of which no case is."""
    return sorted(legal_cells() - _count(cases).keys())


def table(cases):
    """Show how many cases are of each cell; a dot where there is no such case."""
    count = _count(cases)
    width = max(map(len, NAMES))
    heads = [head.rjust(max(map(len, COLUMNS))) for head in COLUMNS]
    lines = [
        " " * width + "".join(f"{c:>5}" for c in row)
        for row in zip(*heads, strict=True)
    ]
    for string in NAMES:
        numbers = [
            count[string, column] if legal(string, column) else "."
            for column in COLUMNS
        ]
        lines.append(string.ljust(width) + "".join(f"{n:>5}" for n in numbers))
    return "\n".join(lines)
