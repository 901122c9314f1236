"""Sums of an expression over all synapses of each neuron, in every time step."""

from brian2.equations.equations import PARAMETER
from brian2.groups.group import CodeRunner
from brian2.synapses.synapses import SummedVariableUpdater
from brian2.units.fundamentalunits import fail_for_dimension_mismatch

from .checks import refuse_random
from .codeobjects import PLAN
from .idle import idle_row_factor
from .statements import calls_are_pure, is_float_array, variables_read
from .variables import give_index_arrays

__all__ = ["DenseSummedUpdater", "add_summed"]


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
        factor = idle_row_factor(equation.expr.code, synapses.variables)
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
                PLAN: {
                    "side": side,
                    "idle_if_zero": synapses.variables[factor] if factor else None,
                    "split_rows": is_float_array(self.target_var),
                    "group_rows": calls_are_pure(
                        equation.expr.code, synapses.variables, synapses.namespace or {}
                    ),
                },
            },
        )
        give_index_arrays(self, synapses)


def add_summed(synapses, eq):
    """Add what computes a ``(summed)`` variable.

    Parameters
    ----------
    synapses : DenseSynapses
    eq : SingleEquation

    Raises
    ------
    ValueError
        If there is no such variable in a group of neurons, or two sums of it.
    """
    if eq.varname not in synapses.variables:
        raise ValueError(
            f"The summed variable '{eq.varname}' does not refer to any known "
            "variable in the target group."
        )
    same = synapses.variables[eq.varname]
    if any(u.target_var is same for u in synapses.summed_updaters.values()):
        raise ValueError(
            f"The target variable of '{eq.varname}' is already updated by another "
            "summed variable"
        )
    updater = DenseSummedUpdater(synapses, eq)
    synapses.summed_updaters[eq.varname] = updater
    synapses.contained_objects.append(updater)
