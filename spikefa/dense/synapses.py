"""All-to-all synapses stored as a matrix, with the conventions of `Synapses`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brian2.core.clocks import Clock
from brian2.core.namespace import get_local_namespace
from brian2.core.variables import Variable, VariableView
from brian2.equations.equations import (
    Equations,
    check_subexpressions,
    extract_constant_subexpressions,
)
from brian2.groups.group import CodeRunner, Group
from brian2.groups.neurongroup import SubexpressionUpdater
from brian2.synapses.synapses import StateUpdater
from brian2.units.fundamentalunits import Quantity
from numpy.typing import ArrayLike, DTypeLike

from .checks import (
    check_keywords,
    check_left_out,
    check_names,
    check_shared,
    check_written,
    checked_ends,
    checked_model,
    delays_by_pathway,
    pathways_by_name,
)
from .codeobjects import dense_code_object_class
from .connectivity import Connectivity
from .dependencies import Dependencies
from .event_driven import add_time_stamps, event_driven_part, had_events
from .idle import DenseStateUpdater, plan_rows
from .indexing import DenseIndexing, DenseIndexWrapper
from .matrix_group import MatrixGroup
from .observers import check_observers
from .pathways import DensePathway
from .pending import PendingUpdates, plan_pending
from .statements import order_matters, parse_code
from .summed import DenseSummedUpdater, add_summed
from .traces import Trace, find_traces, values_of_constants
from .variables import create_variables

__all__ = ["DenseSynapses"]


class DenseSynapses(MatrixGroup):
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
        ``y_post += X`` (C++ standalone and CUDA only). What these pathways compute is
        that of immediate updates up to rounding, and X is up to date when a run ends.
        Nothing is put off if another object reads X during the run, as a
        `StateMonitor` does. 0: never.
    read_bits : {32, 16}, optional
        With 16, ``y_post += X`` reads X rounded to 8 significant bits (bfloat16; an
        error of 0.2 % at most in each number), from a copy of half the size. X itself
        changes in full, and updates that wait are added in full. C++ standalone only.

    Raises
    ------
    NotImplementedError
        If it is asked for what only `Synapses` can do: delays that differ between
        synapses, several synapses for a pair, few of all pairs, synapses of synapses.
        If 16 bits are to be read of what cannot be put off.
    TypeError
        If the target of code generation does not know the dtype of a variable.

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
        source: Group,
        target: Group | None = None,
        model: str | Equations | None = None,
        on_pre: str | Mapping[str, str] | None = None,
        pre: str | Mapping[str, str] | None = None,
        on_post: str | Mapping[str, str] | None = None,
        post: str | Mapping[str, str] | None = None,
        connect: None = None,
        delay: Quantity | Mapping[str, Quantity] | None = None,
        on_event: str | Mapping[str, str] = "spike",
        multisynaptic_index: None = None,
        namespace: Mapping[str, Any] | None = None,
        dtype: DTypeLike | Mapping[str, DTypeLike] | None = None,
        codeobj_class: type | None = None,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        order: int = 0,
        method: str | Callable | Sequence[str] = ("exact", "euler", "heun"),
        method_options: Mapping[str, Any] | None = None,
        name: str = "synapses*",
        put_off: int = 0,
        read_bits: int = 32,
    ) -> None:
        on_pre, on_post = check_keywords(connect, pre, on_pre, post, on_post)
        source, target = checked_ends(source, target)
        equations = checked_model(model, multisynaptic_index)
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
        self._linked_variables: set[str] = set()
        self.multisynaptic_index = None
        equations, constant_over_dt = extract_constant_subexpressions(equations)
        statements = [
            (side, *pathway)
            for side, given in (("pre", on_pre), ("post", on_post))
            for pathway in pathways_by_name(side, given)
        ]
        self._plan_equations(equations, statements)
        create_variables(self, equations, dtype)
        if self.event_driven is not None:
            add_time_stamps(self)
        check_shared(equations, self.variables)
        expressions = [str(eq.expr) for eq in equations.values() if eq.expr is not None]
        check_left_out(self, [*expressions, *(code for _, _, code in statements)])
        #: Which pairs are joined.
        self.connectivity: Connectivity = Connectivity(self)
        self._indices = DenseIndexing(self)
        self.events = on_event if isinstance(on_event, Mapping) else {}
        self._default_event = on_event if isinstance(on_event, str) else "spike"
        #: All pathways, those of ``on_pre`` first.
        self.pathways: list[DensePathway] = []
        delays = delays_by_pathway(delay)
        for side, objname, code in statements:
            check_written(self, code)
            self._add_pathway(side, objname, code, delays.pop(objname, None))
        for unknown in delays:
            raise ValueError(
                f"Cannot set the delay for pathway '{unknown}': unknown pathway."
            )
        self._add_updaters(equations, constant_over_dt, method, method_options, order)
        #: The updates that are put off, if there are any.
        self.pending: PendingUpdates | None = plan_pending(self, put_off, read_bits)
        self.indices = DenseIndexWrapper(self)
        check_names(self, equations)
        self._enable_group_attributes()

    def _plan_equations(
        self, model: Equations, statements: list[tuple[str, str, str]]
    ) -> None:
        """Split the equations, and find the traces that are kept once a neuron."""
        event_driven, continuous = event_driven_part(model)
        #: Integrated at every time step, or not at all.
        self.equations: Equations = Equations(continuous)
        #: Integrated at events, with all parameters and subexpressions; or None.
        self.event_driven: Equations | None = (
            Equations(event_driven) if event_driven else None
        )
        if event_driven and not self.codeobj_class.knows_events:
            raise NotImplementedError(
                "DenseSynapses has no event-driven variables on CUDA: use Synapses"
            )
        #: What the names in equations and statements mean.
        self.dependencies: Dependencies = Dependencies(
            {eq.varname: eq for eq in (*continuous, *event_driven)},
            self.source,
            self.target,
        )
        codes: dict[str, list[str]] = {"pre": [], "post": []}
        for side, _, code in statements:
            codes[side].append(code)
        #: The event-driven variables that are kept once a neuron, by name.
        self.traces: dict[str, Trace] = {}
        #: Values of what their equations depend on, in the last run.
        self._constants: dict[str, Any] = {}
        if event_driven and not self.codeobj_class.loops_over_arrays:
            self.traces = find_traces(codes["pre"], codes["post"], self.dependencies)

    def _add_updaters(
        self,
        model: Equations,
        constant_over_dt: Equations,
        method: str | Callable | Sequence[str],
        method_options: Mapping[str, Any] | None,
        order: int,
    ) -> None:
        """Add what runs in every time step."""
        #: Integrates what is clock-driven, if there is anything.
        self.state_updater: StateUpdater | None = None
        if len(self.equations.diff_eq_names):
            self.state_updater = DenseStateUpdater(
                self,
                method,
                method_options=method_options,
                clock=self.clock,
                order=order,
            )
            self.contained_objects.append(self.state_updater)
        #: Evaluates what is constant over a time step.
        self.subexpression_updater: SubexpressionUpdater | None = None
        if len(constant_over_dt):
            self.subexpression_updater = SubexpressionUpdater(self, constant_over_dt)
            plan_rows(self.subexpression_updater, self)
            self.contained_objects.append(self.subexpression_updater)
        self.summed_updaters: dict[str, DenseSummedUpdater] = {}
        for eq in model.values():
            if "summed" in eq.flags:
                add_summed(self, eq)

    def connect(
        self,
        condition: str | bool | None = None,
        i: ArrayLike | None = None,
        j: ArrayLike | None = None,
        p: float | str = 1.0,
        n: int = 1,
        skip_if_invalid: bool = False,
        namespace: Mapping[str, Any] | None = None,
        level: int = 0,
    ) -> None:
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

    @property
    def delay(self) -> VariableView:
        """The delay of the pathway ``pre``."""
        return self._pre_pathway().delay

    @delay.setter
    def delay(self, value: Quantity) -> None:
        self._pre_pathway().delay = value

    @property
    def delay_(self) -> VariableView:
        """`delay` in seconds, without unit."""
        return self._pre_pathway().delay_

    @delay_.setter
    def delay_(self, value: float) -> None:
        self._pre_pathway().delay_ = value

    def __repr__(self):
        return (
            f"<{type(self).__name__} {self.name}: {self.N_pre} x {self.N_post} "
            f"from {self.source.name} to {self.target.name}>"
        )

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        if not self.connectivity.connected:
            raise TypeError(
                f"DenseSynapses object '{self.name}' does not do anything, since it "
                "has not created synapses with 'connect'. Set its active attribute to "
                "False if you intend to do only do this for a subsequent run."
            )
        self.check_observers()
        self._check_order()
        self.equations.check_units(self, run_namespace=run_namespace)
        check_subexpressions(self, self.equations, run_namespace)
        self._check_constants(run_namespace)
        super().before_run(run_namespace=run_namespace)

    def _check_order(self):
        """Raise if it matters that synapses are in another order than in the matrix."""
        if self.connectivity.in_order():
            return
        sums = self.summed_updaters.values()
        for runner in (r for r in self.contained_objects if r not in sums):
            side = getattr(runner, "prepost", None)
            if self.connectivity.in_order(side):
                continue
            other = {"pre": "_postsynaptic_idx", "post": "_presynaptic_idx"}
            code = runner.code if side else runner.abstract_code
            if order_matters(code, self, other.get(side, "_idx")):
                raise NotImplementedError(
                    f"For '{runner.name}' it matters in which order synapses are "
                    f"connected, and those of '{self.name}' are in the order of their "
                    "neurons: use Synapses"
                )

    def _check_constants(self, run_namespace):
        """Raise if traces would have to know since when a constant is another one."""
        before = self._constants
        self._constants = values_of_constants(self, run_namespace)
        changed = [n for n, value in self._constants.items() if before.get(n) != value]
        if before and changed and had_events(self):
            raise NotImplementedError(
                f"'{changed[0]}' changed after events, and '{self.name}' keeps what "
                "depends on it once for each neuron: use Synapses"
            )

    def check_observers(self) -> None:
        """Look for objects outside of the projection that read its variables."""
        check_observers(self)

    def make_at_once(self) -> None:
        """Put no updates off any more."""
        if self.pending is not None and self.pending.copy is not None:
            raise NotImplementedError(
                f"read_bits=16: '{self.name}' cannot put updates off any more, because "
                "of a delay, a pair that is not connected, or an object that reads "
                f"'{self.pending.variable.name}' during the run"
            )
        self.pending = None
        for pathway in self.pathways:
            pathway.make_at_once()

    def _pre_pathway(self):
        if "pre" not in [pathway.objname for pathway in self.pathways]:
            raise AttributeError(
                "Synapses do not have a 'pre' pathway, do not know what 'delay' refers "
                "to."
            )
        return self.pre

    def _add_pathway(self, side, objname, code, delay):
        if hasattr(self, objname):
            raise ValueError(
                f"Cannot add updater with name '{objname}', synapses object already "
                "has an attribute with this name."
            )
        event = self.events.get(objname, self._default_event)
        pathway = DensePathway(self, code, side, objname, event, delay)
        self.pathways.append(pathway)
        self.contained_objects.append(pathway)
        setattr(self, objname, pathway)

    def pending_for(self, variables: Mapping[str, Variable]) -> dict[str, Any] | None:
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

    def run_regularly(self, code: str, *args: Any, **kwds: Any) -> CodeRunner:
        """Run statements for every synapse, as `Synapses` does."""
        try:
            written = [name for name, _, _ in parse_code(code)]
        except SyntaxError:  # for Brian2 to refuse, before a run
            written = []
        for name in written:
            if name in self.traces:
                raise NotImplementedError(
                    f"'{self.name}' keeps '{name}' once for each neuron, where "
                    "run_regularly cannot change it: use Synapses"
                )
        check_left_out(self, [code])
        if written:
            check_written(self, code)
        runner = super().run_regularly(code, *args, **kwds)
        plan_rows(runner, self)
        if self.pending is not None:
            self.pending.give_arrays(runner, self)
        return runner
