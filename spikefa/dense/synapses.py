"""All-to-all synapses stored as a matrix, with the conventions of `Synapses`."""

from collections.abc import Mapping

import numpy as np
from brian2.core.base import weakproxy_with_fallback
from brian2.core.variables import (
    DIMENSIONLESS,
    ArrayVariable,
    Subexpression,
    Variables,
    VariableView,
)
from brian2.devices.device import get_device
from brian2.equations.equations import SUBEXPRESSION, Equations, check_subexpressions
from brian2.groups.group import Group, get_dtype

from .checks import (
    check_delay_names,
    check_shared,
    checked_model,
    refuse_unsupported,
)
from .codeobjects import dense_code_object_class, dense_templates_for_strings
from .idle import idle_row_factor, plan_rows
from .indexing import (
    DenseIndexing,
    DenseIndexWrapper,
    DenseSubgroup,
    as_dense_view,
)
from .observers import check_observers
from .pending import plan_pending
from .runners import DensePathway, DenseSummedUpdater

__all__ = ["DenseSynapses"]


class DenseSynapses(Group):
    """Synapses from every source neuron to every target neuron.

    Takes the equations and statements of Brian2's
    `~brian2.synapses.synapses.Synapses` and has the same semantics, but stores each
    synaptic variable as a matrix, one row a presynaptic neuron. No index, delay or
    spike queue is kept for a synapse: a spike walks one contiguous row.

    Parameters
    ----------
    source : `NeuronGroup` or subgroup
        Where the spikes come from.
    target : `NeuronGroup` or subgroup, optional
        Where they go; default: the source.
    model : str or `Equations`, optional
        Synaptic parameters, subexpressions and ``(summed)`` variables to the ``_pre``
        or ``_post`` side, with units.
    on_pre, on_post : str or dict, optional
        Statements run on each spike of a source or target neuron, by pathway name;
        without delay, in the order that Brian2 gives to objects of the same
        ``order``: by name, unless `order` of a pathway is set.
    delay : `Quantity` or dict, optional
        Accepted if zero.
    namespace : dict, optional
    dtype : `dtype` or dict, optional
    dt, clock, order, name
        As for `Synapses`.
    put_off : int, optional
        Up to how many time steps an update ``X += f`` may be put off, if f is the
        same for all synapses onto a neuron and every other pathway reads X as in
        ``y_post += X`` (C++ standalone only). What these pathways compute is that
        of immediate updates up to rounding, and X is up to date when a run ends.
        Nothing is put off if another object reads X during the run, as a
        `StateMonitor` does. 0: never.

    Raises
    ------
    NotImplementedError
        If it is asked for what only `Synapses` can do: delays, differential
        equations, several synapses for a pair, event-driven updates, a choice of
        pairs.

    Examples
    --------
    >>> from brian2 import NeuronGroup
    >>> from spikefa.dense import DenseSynapses
    >>> source = NeuronGroup(3, "x : 1", threshold="x > 1")
    >>> target = NeuronGroup(4, "drive : 1")
    >>> DenseSynapses(source, target, "w : 1", on_pre="drive_post += w", name="S")
    <DenseSynapses S: 3 x 4 from neurongroup to neurongroup_1>
    """

    add_to_magic_network = True

    def __init__(
        self,
        source,
        target=None,
        model=None,
        on_pre=None,
        on_post=None,
        delay=None,
        on_event="spike",
        multisynaptic_index=None,
        namespace=None,
        dtype=None,
        codeobj_class=None,
        dt=None,
        clock=None,
        order=0,
        method=None,
        name="densesynapses*",
        put_off=0,
    ):
        target = source if target is None else target
        model = checked_model(model)
        refuse_unsupported(delay, multisynaptic_index, method)
        Group.__init__(
            self,
            dt=dt,
            clock=clock,
            when="before_start",  # to check observers before they generate code
            order=order,
            namespace=namespace,
            name=name,
        )
        self.codeobj_class = dense_code_object_class(codeobj_class)
        self.source, self.target = source, target
        self.add_dependency(source)
        self.add_dependency(target)
        self.equations = Equations(
            [eq for eq in model.values() if "summed" not in eq.flags]
        )
        self._linked_variables = set()
        self._create_variables(model, dtype)
        self._indices = DenseIndexing(self)
        self.events = on_event if isinstance(on_event, Mapping) else {}
        self._default_event = on_event if isinstance(on_event, str) else "spike"
        #: All pathways, those of ``on_pre`` first.
        self.pathways = []
        for side, statements in (("pre", on_pre), ("post", on_post)):
            self._add_pathways(side, statements)
        check_delay_names(delay, self.pathways)
        self.summed_updaters = {}
        for eq in model.values():
            if "summed" in eq.flags:
                self._add_summed(eq)
        #: The updates that are put off, if there are any.
        self.pending = plan_pending(self, put_off)
        self.indices = DenseIndexWrapper(self)
        self._enable_group_attributes()

    def connect(self, *args, **kwds):
        """Accept ``connect()``; all pairs are connected from the start.

        Raises
        ------
        NotImplementedError
            If any argument chooses pairs.
        """
        if args or kwds:
            raise NotImplementedError(
                f"'{self.name}' connects all pairs; use Synapses to choose some"
            )

    def __len__(self):
        return self.N_pre * self.N_post

    @property
    def N_pre(self):
        """Number of source neurons."""
        return self.variables["N_pre"].get_value()

    @property
    def N_post(self):
        """Number of target neurons."""
        return self.variables["N_post"].get_value()

    def __getitem__(self, item):
        return DenseSubgroup(self, self.indices[item])

    def __repr__(self):
        return (
            f"<{type(self).__name__} {self.name}: {self.N_pre} x {self.N_post} "
            f"from {self.source.name} to {self.target.name}>"
        )

    def before_run(self, run_namespace):
        self.check_observers()
        self.equations.check_units(self, run_namespace=run_namespace)
        check_subexpressions(self, self.equations, run_namespace)
        super().before_run(run_namespace=run_namespace)

    def __setattr__(self, name, value, level=0):
        if not isinstance(value, str):
            super().__setattr__(name, value, level)
            return
        with dense_templates_for_strings():
            super().__setattr__(name, value, level + 1)

    def state(self, name, use_units=True, level=0):
        """Return a variable, with string expressions that know all indices."""
        view = super().state(name, use_units, level)
        return as_dense_view(view) if isinstance(view, VariableView) else view

    def check_observers(self):
        """Look for objects outside of the projection that read its variables."""
        check_observers(self)

    def _create_variables(self, model, user_dtype):
        self.variables = Variables(self)
        n_pre, n_post = len(self.source), len(self.target)
        for name, value in (
            ("N", n_pre * n_post),
            ("N_pre", n_pre),
            ("N_post", n_post),
            ("_pre_start", getattr(self.source, "start", 0)),
            ("_post_start", getattr(self.target, "start", 0)),
        ):
            self.variables.add_constant(name, int(value))
        self.variables.create_clock_variables(self._clock)
        for side in ("pre", "post"):
            index = f"_{side}synaptic_idx"
            self.variables.add_auxiliary_variable(index, dtype=np.int32)
            self.variables[index].unique = False  # many synapses share a neuron
            self.variables[index].read_only = True
        for name, side in (("i", "pre"), ("j", "post")):
            expr = f"_{side}synaptic_idx - _{side}_start"
            self._add_subexpression(name, expr, dtype=np.int32)
        for eq in model.values():
            self._add_equation(eq, get_dtype(eq, user_dtype))
        for side, group in (("pre", self.source), ("post", self.target)):
            self._add_references(side, group, model)
        check_shared(model, self.variables)

    def _add_equation(self, eq, dtype):
        if eq.type == SUBEXPRESSION:
            name = ("_summed_" if "summed" in eq.flags else "") + eq.varname
            self._add_subexpression(
                name, str(eq.expr), eq.dim, dtype, scalar="shared" in eq.flags
            )
        elif "shared" in eq.flags:
            self.variables.add_array(
                eq.varname,
                size=1,
                dimensions=eq.dim,
                dtype=dtype,
                constant="constant" in eq.flags,
                scalar=True,
                index="0",
            )
        else:
            variable = ArrayVariable(
                eq.varname,
                self,
                size=self.variables["N"].get_value(),
                device=get_device(),
                dimensions=eq.dim,
                dtype=dtype,
                constant="constant" in eq.flags,
            )
            self.variables._add_variable(eq.varname, variable)
            get_device().init_with_zeros(variable, dtype)

    def _add_subexpression(
        self, name, expr, dim=DIMENSIONLESS, dtype=None, scalar=False
    ):
        self.variables._add_variable(
            name,
            Subexpression(
                name=name,
                owner=weakproxy_with_fallback(self),
                expr=expr,
                device=get_device(),
                dimensions=dim,
                dtype=dtype,
                scalar=scalar,
            ),
            index="0" if scalar else None,
        )

    def _add_references(self, side, group, model):
        """Make ``x`` of a source or target neuron known as ``x_pre`` or ``x_post``."""
        for name, variable in group.variables.items():
            if name in model.names and "summed" not in model[name].flags:
                raise ValueError(
                    f"The {side}-synaptic variable '{name}' has the same name as a "
                    "synaptic variable, rename the synaptic variable."
                )
            if name.startswith("_"):
                continue
            index = "0" if variable.scalar else f"_{side}synaptic_idx"
            try:
                self.variables.add_reference(f"{name}_{side}", group, name, index)
                if side == "post" and not name.endswith("_post"):
                    self.variables.add_reference(name, group, name, index)
            except TypeError:
                continue  # an index of its own, as `Synapses` leaves it out too

    def _add_pathways(self, side, statements):
        if not statements:
            return
        if isinstance(statements, str):
            statements = {side: statements}
        if not isinstance(statements, Mapping):
            raise TypeError(
                f"on_{side} has to be a string or a dictionary, is {type(statements)}"
            )
        for objname, code in statements.items():
            if not isinstance(objname, str):
                raise TypeError(
                    f"Keys for the 'on_{side}' argument have to be strings, got "
                    f"{type(objname)} instead."
                )
            if not isinstance(code, str):
                raise TypeError(
                    f"The statements of pathway '{objname}' have to be a string, are "
                    f"{type(code)}"
                )
            if objname in self.variables or hasattr(self, objname):
                raise ValueError(
                    f"Cannot add updater with name '{objname}', synapses object "
                    "already has an attribute with this name."
                )
            event = self.events.get(objname, self._default_event)
            pathway = DensePathway(self, code, side, objname, event)
            self.pathways.append(pathway)
            self.contained_objects.append(pathway)
            setattr(self, objname, pathway)

    def pending_for(self, variables):
        """What a template needs if it touches the variable whose updates are put off.

        Parameters
        ----------
        variables : dict
            The variables of the code object.
        """
        self.check_observers()
        if self.pending is None or self.pending.variable not in variables.values():
            return None
        return self.pending.template_kwds()

    def matrices_among(self, variables):
        """Bytes of a number, for each array of synaptic values that a template uses.

        Parameters
        ----------
        variables : dict
            The variables of the code object.

        Returns
        -------
        bytes : dict of int
            By name of the array in the generated program.
        """
        name_of = get_device().get_array_name
        matrices = [
            variable
            for name, variable in self.variables.items()
            if isinstance(variable, ArrayVariable)
            and self.variables.indices[name] == "_idx"
        ]
        return {
            name_of(variable): np.dtype(variable.dtype).itemsize
            for variable in variables.values()
            if any(variable is matrix for matrix in matrices)
        }

    def run_regularly(self, code, *args, **kwds):
        """Run statements for every synapse, as `Synapses` does."""
        runner = super().run_regularly(code, *args, **kwds)
        plan_rows(runner, self)
        return runner

    def idle_row_variable(self, code):
        """Presynaptic variable whose zeros mark the rows that the code leaves alone."""
        name = idle_row_factor(code, self.variables)
        return None if name is None else self.variables[name]

    def _add_summed(self, eq):
        if eq.varname not in self.variables:
            raise ValueError(
                f"The summed variable '{eq.varname}' does not refer to any known "
                "variable in the target group."
            )
        same = self.variables[eq.varname]
        if any(u.target_var is same for u in self.summed_updaters.values()):
            raise ValueError(
                f"The target variable of '{eq.varname}' is already updated by another "
                "summed variable"
            )
        updater = DenseSummedUpdater(self, eq)
        self.summed_updaters[eq.varname] = updater
        self.contained_objects.append(updater)
