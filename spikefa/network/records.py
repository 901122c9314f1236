"""Records: what is recorded of a network, and the monitors that do it.

A record has the name of what it holds: ``layer_2.h`` (a variable of neurons, in every
time step), ``layer_1.spikes`` or ``forward_3.W`` (a variable of synapses, at the end of
a run). Its monitor stands behind a gate, as plasticity does: in a run that does not
open it, nothing of it is executed.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import SpikeMonitor, StateMonitor
from brian2.core.variables import ArrayVariable, Subexpression
from brian2.groups.group import VariableOwner
from brian2.units.fundamentalunits import get_unit_for_display
from numpy.typing import NDArray

from ..dense.neurons import monitor_code_object_class
from ..errors import InputError

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["Record", "Recording", "add_records", "recordable", "unit_of"]

#: What every Brian2 group has, or what only the projections themselves can read.
_NOT_RECORDED = ("t", "dt", "t_in_timesteps", "i", "j", "N", "not_refractory")


@dataclass(frozen=True)
class Record:
    """A variable, or the spikes, of some neurons or synapses.

    Attributes
    ----------
    name : str
        ``"group.variable"`` or ``"group.spikes"``.
    indices : tuple of int or None
        Neurons, or synapses counted row by row; None: all synapses, as a matrix.
    """

    name: str
    indices: tuple[int, ...] | None

    @property
    def group(self) -> str:
        """Name of the neurons or synapses."""
        return self.name.split(".")[0]

    @property
    def variable(self) -> str:
        """Name of the variable, or ``"spikes"``."""
        return self.name.split(".")[1]


@dataclass(frozen=True, eq=False)
class Recording:
    """What a record holds after a run.

    Attributes
    ----------
    t : numpy.ndarray, shape (n,)
        Seconds from the start of the run: of each value, or of each spike.
    i : numpy.ndarray or None
        Index of each neuron, shape (n_indices,); of each spike's neuron, shape (n,);
        of each synapse's source neuron; None if values are matrices.
    j : numpy.ndarray or None
        Index of each synapse's target neuron.
    values : numpy.ndarray or None, shape (n, n_indices) or (n, n_pre, n_post)
        In base units of the SI; None for spikes.
    unit : str
        Unit of the values, ``"1"`` if they have none.
    """

    t: NDArray
    i: NDArray | None = None
    j: NDArray | None = None
    values: NDArray | None = None
    unit: str = "1"

    @property
    def of_synapses(self) -> bool:
        """Whether the values are those of synapses."""
        return self.values is not None and (self.i is None or self.j is not None)

    def later(self, seconds: float) -> "Recording":
        """Return the same with later times."""
        return replace(self, t=self.t + seconds)

    def only(self, kept: NDArray) -> "Recording":
        """Return the part at some times.

        Parameters
        ----------
        kept : numpy.ndarray of bool, shape (n,)
        """
        if self.values is not None:
            return replace(self, t=self.t[kept], values=self.values[kept])
        assert self.i is not None  # of spikes
        return replace(self, t=self.t[kept], i=self.i[kept])

    def followed_by(self, other: "Recording") -> "Recording":
        """Return both, one after the other."""
        t = np.concatenate([self.t, other.t])
        if self.values is None:
            return replace(self, t=t, i=np.concatenate([self.i, other.i]))
        return replace(self, t=t, values=np.concatenate([self.values, other.values]))


def recordable(net: "FeedbackNetwork") -> dict[str, list[str]]:
    """List what can be recorded.

    Parameters
    ----------
    net : FeedbackNetwork

    Returns
    -------
    variables : dict
        Names of variables, and ``"spikes"``, by the name of the group.
    """
    found = {}
    for group in net.stateful:
        synapses = "N_pre" in group.variables
        names = [
            name
            for name, variable in group.variables.items()
            if not name.startswith("_")
            and name not in _NOT_RECORDED
            and getattr(variable.owner, "name", None) == group.name
            and np.dtype(variable.dtype).kind == "f"
            and isinstance(
                variable, ArrayVariable if synapses else ArrayVariable | Subexpression
            )
        ]
        found[group.name] = names + ["spikes"] * (
            "spike" in getattr(group, "events", ())
        )
    return found


def add_records(net: "FeedbackNetwork", record: Mapping[str, Any]) -> None:
    """Add the monitors of some records, each behind a gate of its own.

    Parameters
    ----------
    net : FeedbackNetwork
    record : dict
        See `open_session`.

    Raises
    ------
    InputError
        If there is no such variable, neuron or synapse; says what there is.
    """
    groups = {group.name: group for group in net.stateful}
    known = recordable(net)
    for name, which in record.items():
        group, _, variable = str(name).partition(".")
        if variable not in known.get(group, ()):
            there = "; ".join(f"{g}: {', '.join(v)}" for g, v in known.items())
            raise InputError(f"there is no {name} to record; there is {there}")
        net.records[name] = found = _chosen(name, groups[group], which)
        monitor = _monitor(found, groups[group], net.architecture.engine)
        if monitor is not None:
            net.gates[monitor.name] = net.n_layers + len(net.records)
            net.monitors[name] = monitor
            net.brian_network.add(monitor)


def _monitor(
    record: Record, group: VariableOwner, engine: str
) -> SpikeMonitor | StateMonitor | None:
    """Return what records a variable while a network runs; None for synapses."""
    if "N_pre" in group.variables:
        return None
    name = f"record_{record.group}_{record.variable}"
    kwds = {"codeobj_class": monitor_code_object_class(engine)}
    assert record.indices is not None  # of neurons
    if record.variable == "spikes":
        first, last = record.indices[0], record.indices[-1]
        whole = last - first + 1 == len(group)
        shown = group if whole else group[first : last + 1]
        return SpikeMonitor(shown, when="end", name=name, **kwds)
    indices = list(record.indices)
    return StateMonitor(
        group, record.variable, record=indices, when="end", name=name, **kwds
    )


def _chosen(name: str, group: VariableOwner, which: Any) -> Record:
    """Resolve what was chosen of a group."""
    synapses = "N_pre" in group.variables
    if which is True and synapses:
        return Record(name, None)
    ends = (group.source, group.target) if synapses else (group,)
    shape = tuple(map(len, ends))
    size = int(np.prod(shape))
    if which is True:
        return Record(name, tuple(range(size)))
    if isinstance(which, slice):
        which = range(size)[which]
    indices = _whole_numbers(name, which)
    if synapses and indices.ndim == 2 and indices.shape[1] == 2:
        _check_range(name, indices[:, 0], shape[0], "source neuron")
        _check_range(name, indices[:, 1], shape[1], "target neuron")
        indices = np.ravel_multi_index(indices.T, shape)
    elif indices.ndim != 1:
        pairs = " or (i, j) pairs" if synapses else ""
        raise InputError(f"record {name}: expected indices{pairs}, got {which!r}")
    _check_range(name, indices, size, "synapse" if synapses else "neuron")
    return Record(name, tuple(np.unique(indices).tolist()))


def _whole_numbers(name: str, which: Any) -> NDArray:
    try:
        values = [which] if np.ndim(which) == 0 else list(which)
        array = np.array(values)
        if array.dtype.kind not in "iu":
            raise TypeError
    except (TypeError, ValueError):
        raise InputError(
            f"record {name}: expected True, a slice or indices, got {which!r}"
        ) from None
    return array.astype(np.int64)


def _check_range(name: str, indices: NDArray, n: int, what: str) -> None:
    for index in indices[(indices < 0) | (indices >= n)]:
        raise InputError(
            f"record {name}: there is no {what} {operator.index(index)}, they are 0 to "
            f"{n - 1}"
        )


def unit_of(group: VariableOwner, variable: str) -> str:
    """Return the base unit of a variable as text, ``"1"`` if it has none."""
    return str(get_unit_for_display(group.variables[variable].dim))
