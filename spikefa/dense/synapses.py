"""All-to-all synapses stored as a matrix, with the conventions of `Synapses`."""

from collections.abc import Mapping

import numpy as np
from brian2.core.namespace import get_local_namespace
from brian2.core.variables import ArrayVariable, VariableView
from brian2.devices.device import get_device
from brian2.equations.equations import (
    Equations,
    check_subexpressions,
    extract_constant_subexpressions,
)
from brian2.groups.group import Group
from brian2.groups.neurongroup import SubexpressionUpdater
from brian2.synapses.synapses import StateUpdater
from brian2.units.allunits import second

from .checks import (
    check_keywords,
    check_left_out,
    check_shared,
    checked_ends,
    checked_model,
    delays_by_pathway,
)
from .codeobjects import (
    dense_code_object_class,
    dense_templates_for_strings,
    loops_over_arrays,
    only_immediate,
)
from .connectivity import Connectivity
from .events import add_time_stamps, event_driven_part, find_traces
from .idle import idle_row_factor, plan_rows, plan_state_updater
from .indexing import (
    DenseIndexing,
    DenseIndexWrapper,
    DenseSubgroup,
    as_dense_view,
)
from .observers import check_observers
from .pending import plan_pending
from .runners import DensePathway, DenseSummedUpdater
from .statements import parse_code
from .variables import IndexArray, create_variables

__all__ = ["DenseSynapses"]


class DenseSynapses(Group):
    """Synapses from (nearly) every source neuron to every target neuron.

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
        Synaptic parameters, differential equations, subexpressions and ``(summed)``
        variables to the ``_pre`` or ``_post`` side, with units.
    on_pre, on_post : str or dict, optional
        Statements run on each spike of a source or target neuron, by pathway name, in
        the order that Brian2 gives to objects of the same ``order``: by name, unless
        `order` of a pathway is set.
    pre, post : str or dict, optional
        Old names of ``on_pre`` and ``on_post``.
    delay : `Quantity` or dict, optional
        One delay for all synapses of a pathway; also ``synapses.pre.delay = 2*ms``.
    namespace : dict, optional
    dtype : `dtype` or dict, optional
    method, method_options : optional
        How clock-driven differential equations are integrated.
    dt, clock, order, name
        As for `Synapses`; so is the default name, which decides the order of objects.
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
        If it is asked for what only `Synapses` can do: delays that differ between
        synapses, several synapses for a pair, few of all pairs, synapses of synapses.

    Notes
    -----
    An event-driven variable that depends on one side alone (a trace of STDP) is kept
    once for each neuron; its values can be set to one number for all synapses only.

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
        pre=None,
        on_post=None,
        post=None,
        connect=None,
        delay=None,
        on_event="spike",
        multisynaptic_index=None,
        namespace=None,
        dtype=None,
        codeobj_class=None,
        dt=None,
        clock=None,
        order=0,
        method=("exact", "euler", "heun"),
        method_options=None,
        name="synapses*",
        put_off=0,
    ):
        on_pre, on_post = check_keywords(connect, pre, on_pre, post, on_post)
        source, target = checked_ends(source, target)
        model = checked_model(model, multisynaptic_index)
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
        self._linked_variables = set()
        model, constant_over_dt = extract_constant_subexpressions(model)
        statements = [
            (side, *pathway)
            for side, given in (("pre", on_pre), ("post", on_post))
            for pathway in _by_name(side, given)
        ]
        self._plan_equations(model, statements)
        create_variables(self, model, dtype)
        if self.event_driven is not None:
            add_time_stamps(self)
        check_shared(model, self.variables)
        expressions = [str(eq.expr) for eq in model.values() if eq.expr is not None]
        check_left_out(self, [*expressions, *(code for _, _, code in statements)])
        #: Which pairs are joined.
        self.connectivity = Connectivity(self)
        self._indices = DenseIndexing(self)
        self.events = on_event if isinstance(on_event, Mapping) else {}
        self._default_event = on_event if isinstance(on_event, str) else "spike"
        #: All pathways, those of ``on_pre`` first.
        self.pathways = []
        delays = delays_by_pathway(delay)
        for side, objname, code in statements:
            self._add_pathway(side, objname, code, delays.pop(objname, None))
        for unknown in delays:
            raise ValueError(
                f"Cannot set the delay for pathway '{unknown}': unknown pathway."
            )
        self._add_updaters(model, constant_over_dt, method, method_options, order)
        #: The updates that are put off, if there are any.
        self.pending = plan_pending(self, put_off)
        self.indices = DenseIndexWrapper(self)
        self._enable_group_attributes()

    def _plan_equations(self, model, statements):
        """Split the equations, and find the traces that are kept once a neuron."""
        event_driven, continuous = event_driven_part(model)
        #: Integrated at every time step, or not at all.
        self.equations = Equations(continuous)
        #: Integrated at events, with all parameters and subexpressions; or None.
        self.event_driven = Equations(event_driven) if event_driven else None
        if event_driven and only_immediate(self.codeobj_class):
            raise NotImplementedError(
                "DenseSynapses has no event-driven variables on CUDA: use Synapses"
            )
        codes = {"pre": [], "post": []}
        for side, _, code in statements:
            codes[side].append(code)
        #: The event-driven variables that are kept once a neuron, by name.
        self.traces = {}
        if event_driven and not loops_over_arrays(self.codeobj_class):
            self.traces = find_traces(
                event_driven, codes["pre"], codes["post"], self.source, self.target
            )

    def _add_updaters(self, model, constant_over_dt, method, method_options, order):
        """Add what runs in every time step."""
        #: Integrates what is clock-driven, if there is anything.
        self.state_updater = None
        if len(self.equations.diff_eq_names):
            self.state_updater = StateUpdater(
                self,
                method,
                method_options=method_options,
                clock=self.clock,
                order=order,
            )
            plan_state_updater(self.state_updater, self)
            self.contained_objects.append(self.state_updater)
        #: Evaluates what is constant over a time step.
        self.subexpression_updater = None
        if len(constant_over_dt):
            self.subexpression_updater = SubexpressionUpdater(self, constant_over_dt)
            plan_rows(self.subexpression_updater, self)
            self.contained_objects.append(self.subexpression_updater)
        self.summed_updaters = {}
        for eq in model.values():
            if "summed" in eq.flags:
                self._add_summed(eq)

    def connect(
        self,
        condition=None,
        i=None,
        j=None,
        p=1.0,
        n=1,
        skip_if_invalid=False,
        namespace=None,
        level=0,
    ):
        """Join all pairs, or those of a condition, as `Synapses.connect` does.

        Parameters
        ----------
        condition : str or bool, optional
            Of ``i``, ``j`` and the variables of the neurons.
        i, j : array_like of int, optional
            Pre- and postsynaptic neurons of each synapse, instead of a condition.
        p : float or str, optional
            Probability of each of these pairs. Drawn with NumPy, also for standalone
            programs: each run of one has the same pairs.

        Raises
        ------
        NotImplementedError
            If only `Synapses` can, or would be faster since few pairs are chosen; if
            called twice: there is one synapse for each pair.
        """
        if namespace is None:
            namespace = get_local_namespace(level=level + 1)
        self.connectivity.connect(condition, i, j, p, n, skip_if_invalid, namespace)
        self.variables["N"].set_value(self.connectivity.number)
        for name, side, counts in (
            ("i", "pre", "N_outgoing"),
            ("j", "post", "N_incoming"),
        ):
            self.variables[counts].set_value(self._count(name, side))
        if self.mask is not None:
            self.make_at_once()

    def positions(self):
        """Elements of the matrix that are synapses, in the order of the synapses."""
        if self.connectivity.positions is not None:
            return self.connectivity.positions
        return np.arange(len(self))

    def __len__(self):
        return self.connectivity.number

    @property
    def shape(self):
        """Number of source and of target neurons."""
        return len(self.source), len(self.target)

    @property
    def N_pre(self):
        """Number of source neurons."""
        return self.shape[0]

    @property
    def N_post(self):
        """Number of target neurons."""
        return self.shape[1]

    @property
    def N_outgoing_pre(self):
        """Number of synapses of each source neuron."""
        return self.variables["N_outgoing"].get_value()

    @property
    def N_incoming_post(self):
        """Number of synapses of each target neuron."""
        return self.variables["N_incoming"].get_value()

    @property
    def mask(self):
        """One byte a pair: whether it is connected; None if all are."""
        return self.connectivity.mask

    @property
    def delay(self):
        """The delay of the pathway ``pre``."""
        return self._pre_pathway().delay

    @delay.setter
    def delay(self, value):
        self._pre_pathway().delay = value

    @property
    def delay_(self):
        """`delay` in seconds, without unit."""
        return self._pre_pathway().delay_

    @delay_.setter
    def delay_(self, value):
        self.delay = value * second

    def __getitem__(self, item):
        return DenseSubgroup(self, self.indices[item])

    def __repr__(self):
        return (
            f"<{type(self).__name__} {self.name}: {self.N_pre} x {self.N_post} "
            f"from {self.source.name} to {self.target.name}>"
        )

    def before_run(self, run_namespace):
        if not self.connectivity.connected:
            raise TypeError(
                f"DenseSynapses object '{self.name}' does not do anything, since it "
                "has not created synapses with 'connect'. Set its active attribute to "
                "False if you intend to do only do this for a subsequent run."
            )
        self.check_observers()
        self.equations.check_units(self, run_namespace=run_namespace)
        check_subexpressions(self, self.equations, run_namespace)
        super().before_run(run_namespace=run_namespace)

    def check_variable_write(self, variable):
        """Raise if a synaptic variable is set before `connect` was called."""
        if not self.connectivity.connected:
            raise TypeError(
                f"Cannot write to synaptic variable '{variable.name}', you need to "
                "call connect(...) first"
            )

    def resolve_all(self, identifiers, run_namespace, *args, **kwds):
        """Resolve names; ``i`` and ``j`` are counted by the templates."""
        found = super().resolve_all(identifiers, run_namespace, *args, **kwds)
        more = kwds.get("additional_variables") or {}
        for name, side in (("i", "pre"), ("j", "post")):
            if isinstance(more.get(f"_{side}synaptic_idx"), IndexArray):
                continue  # its code reads arrays
            if isinstance(found.get(name), IndexArray):
                found[name] = self.counted[name]
                for needed in (f"_{side}synaptic_idx", f"_{side}_start"):
                    found[needed] = self.variables[needed]
        if self.mask is not None:
            found["_mask"] = self.mask
        return found

    def __setattr__(self, name, value, level=0):
        trace = vars(self).get("traces", {}).get(name.removesuffix("_"))
        if trace is not None:
            trace.set(self, value, check_units=not name.endswith("_"))
            return
        plain = name.removesuffix("_")
        if self._holds_masked(plain):
            view = self.state(plain, use_units=plain == name)
            view.set_item("True", value, level=level + 1)
            return
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

    def make_at_once(self):
        """Put no updates off any more."""
        self.pending = None
        for pathway in self.pathways:
            pathway.make_at_once()

    def end_of(self, side):
        """Number after that of the last neuron of a side, in its whole group."""
        group = self.source if side == "pre" else self.target
        return getattr(group, "start", 0) + len(group)

    def index_array(self, side):
        """The number of each pre- or postsynaptic neuron in its whole group."""
        name = f"_synaptic_{side}"
        if name not in self.variables:
            start = self.variables[f"_{side}_start"].get_value()
            array = IndexArray(name, self, side, start)
            self.variables._variables[name] = array
        return self.variables[name]

    def _holds_masked(self, name):
        """Whether a name is that of a matrix of which not all elements are used."""
        connectivity = vars(self).get("connectivity")
        return (
            connectivity is not None
            and connectivity.mask is not None
            and name in self.variables
            and self.variables.indices[name] == "_idx"
        )

    def _pre_pathway(self):
        if "pre" not in [pathway.objname for pathway in self.pathways]:
            raise AttributeError(
                "Synapses do not have a 'pre' pathway, do not know what 'delay' refers "
                "to."
            )
        return self.pre

    def _count(self, name, side):
        size = self.shape[0 if side == "pre" else 1]
        neurons = self.variables[name].get_value()[self.positions()]
        counted = np.bincount(neurons, minlength=size).astype(np.int32)
        return np.pad(counted, (self.end_of(side) - size, 0))

    def _add_pathway(self, side, objname, code, delay):
        if objname in self.variables or hasattr(self, objname):
            raise ValueError(
                f"Cannot add updater with name '{objname}', synapses object already "
                "has an attribute with this name."
            )
        event = self.events.get(objname, self._default_event)
        pathway = DensePathway(self, code, side, objname, event, delay)
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
            and not isinstance(variable, IndexArray)  # counted, not read
            and self.variables.indices[name] == "_idx"
        ]
        return {
            name_of(variable): np.dtype(variable.dtype).itemsize
            for variable in variables.values()
            if any(variable is matrix for matrix in matrices)
        }

    def run_regularly(self, code, *args, **kwds):
        """Run statements for every synapse, as `Synapses` does."""
        for name, _, _ in parse_code(code):
            if name in self.traces:
                raise NotImplementedError(
                    f"'{self.name}' keeps '{name}' once for each neuron, where "
                    "run_regularly cannot change it: use Synapses"
                )
        check_left_out(self, [code])
        runner = super().run_regularly(code, *args, **kwds)
        plan_rows(runner, self)
        return runner

    def idle_row_variable(self, code):
        """Presynaptic variable whose zeros mark the rows that the code leaves alone."""
        name = idle_row_factor(code, self.variables)
        return None if name is None else self.variables[name]

    def get_states(self, vars=None, *args, **kwds):
        """Return the values of variables, as `Synapses` does."""
        if vars is None and self.event_driven is not None:
            shown = {*self.traces, "lastupdate"}
            vars = [
                name
                for name, variable in self.variables.items()
                if name in shown
                or (
                    isinstance(variable, ArrayVariable)
                    and not name.startswith("_")
                    and (
                        kwds.get("read_only_variables", True) or not variable.read_only
                    )
                )
            ]
        kwds["level"] = kwds.get("level", 0) + 1
        return super().get_states(vars, *args, **kwds)

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


def _by_name(side, statements):
    """The pathways of one side as pairs of name and statements."""
    if not statements:
        return []
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
    return list(statements.items())
