"""What a pathway runs where there are event-driven variables."""

from brian2.equations.equations import Equations

from .event_driven import solution
from .statements import parse_code
from .traces import equations_needed, names_read, plan_writes

__all__ = ["pathway_blocks"]


def pathway_blocks(pathway, code):
    """Abstract code of a pathway of a projection with event-driven variables.

    Parameters
    ----------
    pathway : DensePathway
    code : str
        Its statements.

    Returns
    -------
    blocks : dict of str
        ``others``: for all neurons of the other side; ``own``, ``own_after``: for the
        neurons that had an event, before and after ``rows``.
    """
    synapses, side = pathway.synapses, pathway.prepost
    other = "post" if side == "pre" else "pre"
    dependencies = synapses.dependencies
    equations = dependencies.model
    sides = {name: trace.side for name, trace in synapses.traces.items()}
    statements = parse_code(code)
    before, rows, after = plan_writes(statements, sides, side, dependencies)
    read = set().union(*(names_read(e, equations) for _, _, e in statements))
    matrices = set(synapses.event_driven.diff_eq_names) - set(sides)
    blocks = {"others": "", "own": "", "rows": "", "own_after": ""}
    for traces, block, elapsed in (
        (_traces_of(synapses, side), "own", f"t - _last_{side}"),
        (_traces_of(synapses, other), "others", f"t - _last_{other}"),
    ):
        if block == "others":
            wanted = [t for t in traces if t.name in read]
            names = equations_needed(equations, *(t.name for t in wanted))
            traces = [t for t in traces if t.name in names]
            blocks[block] += "".join(f"{t.name} = {t.stored}\n" for t in traces)
        if traces:
            solved = _together(equations, *(t.name for t in traces))
            blocks[block] += solution(solved, synapses.variables, elapsed) + "\n"
    if matrices:
        solved = _together(equations, *matrices)
        code = solution(solved, synapses.variables, "t - lastupdate")
        blocks["rows"] = code + "\n"
    blocks["own"] += _text(before)
    blocks["rows"] += _text(rows)
    blocks["own_after"] = _text(after) + f"_last_{side} = t\n"
    return {name: code for name, code in blocks.items() if code or name == "rows"}


def _traces_of(synapses, side):
    return [t for t in synapses.traces.values() if t.side == side]


def _together(equations, *names):
    """What some event-driven variables are solved with."""
    return Equations(
        [equations[n] for n in sorted(equations_needed(equations, *names))]
    )


def _text(statements):
    return "".join(f"{name} {op} {expr}\n" for name, op, expr in statements)
