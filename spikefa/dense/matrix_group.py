"""A group whose variables are matrices: one value for each pair of neurons."""

from collections import ChainMap
from collections.abc import Mapping

import numpy as np
from brian2.core.functions import Function
from brian2.core.variables import (
    ArrayVariable,
    AuxiliaryVariable,
    Subexpression,
    Variable,
    VariableView,
)
from brian2.devices.device import get_device
from brian2.groups.group import Group
from numpy.typing import NDArray

from .codeobjects import DenseNumpyCodeObject, dense_templates_for_strings
from .indexing import DenseSubgroup, as_dense_view
from .variables import IndexArray

__all__ = ["MatrixGroup"]


class MatrixGroup(Group):
    """How many synapses there are, and how their values are set and read.

    A row of a matrix has the synapses of one presynaptic neuron. Who makes a group
    adds ``source``, ``target``, ``variables``, ``connectivity``, ``traces`` and
    ``pathways``.
    """

    def positions(self) -> NDArray[np.integer]:
        """Elements of the matrix that are synapses, in the order of the synapses."""
        return self.connectivity.all_positions()

    def neurons(self, side: str) -> NDArray[np.integer]:
        """The pre- or postsynaptic neuron of each synapse, in its whole group."""
        return self.connectivity.neurons(side)

    def __len__(self) -> int:
        return self.connectivity.number

    @property
    def shape(self) -> tuple[int, int]:
        """Number of source and of target neurons."""
        return len(self.source), len(self.target)

    @property
    def N_pre(self) -> int:
        """Number of source neurons."""
        return self.shape[0]

    @property
    def N_post(self) -> int:
        """Number of target neurons."""
        return self.shape[1]

    @property
    def N_outgoing_pre(self) -> NDArray[np.integer]:
        """Number of synapses of each source neuron."""
        return self.variables["N_outgoing"].get_value()

    @property
    def N_incoming_post(self) -> NDArray[np.integer]:
        """Number of synapses of each target neuron."""
        return self.variables["N_incoming"].get_value()

    @property
    def mask(self) -> ArrayVariable | None:
        """One byte a pair: whether it is connected; None if all are."""
        return self.connectivity.mask

    def __getitem__(self, item):
        return DenseSubgroup(self, self.indices[item])

    def check_variable_write(self, variable: Variable) -> None:
        """Raise if a synaptic variable is set before `connect` was called."""
        if not self.connectivity.connected:
            raise TypeError(
                f"Cannot write to synaptic variable '{variable.name}', you need to "
                "call connect(...) first"
            )

    def resolve_all(self, identifiers, run_namespace, *args, **kwds):
        """Resolve names; ``i`` and ``j`` are counted by the templates."""
        if not self.traces.keys().isdisjoint(identifiers):
            # `Synapses` read an array, and need no names of the outside for it.
            run_namespace = ChainMap(run_namespace, self._constants)
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
        for variable in found.values():
            if isinstance(variable, Function):
                _make_known_to_numpy(variable)
        return found

    def __setattr__(self, name, value, level=0):
        if name in vars(self) or "_group_attribute_access_active" not in vars(self):
            super().__setattr__(name, value, level)  # also a pathway's name
            return
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

    def end_of(self, side: str) -> int:
        """Number after that of the last neuron of a side, in its whole group."""
        group = self.source if side == "pre" else self.target
        return getattr(group, "start", 0) + len(group)

    def index_array(self, side: str) -> IndexArray:
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

    def _count(self, name, side):
        size, others = self.shape if side == "pre" else self.shape[::-1]
        if (positions := self.connectivity.positions) is None:
            counted = np.full(size, others, dtype=np.int32)
        else:
            neurons = self.variables[name].get_value()[positions]
            counted = np.bincount(neurons, minlength=size).astype(np.int32)
        return np.pad(counted, (self.end_of(side) - size, 0))

    def matrices_among(self, variables: Mapping[str, Variable]) -> dict[str, int]:
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
        copied = self.pending is not None and self.pending.copy is not None
        return {
            name_of(matrix): np.dtype(matrix.dtype).itemsize
            for matrix in self._used(variables, [self.pending.copy] if copied else [])
        }

    def narrow_matrices_among(
        self, variables: Mapping[str, Variable]
    ) -> list[ArrayVariable]:
        """Those of integers of 8 and 16 bits, as variables; see `matrices_among`."""
        return [
            matrix
            for matrix in self._used(variables)
            if np.dtype(matrix.dtype) in (np.int8, np.int16)
        ]

    def _used(self, variables, more=()):
        """Arrays of synaptic values, and some more, that are among variables."""
        matrices = [
            variable
            for name, variable in self.variables.items()
            if isinstance(variable, ArrayVariable)
            and not isinstance(variable, IndexArray)  # counted, not read
            and self.variables.indices[name] == "_idx"
        ]
        return [
            matrix
            for matrix in (*matrices, *more)
            if any(variable is matrix for variable in variables.values())
        ]

    def _full_state(self):
        """What `Network.store` keeps; also connections, and events on their way."""
        state = super()._full_state()
        for pathway in self.pathways:
            for name in pathway.line.names():
                state.pop(name, None)
        state["_pathways"] = {p.objname: p.stored_state() for p in self.pathways}
        state["_connectivity"] = self.connectivity.stored_state()
        return state

    def _restore_from_full_state(self, state):
        arrays = dict(state)
        self.connectivity.restore_state(arrays.pop("_connectivity"))
        pathways = arrays.pop("_pathways")
        for pathway in self.pathways:
            pathway.restore_state(pathways[pathway.objname])
        super()._restore_from_full_state(arrays)

    @property
    def between_runs(self) -> frozenset[str]:
        """Names of the arrays of its own that a later run depends on.

        `Synapses` has variables for these: traces, and when they were up to date.
        """
        if self.event_driven is None:
            return frozenset()
        stored = [trace.stored for trace in self.traces.values()]
        return frozenset(["_last_pre", "_last_post", *stored])

    def get_states(
        self,
        vars=None,
        units=True,
        format="dict",
        subexpressions=False,
        read_only_variables=True,
        level=0,
    ):
        """Return the values of variables, as `Synapses` does."""
        if vars is None:
            # For `Synapses` these are variables, not computed from others.
            stored = {*self.traces, "lastupdate"}
            vars = [
                name
                for name, variable in self.variables.items()
                if not name.startswith("_")
                and not isinstance(variable, AuxiliaryVariable)
                and (
                    name in stored
                    or (subexpressions or not isinstance(variable, Subexpression))
                    and (
                        read_only_variables or not getattr(variable, "read_only", False)
                    )
                )
            ]
        return super().get_states(
            vars, units, format, subexpressions, read_only_variables, level + 1
        )

    def set_states(self, values, units=True, format="dict", level=0):
        """Set the values of variables, as `Synapses` does.

        Raises
        ------
        NotImplementedError
            For another ``lastupdate``, and other values of a trace, than they have.
        """
        if format == "dict":
            values = dict(values)
            for name in values.keys() & self.traces.keys():
                self.state(name, units, level + 1)[:] = values.pop(name)
            time = values.pop("lastupdate", None)
            if time is not None and not np.array_equal(self.lastupdate_[:], time):
                raise NotImplementedError(
                    f"'{self.name}' computes 'lastupdate' from the events of its "
                    "neurons, and cannot set it: use Synapses"
                )
        super().set_states(values, units, format, level + 1)


def _make_known_to_numpy(function):
    """Let NumPy code call the Python function, if no other implementation is known.

    Brian2 does so for its own class of code objects.
    """
    try:
        function.implementations[DenseNumpyCodeObject]
    except KeyError:
        function.implementations.add_numpy_implementation(function.pyfunc)
