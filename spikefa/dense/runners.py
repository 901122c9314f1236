"""What a dense projection runs in a time step: pathways and summed variables."""

import logging
import re
import weakref
from contextlib import contextmanager

import numpy as np
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.core.variables import Variables
from brian2.equations.equations import PARAMETER
from brian2.groups.group import CodeRunner
from brian2.synapses.synapses import SummedVariableUpdater
from brian2.units.allunits import second
from brian2.units.fundamentalunits import fail_for_dimension_mismatch

from .checks import checked_delay, refuse_random
from .codeobjects import loops_over_arrays
from .events import pathway_blocks
from .statements import (
    calls_are_pure,
    is_float_array,
    lines_apart,
    parse_code,
    post_sums,
    variables_read,
)
from .variables import add_matrix, give_index_arrays

__all__ = ["DensePathway", "DenseSummedUpdater"]


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
        self._line = DelayLine(self, synapses)
        self._delay = 0.0 if delay is None else checked_delay(delay, objname)
        self._add_traces()
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
            template_kwds={
                "prepost": prepost,
                "eventspace_variable": self.source.variables[self.eventspace],
                **freedom(code, synapses, prepost),
                "pending": None,
                "last": None,
            },
        )
        give_index_arrays(self, synapses)

    @property
    def delay(self):
        """From an event to the statements, the same for all synapses (seconds)."""
        return self._delay * second

    @delay.setter
    def delay(self, value):
        seconds = checked_delay(value, self.objname)
        if seconds and self.synapses.pending is not None:
            self.synapses.make_at_once()
        self._delay = seconds

    @property
    def delay_(self):
        """`delay` without unit."""
        return self._delay

    @delay_.setter
    def delay_(self, value):
        self.delay = value * second

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
            if loops_over_arrays(self.codeobj_class):
                # The template sets the times of the events itself.
                blocks = {"rows": rows}
                name = f"_last_{self.prepost}"
                self.template_kwds["last"] = self.synapses.variables[name]
                self.needed_variables = [*self.needed_variables, name]
            self.abstract_code = blocks
            self.template_kwds |= freedom(rows, self.synapses, self.prepost)

    def create_code_objects(self, run_namespace):
        """Let events wait, if there is a delay; then run the statements."""
        # Held here: the list of code objects holds weak references only.
        waiting = self._waiting = self._line.code_object(run_namespace)
        events = self._line.delivered if waiting else None
        self.template_kwds["eventspace_variable"] = (
            events or self.source.variables[self.eventspace]
        )
        self.needed_variables = [self._line.name if waiting else self.eventspace]
        with _trusting(self.synapses.traces):
            statements = self.create_default_code_object(run_namespace)
        self.code_objects[:] = [
            weakref.proxy(code) for code in (waiting, statements) if code
        ]

    def put_off(self, pending, expression):
        """Store ``expression`` instead of adding it to every row right away."""
        self.variables.add_auxiliary_variable(
            "_increment", dimensions=pending.variable.dim, dtype=pending.variable.dtype
        )
        self.template = "dense_put_off"
        self.abstract_code = {"increment": f"_increment = {expression}"}
        self.template_kwds["pending"] = pending.template_kwds()

    def add_pending(self, pending, name):
        """Let ``y_post += X`` count what X still has to get."""
        self.variables.add_auxiliary_variable(
            "_missing", dimensions=pending.variable.dim, dtype=pending.variable.dtype
        )
        ((target, _, _),) = parse_code(self.code)
        self.abstract_code = {"rows": self.code, "missing": f"{target} += _missing"}
        self.template_kwds["pending"] = pending.template_kwds()

    def make_at_once(self):
        """Undo `put_off` and `add_pending`."""
        self.template = "dense_pathway"
        self.abstract_code = {"rows": self.code}
        self.template_kwds["pending"] = None

    def before_run(self, run_namespace):
        self.synapses.check_observers()
        super().before_run(run_namespace)


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


class DelayLine:
    """Events on their way: what happened in each of the last few time steps.

    Parameters
    ----------
    pathway : DensePathway
    synapses : DenseSynapses
    """

    def __init__(self, pathway, synapses):
        self._pathway, self._synapses = weakref.proxy(pathway), weakref.proxy(synapses)
        self.name = f"_delivered_{pathway.objname}"
        self._steps = 0
        #: Array like an eventspace: the events whose delay is over, and their number.
        self.delivered = None

    def code_object(self, run_namespace):
        """Return what moves the events on, or None without delay."""
        pathway = self._pathway
        steps = int(pathway._delay / float(pathway.source.clock.dt_) + 0.5)
        if steps != self._steps:
            self._make_room(steps)
        if not steps:
            return None
        variables = self._synapses.variables
        names = [f"_{what}_{pathway.objname}" for what in ("waiting", "turn")]
        waiting, turn = (variables[name] for name in names)
        return create_runner_codeobj(
            self._synapses,
            "",
            "dense_delay",
            run_namespace=run_namespace,
            name=f"{pathway.name}_delay_codeobject*",
            check_units=False,
            additional_variables=pathway.variables,
            needed_variables=[pathway.eventspace, self.name, *names],
            template_kwds={
                "eventspace_variable": pathway.source.variables[pathway.eventspace],
                "delivered": self.delivered,
                "waiting": waiting,
                "turn": turn,
                "steps": steps,
            },
            codeobj_class=pathway.codeobj_class,
        )

    def _make_room(self, steps):
        """Make the arrays; events on their way stay as many time steps from arrival."""
        pathway, variables = self._pathway, self._synapses.variables
        events = pathway.source.variables[pathway.eventspace]
        before = None
        if self._steps:
            before = self._in_order(events.size)
        for what in ("delivered", "waiting", "turn"):
            variables._variables.pop(f"_{what}_{pathway.objname}", None)
        self._steps = steps
        self.delivered = add_matrix(
            self._synapses, self.name, np.int32, index="0", size=events.size
        )
        waiting, _ = (
            add_matrix(self._synapses, name, np.int32, index="0", size=size)
            for name, size in (
                (f"_waiting_{pathway.objname}", max(1, steps) * events.size),
                (f"_turn_{pathway.objname}", 1),
            )
        )
        if before is None or not before[:, -1].any():
            return
        if len(before) > steps and before[steps:, -1].any():
            raise NotImplementedError(
                f"The delay of pathway '{pathway.objname}' became shorter while events "
                "were on their way: use Synapses"
            )
        table = np.zeros((max(1, steps), events.size), dtype=np.int32)
        table[: len(before)] = before[:steps]
        waiting.set_value(table.ravel())

    def _in_order(self, width):
        """Events on their way, those that arrive next first."""
        objname, variables = self._pathway.objname, self._synapses.variables
        try:
            table = variables[f"_waiting_{objname}"].get_value().reshape(-1, width)
            turn = int(variables[f"_turn_{objname}"].get_value()[0])
        except NotImplementedError:
            raise NotImplementedError(
                f"The delay of pathway '{objname}' cannot change between runs of a "
                "standalone program: use Synapses"
            ) from None
        return np.roll(table, -turn, axis=0)


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
        nothing["masked"] = not lines_apart(code, variables, "_idx")
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


class DenseSummedUpdater(SummedVariableUpdater):
    """The sum of an expression over all synapses of each pre- or postsynaptic neuron.

    A `SummedVariableUpdater`, so that networks see if two of them sum to one variable.

    Parameters
    ----------
    synapses : DenseSynapses
    equation : SingleEquation
        The ``(summed)`` subexpression; its name ends in ``_pre`` or ``_post``.
    """

    def __init__(self, synapses, equation):
        self.target_varname = equation.varname
        self.expression = equation.expr
        name, _, side = equation.varname.rpartition("_")
        if side not in ("pre", "post"):
            raise ValueError(
                f"The summed variable '{equation.varname}' does not end in '_pre' or "
                "'_post'."
            )
        self.target = synapses.source if side == "pre" else synapses.target
        parameter = getattr(self.target, "equations", {}).get(name, None)
        if parameter is None or parameter.type != PARAMETER:
            raise ValueError(
                f"The summed variable '{equation.varname}' needs a corresponding "
                f"parameter '{name}' in the target group."
            )
        refuse_random(synapses, f"{name} += {equation.expr}")
        self.target_var = synapses.variables[equation.varname]
        fail_for_dimension_mismatch(
            equation.dim,
            self.target_var.dim,
            "Summed variables need to have the same units in DenseSynapses and the "
            "target group",
        )
        if self.target_var in variables_read(equation.expr.code, synapses.variables):
            raise NotImplementedError(
                f"The summed variable '{equation.varname}' depends on itself, on the "
                "part of the sum that has been made: use Synapses"
            )
        CodeRunner.__init__(
            self,
            group=synapses,
            template="dense_summed",
            code=f"_synaptic_var = {equation.expr}",
            needed_variables=[equation.varname],
            clock=self.target.clock,
            when="groups",
            order=self.target.order - 1,
            name=f"{synapses.name}_summed_variable_{equation.varname}",
            template_kwds={
                "_target_var": self.target_var,
                "side": side,
                "idle_if_zero": synapses.idle_row_variable(equation.expr.code),
                "split_rows": is_float_array(self.target_var),
                "group_rows": calls_are_pure(
                    equation.expr.code, synapses.variables, synapses.namespace or {}
                ),
            },
        )
        give_index_arrays(self, synapses)
