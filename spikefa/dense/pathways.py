"""Pathways: statements that a dense projection runs on events."""

import logging
import re
import weakref
from contextlib import contextmanager

import numpy as np
from brian2.core.variables import Variables, VariableView
from brian2.groups.group import CodeRunner
from brian2.units.allunits import second
from brian2.utils.logger import get_logger

from .checks import checked_delay, refuse_random
from .codeobjects import PLAN
from .delay_line import DelayLine
from .delay_view import delay_view
from .missing_pairs import may_be_included
from .pathway_code import pathway_blocks
from .statements import (
    calls_are_pure,
    is_float_array,
    lines_apart,
    parse_code,
    post_sums,
)
from .subexpressions import read_after_change
from .variables import give_index_arrays

__all__ = ["DensePathway", "freedom"]

#: Users turn its messages off by the name that they have of `Synapses`.
logger = get_logger("brian2.synapses.synapses")


class DensePathway(CodeRunner):
    """Statements run for the rows (or columns) of the neurons that just spiked.

    Parameters
    ----------
    synapses : DenseSynapses
    code : str
        Abstract code.
    prepost : {'pre', 'post'}
        Whose spikes are meant.
    objname : str
        Name of the pathway within the synapses.
    event : str
        The event instead of a spike.
    delay : Quantity, optional
        From an event to the statements, the same for all synapses.
    """

    def __init__(self, synapses, code, prepost, objname, event="spike", delay=None):
        self.prepost, self.event, self.objname = prepost, event, objname
        self.code = code
        self.synapses = weakref.proxy(synapses)
        self.source = synapses.source if prepost == "pre" else synapses.target
        self.target = synapses.target if prepost == "pre" else synapses.source
        self.eventspace = f"_{event}space"
        if self.eventspace not in self.source.variables:
            hint = " Did you forget to set a 'threshold'?" if event == "spike" else ""
            raise ValueError(
                f"'{self.source.name}' does not define an event '{event}' for the "
                f"pathway '{objname}' of '{synapses.name}'.{hint}"
            )
        # Known to this runner only; pre- and postsynaptic events share their name.
        self.variables = Variables(synapses)
        self.variables.add_reference(self.eventspace, self.source)
        #: Where events wait.
        self.line = DelayLine(self, synapses)
        #: Whether `delay` is shown as one number, as that of `Synapses` would be.
        self.has_scalar_delay = delay is not None
        self._delay = checked_delay(delay, objname) if self.has_scalar_delay else 0.0
        self._add_traces()
        #: What the templates may do.
        self.plan = {
            "prepost": prepost,
            "eventspace_variable": self.source.variables[self.eventspace],
            **freedom(code, synapses, prepost),
            "pending": None,
            "last": None,
        }
        CodeRunner.__init__(
            self,
            synapses,
            "dense_pathway",
            code={"rows": code},
            clock=self.source.clock,
            when="synapses",
            order=-1 if prepost == "pre" else 1,
            name=f"{synapses.name}_{objname}",
            needed_variables=[self.eventspace],
            template_kwds={PLAN: self.plan},
        )
        give_index_arrays(self, synapses)
        self._warn_of_subexpressions()

    def _warn_of_subexpressions(self):
        """Say where `Synapses` would compute something else."""
        synapses = self.synapses
        equations = dict(synapses.equations) | dict(synapses.event_driven or {})
        names = read_after_change(self.code, equations)
        if names:
            logger.warn(
                f"The statements of '{self.name}' use '{names[0]}' after they changed "
                "what it is computed from. It stands for its text here, as Brian2 "
                "documents it; Synapses would compute it from the values before the "
                f"event. If '{names[0]}' is written out, both do the same.",
                "subexpression_after_change",
            )

    @property
    def seconds(self):
        """The delay without unit."""
        return self._delay

    @property
    def delay(self):
        """From an event to the statements, the same for all synapses."""
        return delay_view(self)

    @delay.setter
    def delay(self, value):
        if isinstance(value, VariableView):
            value = value[:]
        seconds = checked_delay(value, self.objname)
        if seconds and self.synapses.pending is not None:
            self.synapses.make_at_once()
        self._delay = seconds

    @property
    def delay_(self):
        """`delay` without unit."""
        return delay_view(self, units=False)

    @delay_.setter
    def delay_(self, value):
        self.delay = np.asarray(value) * second

    def _add_traces(self):
        """Let the code know traces as they are now, not as of the last event."""
        for trace in self.synapses.traces.values():
            name = trace.stored if trace.side == self.prepost else trace.now
            variables = self.variables
            variables._variables[trace.name] = self.synapses.variables[name]
            variables.indices[trace.name] = f"_{trace.side}synaptic_idx"

    def update_abstract_code(self, run_namespace=None):
        """Put what brings event-driven variables up to date around the statements."""
        if self.synapses.event_driven is not None:
            blocks = pathway_blocks(self, self.code)
            rows = blocks["rows"]
            if self.codeobj_class.loops_over_arrays:
                # The template sets the times of the events itself.
                blocks = {"rows": rows}
                name = f"_last_{self.prepost}"
                self.plan["last"] = self.synapses.variables[name]
                self.needed_variables = [*self.needed_variables, name]
            self.abstract_code = blocks
            self.plan |= freedom(rows, self.synapses, self.prepost)

    def create_code_objects(self, run_namespace):
        """Let events wait, if there is a delay; then run the statements."""
        # Held here: the list of code objects holds weak references only.
        waiting = self._waiting = self.line.code_object(run_namespace)
        events = self.line.delivered if waiting else None
        self.plan["eventspace_variable"] = (
            events or self.source.variables[self.eventspace]
        )
        self.needed_variables = [self.line.name if waiting else self.eventspace]
        if self.plan["pending"] is not None:
            # Code that stores an update does not name X, which the template changes.
            pending = self.synapses.pending
            self.needed_variables += pending.arrays
            if pending.copy is None or self.template == "dense_put_off":
                self.needed_variables.append(pending.variable.name)
        with _trusting(self.synapses.traces):
            statements = self.create_default_code_object(run_namespace)
        self.code_objects[:] = [
            weakref.proxy(code) for code in (waiting, statements) if code
        ]

    def stored_state(self):
        """The delay, and the events on their way."""
        return self._delay, self.line.stored_events()

    def restore_state(self, state):
        """Bring back what `stored_state` returned."""
        self._delay, events = state
        self.line.restore_events(events)

    def put_off(self, pending, expression):
        """Store ``expression`` instead of adding it to every row right away."""
        self.variables.add_auxiliary_variable(
            "_increment", dimensions=pending.variable.dim, dtype=pending.variable.dtype
        )
        self.template = "dense_put_off"
        self.abstract_code = {"increment": f"_increment = {expression}"}
        self._know(pending)

    def add_pending(self, pending, name):
        """Let ``y_post += X`` count what X still has to get."""
        self.variables.add_auxiliary_variable(
            "_missing", dimensions=pending.variable.dim, dtype=pending.variable.dtype
        )
        ((target, _, _),) = parse_code(self.code)
        rows = self.code
        if pending.copy is not None:
            self.variables.add_auxiliary_variable(
                "_read", dimensions=pending.variable.dim, dtype=pending.variable.dtype
            )
            rows = f"{target} += _read"
        self.abstract_code = {"rows": rows, "missing": f"{target} += _missing"}
        self._know(pending)

    def _know(self, pending):
        self.plan["pending"] = pending.template_kwds()
        pending.give_arrays(self, self.synapses)

    def make_at_once(self):
        """Undo `put_off` and `add_pending`."""
        self.template = "dense_pathway"
        self.abstract_code = {"rows": self.code}
        self.plan["pending"] = None

    def before_run(self, run_namespace):
        self.synapses.check_observers()
        self._check_clocks()
        super().before_run(run_namespace)

    def _check_clocks(self):
        """Warn as `Synapses` do if not everything has the same time step."""
        synapses = self.synapses
        groups = (synapses, synapses.source, synapses.target)
        if len({group.clock.dt_ for group in groups}) > 1:
            logger.warn(
                f"Note that the synaptic pathway '{self.name}' will run on the clock "
                f"of the group '{self.source.name}' using a dt of "
                f"{self.source.clock.dt}. Not all of '{synapses.name}', its source and "
                "its target use the same dt. Delays are rounded to multiples of "
                f"{self.source.clock.dt}.",
                "synapses_dt_mismatch",
                once=True,
            )


@contextmanager
def _trusting(traces):
    """Leave out what Brian2 warns of in code for neurons: that they come repeatedly."""
    if not traces:
        yield
        return
    names = "|".join(traces)
    ours = re.compile(
        rf"(first line is|Abstract code): '_?({names}|last_pre|last_post)\b"
    )
    logger = logging.getLogger("brian2.codegen.generators.base")

    def keep(record):
        return not ours.search(record.getMessage())

    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)


def freedom(code, synapses, prepost):
    """What the templates may do with the rows of a pathway.

    Returns
    -------
    answers : dict
        ``sums``: the variables that are added to; ``split_rows``: over threads, each
        with sums of its own, which for integers would be cut in other places;
        ``group_rows``: take several at a time, which would change the order in which
        random numbers are drawn; ``lines_apart``: see `lines_apart`. Nothing for code
        that does not parse, which Brian2 will refuse before a run.
    """
    variables, namespace = synapses.variables, synapses.namespace or {}
    nothing = {"sums": [], "split_rows": False, "group_rows": False, "masked": True}
    try:
        refuse_random(synapses, code)
        other = "post" if prepost == "pre" else "pre"
        nothing["lines_apart"] = lines_apart(code, variables, f"_{other}synaptic_idx")
        nothing["masked"] = not may_be_included(code, synapses)
        sums = post_sums(code, variables) if prepost == "pre" else None
        pure = all(
            calls_are_pure(expression, variables, namespace)
            for _, _, expression in parse_code(code)
        )
    except SyntaxError:
        return nothing | {"lines_apart": False}
    if sums is None:
        return nothing
    sums = [variables[name] for name in sums]
    return nothing | {
        "sums": sums,
        "split_rows": all(is_float_array(variable) for variable in sums),
        "group_rows": pure,
    }
