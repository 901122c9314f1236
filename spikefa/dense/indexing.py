"""Indices of a dense projection: synapse (i, j) is element ``i*N_post + j``."""

import weakref
from contextlib import contextmanager

import numpy as np
from brian2.core.variables import VariableView
from brian2.devices.device import get_device, reset_device, set_device
from brian2.groups.group import IndexWrapper
from brian2.units.fundamentalunits import Quantity, fail_for_dimension_mismatch

from .codeobjects import dense_templates_for_strings
from .event_driven import had_events

__all__ = [
    "DenseIndexWrapper",
    "DenseIndexing",
    "DenseSubgroup",
    "as_dense_view",
]


class DenseIndexing:
    """Translate indices of a `DenseSynapses` object into flat ones.

    Like Brian2's `~brian2.synapses.synapses.SynapticIndexing`: a pair indexes by
    presynaptic and postsynaptic neuron (integers, slices, arrays, subgroups), a
    single index by synapse; pairs that do not exist select nothing.
    """

    def __init__(self, synapses):
        self.synapses = weakref.proxy(synapses)

    def __call__(self, item=None, index_var="_idx"):
        if isinstance(index_var, str) and index_var == "0":
            return 0
        synapses = self.synapses
        flat = self.numbers(item)
        if synapses.mask is not None:
            flat = synapses.positions()[flat]
        if isinstance(index_var, str):
            return flat
        if index_var is synapses.variables["_presynaptic_idx"]:
            return (
                flat // synapses.N_post + synapses.variables["_pre_start"].get_value()
            )
        return flat % synapses.N_post + synapses.variables["_post_start"].get_value()

    def numbers(self, item):
        """Synapses that are meant, counted as those of `Synapses` are."""
        synapses = self.synapses
        if item is None or (isinstance(item, str) and item == "True"):
            item = slice(None)
        if hasattr(item, "_indices"):
            return np.asarray(item._indices())
        if isinstance(item, tuple):
            return self._pairs(*item)
        if isinstance(item, slice):
            return np.arange(len(synapses), dtype=np.int32)[item]
        indices = np.asarray(item)
        if indices.dtype == bool:
            return np.flatnonzero(indices)
        if indices.dtype.kind not in "iu":
            raise IndexError(f"Unsupported index type {type(item)}")
        n = len(synapses)
        if indices.size and (indices.min() < -n or indices.max() >= n):
            raise IndexError(f"'{synapses.name}' has no synapse {item}, only {n}")
        return np.where(indices < 0, indices + n, indices).astype(np.int32)

    def numbers_at(self, positions):
        """Synapses at some elements of the matrix, without those that are none."""
        known = self.synapses.connectivity.positions
        if known is None:
            return positions[positions < len(self.synapses)].astype(np.int32)
        return np.flatnonzero(np.isin(known, positions)).astype(np.int32)

    def _pairs(self, pre, post=None, number=slice(None)):
        if post is None or (number != slice(None) and number != 0):
            raise IndexError(
                "DenseSynapses has one synapse for each pair: index it by [i, j]"
            )
        synapses = self.synapses
        rows = self._side(pre, synapses.source)
        columns = self._side(post, synapses.target)
        return self.numbers_at(np.add.outer(rows * synapses.N_post, columns).ravel())

    def _side(self, item, group):
        """Neurons of a group, counted from its first one; none for a wrong index."""
        try:
            absolute = (
                item._indices() if hasattr(item, "_indices") else group._indices(item)
            )
        except IndexError:
            absolute = []
        neurons = np.unique(np.asarray(absolute, dtype=np.int64))
        neurons -= getattr(group, "start", 0)
        return neurons[(neurons >= 0) & (neurons < len(group))]


class DenseIndexWrapper(IndexWrapper):
    """``synapses.indices[...]``, also by a string condition."""

    def __getitem__(self, item):
        synapses = self.indices.synapses
        if not isinstance(item, str):
            return self.indices.numbers(item)
        with dense_templates_for_strings():
            positions = super().__getitem__(item)
        return synapses._indices.numbers_at(positions)


class DenseSubgroup:
    """Some synapses of a projection, as made by ``synapses[i, j]``."""

    def __init__(self, synapses, indices):
        self.synapses = weakref.proxy(synapses)
        self._stored_indices = np.atleast_1d(indices)

    def _indices(self, index_var="_idx"):
        return self._stored_indices

    def __len__(self):
        return len(self._stored_indices)

    def __repr__(self):
        return f"<{type(self).__name__}, {len(self)} synapses of {self.synapses.name}>"


class _DenseVariableView(VariableView):
    """A view whose string expressions know the pre- and postsynaptic indices."""

    def set_item(self, item, value, level=0):
        synapses = self.group
        if self.name in synapses.traces:
            if not isinstance(item, slice) or item != slice(None):
                value = "some"
            units = self.dim is not None
            synapses.traces[self.name].set(synapses, value, check_units=units)
            return
        if (
            _is_everything(item)
            and synapses._holds_masked(self.name)
            and not self.variable.read_only
            and np.ndim(value) == 1
            and not isinstance(value, str)
        ):
            self._set_synapses(value)
            return
        super().set_item(item, value, level=level + 1)

    def get_item(self, item, level=0, namespace=None):
        synapses = self.group
        trace = synapses.traces.get(self.name)
        if trace is not None and not isinstance(item, str) and not had_events(synapses):
            values = trace.initial_values(synapses, item)
            return values if self.dim is None else Quantity(values, dim=self.dim)
        if _is_everything(item) and synapses._holds_masked(self.name):
            item = np.arange(len(synapses))  # not the whole matrix
        return super().get_item(item, level=level + 1, namespace=namespace)

    def _set_synapses(self, value):
        """Set the elements of the matrix that are synapses, and the rest to zero."""
        synapses, variable = self.group, self.variable
        synapses.check_variable_write(variable)
        if self.dim is not None:
            fail_for_dimension_mismatch(
                variable, value, f"Incorrect unit for setting variable {self.name}"
            )
        values = np.zeros(variable.size, dtype=variable.dtype)
        values[synapses.positions()] = np.asarray(value)
        variable.set_value(values)

    def set_with_expression(self, *args, **kwds):
        with dense_templates_for_strings():
            return super().set_with_expression(*args, **kwds)

    def set_with_expression_conditional(self, *args, **kwds):
        with dense_templates_for_strings():
            return super().set_with_expression_conditional(*args, **kwds)

    def get_with_expression(self, *args, **kwds):
        with _device_that_evaluates(), dense_templates_for_strings():
            return super().get_with_expression(*args, **kwds)

    def get_subexpression_with_index_array(self, *args, **kwds):
        with _device_that_evaluates(), dense_templates_for_strings():
            return super().get_subexpression_with_index_array(*args, **kwds)


@contextmanager
def _device_that_evaluates():
    """After a standalone run, evaluate expressions on the runtime device.

    Brian2 would change to it later, when the templates have been chosen.
    """
    device = get_device()
    if not getattr(device, "has_been_run", False):
        yield
        return
    set_device("runtime")
    try:
        yield
    finally:
        reset_device()


def _is_everything(item):
    if isinstance(item, str):
        return item == "True"
    return isinstance(item, slice) and item == slice(None)


def as_dense_view(view):
    """The same view of a variable, with the templates of dense projections."""
    return _DenseVariableView(view.name, view.variable, view.group, view.dim)
