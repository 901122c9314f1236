"""What a dense projection runs in a time step: pathways and summed variables."""

import weakref

from brian2.core.variables import Variables
from brian2.equations.equations import PARAMETER
from brian2.groups.group import CodeRunner
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units.fundamentalunits import Quantity, fail_for_dimension_mismatch

from .checks import refuse_random
from .statements import (
    calls_are_pure,
    is_float_array,
    lines_apart,
    parse_code,
    post_sums,
    variables_read,
)

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
    """

    def __init__(self, synapses, code, prepost, objname, event="spike"):
        self.prepost, self.event, self.objname = prepost, event, objname
        self.code = code
        self.synapses = weakref.proxy(synapses)
        self.source = synapses.source if prepost == "pre" else synapses.target
        self.target = synapses.target if prepost == "pre" else synapses.source
        eventspace = f"_{event}space"
        if eventspace not in self.source.variables:
            hint = " Did you forget to set a 'threshold'?" if event == "spike" else ""
            raise ValueError(
                f"'{self.source.name}' does not define an event '{event}' for the "
                f"pathway '{objname}' of '{synapses.name}'.{hint}"
            )
        # Known to this runner only; pre- and postsynaptic events share their name.
        self.variables = Variables(synapses)
        self.variables.add_reference(eventspace, self.source)
        freedom = _freedom(code, synapses, prepost)
        CodeRunner.__init__(
            self,
            synapses,
            "dense_pathway",
            code={"rows": code},
            clock=self.source.clock,
            when="synapses",
            order=-1 if prepost == "pre" else 1,
            name=f"{synapses.name}_{objname}",
            needed_variables=[eventspace],
            template_kwds={
                "prepost": prepost,
                "eventspace_variable": self.source.variables[eventspace],
                **freedom,
                "pending": None,
            },
        )

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


def _freedom(code, synapses, prepost):
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
    nothing = {"sums": [], "split_rows": False, "group_rows": False}
    try:
        refuse_random(synapses, code)
        other = "post" if prepost == "pre" else "pre"
        nothing["lines_apart"] = lines_apart(code, variables, f"_{other}synaptic_idx")
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


class DenseSummedUpdater(CodeRunner):
    """The sum of an expression over all synapses of each pre- or postsynaptic neuron.

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

    def before_run(self, run_namespace):
        variables = self.group.resolve_all(self.expression.identifiers, run_namespace)
        dim = parse_expression_dimensions(self.expression.code, variables)
        fail_for_dimension_mismatch(
            self.target_var,
            Quantity(1, dim=dim),
            f"The target variable '{self.target_varname}' does not have the same "
            f"dimensions as the right-hand side expression '{self.expression}'.",
        )
        super().before_run(run_namespace)
