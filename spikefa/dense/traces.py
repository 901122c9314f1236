"""Traces: event-driven variables that are kept once for each neuron.

A trace that depends on one side alone, as those of STDP do, is the same in a whole row
(or column) of the matrix. Here they are found, from the equations and statements.
"""

import numpy as np
import sympy
from brian2.core.functions import Function
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    Equations,
)
from brian2.parsing.sympytools import str_to_sympy
from brian2.units.fundamentalunits import Quantity, fail_for_dimension_mismatch
from brian2.utils.stringtools import get_identifiers, word_substitute

from .event_driven import had_events, solution
from .statements import calls_are_pure, parse_code
from .variables import add_matrix, add_subexpression

__all__ = [
    "Trace",
    "equations_needed",
    "find_traces",
    "names_read",
    "plan_writes",
    "values_of_constants",
]


class Trace:
    """An event-driven variable that is kept once for each neuron of one side.

    Parameters
    ----------
    equation : SingleEquation
    side : {'pre', 'post'}
    equations : Equations
        All that are needed to solve it.
    """

    def __init__(self, equation, side, equations):
        self.name, self.dim = equation.varname, equation.dim
        self.side, self.equations = side, equations

    @property
    def stored(self):
        """Name of the values as of the last event of their neuron."""
        return f"_{self.name}_stored"

    @property
    def now(self):
        """Name of the values at the current time, for events of the other side."""
        return f"_{self.name}_now"

    def add_variables(self, synapses, dtype):
        """Add the arrays, and under its own name what `Synapses` would hold."""
        size = synapses.end_of(self.side)
        index = f"_{self.side}synaptic_idx"
        for name in (self.stored, self.now):
            add_matrix(synapses, name, dtype, self.dim, index, size=size)
        elapsed = f"lastupdate - _last_{self.side}"
        add_subexpression(
            synapses.variables, self.name, self._expression(elapsed), self.dim, dtype
        )

    def initial_values(self, synapses, item):
        """Values of some synapses that have had no event yet."""
        index = synapses.variables[f"_{self.side}synaptic_idx"]
        stored = synapses.variables[self.stored].get_value()
        return stored[synapses._indices(item, index)]

    def set(self, synapses, value, check_units=True):
        """Set the values of all neurons to one number.

        Raises
        ------
        NotImplementedError
            If they are set one by one; or after events, if they do not stay at the
            number: it would be the value of each synapse as of its last event.
        """
        if not isinstance(value, str) and np.ndim(value) == 1:
            now = getattr(synapses, f"{self.name}_")[:]
            if np.array_equal(now, np.asarray(value)):
                return  # what `get_states` gave
        if isinstance(value, str) or np.size(value) != 1:
            raise NotImplementedError(
                f"'{synapses.name}' keeps '{self.name}' once for each neuron and sets "
                "it to one number for all: use Synapses"
            )
        if check_units:
            fail_for_dimension_mismatch(
                self.dim, value, f"Incorrect unit for setting '{self.name}'"
            )
        number = float(np.ravel(value)[0])
        if had_events(synapses) and not self._stays_at(number):
            raise NotImplementedError(
                f"'{synapses.name}' keeps '{self.name}' once for each neuron. After "
                f"events it can be set to what it stays at, not to {number}: use "
                "Synapses"
            )
        stored = synapses.variables[self.stored]
        stored.set_value(np.full(stored.size, number))

    def _stays_at(self, number):
        """Whether the solution that starts at a number does not change."""
        solved = str_to_sympy(self._expression("_elapsed"))
        at = {s: number for s in solved.free_symbols if s.name == self.stored}
        return sympy.simplify(solved.subs(at) - number) == 0

    def _expression(self, elapsed):
        """The solution as a single expression of stored values."""
        known = {}
        for name, _, expression in parse_code(solution(self.equations, {}, elapsed)):
            names = get_identifiers(expression)
            stored = {
                n: known.get(n, f"_{n}_stored")
                for n in names
                if n in known or n in self.equations.diff_eq_names
            }
            known[name] = f"({word_substitute(expression, stored)})"
            if name == self.name:
                return known[name]
        raise AssertionError(f"no solution for '{self.name}'")


def find_traces(on_pre, on_post, dependencies):
    """Find the event-driven variables that are the same in a whole row or column.

    Those are written by pathways of one side only, with what is the same there, and
    their equation depends on constants and others of them only: then the exact solution
    over a long time is that over its parts, and when the other side has its events
    makes no difference. Whatever is not proved to be one of them is kept for each
    synapse.

    Parameters
    ----------
    on_pre, on_post : list of str
        Statements of the pathways.
    dependencies : Dependencies

    Returns
    -------
    traces : dict of `Trace`
        By name.
    """
    equations = dependencies.model
    names = {
        name
        for name, eq in equations.items()
        if eq.type == DIFFERENTIAL_EQUATION and "event-driven" in eq.flags
    }
    try:
        codes = {
            "pre": [parse_code(code) for code in on_pre],
            "post": [parse_code(code) for code in on_post],
        }
    except (SyntaxError, ValueError):  # for Brian2 to refuse, before a run
        return {}
    sides = {}
    for name in sorted(names):
        writing = [s for s in codes if any(name in _written(c) for c in codes[s])]
        if len(writing) == 1:
            sides[name] = writing[0]
    while True:  # a trace that is none takes those with it that depend on it
        others = names - set(sides)
        needed_by_others = equations_needed(equations, *others)
        left = {
            name: side
            for name, side in sides.items()
            if name not in needed_by_others
            and _depends_on_side(name, sides, dependencies)
            and all(
                plan_writes(code, sides, side, dependencies) is not None
                for code in codes[side]
            )
        }
        if left == sides:
            break
        sides = left
    traces = {}
    for name, side in sides.items():
        needed = equations_needed(equations, name)
        traces[name] = Trace(
            equations[name], side, Equations([equations[n] for n in sorted(needed)])
        )
    return traces


def values_of_constants(synapses, run_namespace):
    """The constants that the equations of traces depend on.

    Returns
    -------
    values : dict
        By name, with units; a new object for what a standalone program only will know.
    """
    values = {}
    for trace in synapses.traces.values():
        names = set().union(*(eq.identifiers for eq in trace.equations.values()))
        names |= set(trace.equations.parameter_names)
        names -= trace.equations.diff_eq_names | trace.equations.subexpr_names
        found = synapses.resolve_all(sorted(names), run_namespace, user_identifiers=())
        for name, variable in found.items():
            if isinstance(variable, Function):
                continue
            try:
                number = float(np.ravel(variable.get_value())[0])
                values[name] = Quantity(number, dim=variable.dim)
            except NotImplementedError:
                values[name] = object()
    return values


def plan_writes(statements, sides, side, dependencies):
    """Take the statements that write traces out of the code of a pathway.

    Parameters
    ----------
    statements : list of tuple
        Of `parse_code`.
    sides : dict of str
        Side of each trace.
    side : {'pre', 'post'}
        Of the pathway.
    dependencies : Dependencies

    Returns
    -------
    before, rows, after : list of tuple, or None
        Statements for the neurons that had events, before the synapses of their rows
        (or columns), for the synapses, and after them. None if they cannot be taken
        apart.
    """
    writes = [k for k, (name, _, _) in enumerate(statements) if name in sides]
    rows = [s for k, s in enumerate(statements) if k not in writes]
    if not writes:
        return [], rows, []
    written = _written(statements)
    for k in writes:
        name, _, expression = statements[k]
        if sides[name] != side:
            return None
        if not _same_in_line(expression, sides, side, written, dependencies):
            return None
    own = {statements[k][0] for k in writes}
    reads = [
        k
        for k, (_, _, expression) in enumerate(statements)
        if k not in writes and own & names_read(expression, dependencies.model)
    ]
    taken = [statements[k] for k in writes]
    if all(read > max(writes) for read in reads):
        return taken, rows, []
    if all(read < min(writes) for read in reads):
        return [], rows, taken
    return None


def _written(statements):
    return {name for name, _, _ in statements}


def names_read(expression, equations):
    """Names that an expression reads, through subexpressions too."""
    found, new = set(), get_identifiers(expression)
    while new:
        found |= new
        new = {
            identifier
            for name in new
            if _is_subexpression(equations, name)
            for identifier in equations[name].identifiers
        } - found
    return found


def equations_needed(equations, *names):
    """Names of the equations that some are solved with."""
    found, new = set(), set(names)
    while new:
        found |= new
        new = {
            i for n in new for i in equations[n].identifiers if i in equations
        } - found
    return found


def _depends_on_side(name, sides, dependencies):
    """Whether an equation depends on constants and on traces of its own side only."""
    equations = dependencies.model
    for other in equations_needed(equations, name):
        eq = equations[other]
        if eq.type == DIFFERENTIAL_EQUATION:
            if sides.get(other) != sides[name]:
                return False
        elif eq.type == PARAMETER and not _is_constant(dependencies.of_name(other)):
            return False
        if eq.type == PARAMETER:
            continue
        unknown = set(eq.identifiers) - set(equations)
        if not all(_is_constant(dependencies.of_name(n)) for n in unknown):
            return False
        if not calls_are_pure(eq.expr.code, {}, {}):
            return False
    return True


def _is_constant(meaning):
    """Whether a name has one value in a run, for all neurons."""
    return not meaning.places and not meaning.changes


def _same_in_line(expression, sides, side, written, dependencies):
    """Whether an expression has one value for all synapses of a neuron."""
    equations = dependencies.model
    changed = set().union(*(dependencies.arrays(name) for name in written))
    names = names_read(expression, equations)
    texts = [equations[n].expr.code for n in names if _is_subexpression(equations, n)]
    if not all(calls_are_pure(text, {}, {}) for text in (expression, *texts)):
        return False
    for name in names:
        if name in sides:
            if sides[name] != side:
                return False
        elif _is_subexpression(equations, name):
            continue  # what it reads is among the names
        elif name in written or name in ("i", "j"):
            return False
        elif name not in equations and dependencies.neuronal(name) is not None:
            plain = name.removesuffix(f"_{side}")
            # With one array for both sides, other rows may write what is read.
            if plain == name or dependencies.one_array_for_both(plain):
                return False
            if dependencies.arrays(name) & changed:
                return False
        elif not dependencies.of_name(name).places <= {side}:
            return False
    return True


def _is_subexpression(equations, name):
    return name in equations and equations[name].type == SUBEXPRESSION
