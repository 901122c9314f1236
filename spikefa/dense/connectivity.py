"""Which pairs of neurons a dense projection joins: all, or those of a mask."""

import numbers

import numpy as np
from brian2.core.functions import Function
from brian2.core.variables import Subexpression
from brian2.parsing.expressions import is_boolean_expression
from brian2.parsing.rendering import NumpyNodeRenderer
from brian2.utils.stringtools import get_identifiers

from .variables import add_matrix

__all__ = ["LOWEST_DENSITY", "Connectivity"]

#: Below this share of connected pairs `Synapses` are faster, as measured by
#: ``sims/benchmarks/dense.py density``.
LOWEST_DENSITY = 0.5


class Connectivity:
    """The pairs that a projection joins.

    Parameters
    ----------
    synapses : DenseSynapses
    """

    def __init__(self, synapses):
        self._synapses = synapses
        #: Whether `connect` has been called.
        self.connected = False
        #: Elements of the matrix, in the order of the synapses; None: all, in order.
        self.positions = None
        #: One byte a pair, for the templates; None if all pairs are joined.
        self.mask = None
        self._arrays = {}

    @property
    def number(self):
        """How many synapses there are."""
        if not self.connected:
            return 0
        if self.positions is None:
            return int(np.prod(self._synapses.shape))
        return len(self.positions)

    def connect(self, condition, i, j, p, n, skip_if_invalid, namespace):
        """Choose the pairs; see `DenseSynapses.connect`."""
        self._check(condition, i, j, n, skip_if_invalid)
        if i is not None:
            positions = self._by_indices(i, j, p)
        elif condition in (False, "False"):
            positions = np.empty(0, dtype=np.int64)
        else:
            positions = self._by_condition(condition, p, namespace)
        self._set(positions)
        self.connected = True

    def all_positions(self):
        """Elements of the matrix that are synapses, in the order of the synapses."""
        if self.positions is not None:
            return self.positions
        return np.arange(self.number)  # not kept: twice the memory of the weights

    def neurons(self, side):
        """The pre- or postsynaptic neuron of each synapse, in its whole group."""

        def make():
            of_all = self._synapses.index_array(side).get_value()
            chosen = slice(None) if self.positions is None else self.positions
            return of_all[chosen].astype(np.intp)

        return self._kept(side, make)

    def _kept(self, name, make):
        """Make an array of all synapses once."""
        array = self._arrays.get(name)
        if array is None or len(array) != self.number:
            self._arrays[name] = array = make()
        return array

    def in_order(self, side=None):
        """Whether synapses come in the order of the matrix.

        Parameters
        ----------
        side : {'pre', 'post'}, optional
            Only those of each neuron of a side have to.
        """
        if self.positions is None:
            return True
        order = self.positions
        if side is not None:
            n_post = self._synapses.N_post
            line = order // n_post if side == "pre" else order % n_post
            order = order[np.argsort(line, kind="stable")]
            same = np.diff(np.sort(line)) == 0
            return bool(np.all(np.diff(order)[same] > 0))
        return bool(np.all(np.diff(order) > 0))

    def stored_state(self):
        """What is connected, in the order of the synapses."""
        return self.connected, self.positions

    def restore_state(self, state):
        """Bring back what `stored_state` returned."""
        self.connected, positions = state
        if positions is not None or self.mask is not None:
            self._keep(positions)

    def _refuse(self, what):
        raise NotImplementedError(f"'{self._synapses.name}' {what}: use Synapses")

    def _check(self, condition, i, j, n, skip_if_invalid):
        if self.connected:
            self._refuse("was connected before, and has one synapse for each pair")
        if n != 1 or isinstance(n, str | bool):
            self._refuse(f"has one synapse for each pair, not n={n}")
        if isinstance(i, str) or isinstance(j, str) or skip_if_invalid:
            self._refuse("takes no generator expressions")
        if condition is not None and (i is not None or j is not None):
            raise ValueError("Cannot combine condition with i or j arguments")
        if (i is None) != (j is None):
            raise ValueError("Must specify at least one of condition, i or j arguments")
        if condition is not None and not isinstance(condition, bool | str):
            raise TypeError(
                "condition argument must be bool or string. If you want to connect "
                "based on indices, use connect(i=..., j=...)."
            )

    def _by_condition(self, condition, p, namespace):
        chosen = None
        if condition not in (None, True, "True"):
            chosen = self._evaluate(condition, namespace, boolean=True)
        if isinstance(p, str) or p != 1:
            probability = self._evaluate(p, namespace) if isinstance(p, str) else p
            drawn = np.random.random_sample(self._synapses.shape).ravel()  # noqa: NPY002
            drawn = drawn < probability
            chosen = drawn if chosen is None else chosen & drawn
        if chosen is None or np.all(chosen):
            return None
        return np.flatnonzero(np.broadcast_to(chosen, np.prod(self._synapses.shape)))

    def _by_indices(self, i, j, p):
        i, j = (
            np.asarray(x._indices() if hasattr(x, "_indices") else x) for x in (i, j)
        )
        if not all(np.issubdtype(x.dtype, np.signedinteger) for x in (i, j)):
            raise TypeError("Presynaptic indices can only be combined with integers")
        rows, columns = np.broadcast_arrays(i, j)
        if rows.ndim > 1:
            raise ValueError("Can only use 1-dimensional indices")
        rows, columns = np.atleast_1d(rows), np.atleast_1d(columns)
        n_pre, n_post = self._synapses.shape
        for indices, size in ((rows, n_pre), (columns, n_post)):
            if indices.size and (indices.min() < 0 or indices.max() >= size):
                raise IndexError("Tried to create synapse indices outside valid range.")
        positions = rows.astype(np.int64) * n_post + columns
        if len(np.unique(positions)) < len(positions):
            self._refuse("has one synapse for each pair, not several")
        if not isinstance(p, numbers.Number):
            raise TypeError("p must be a number if it is combined with indices")
        if p != 1:
            drawn = np.random.random_sample(len(positions)) < p  # noqa: NPY002
            positions = positions[drawn]
        if np.array_equal(positions, np.arange(n_pre * n_post)):
            return None
        return positions

    def _evaluate(self, expression, namespace, boolean=False):
        """The value of a string for every pair, in the order of the matrix."""
        synapses = self._synapses
        names = sorted(get_identifiers(expression))
        variables = synapses.resolve_all(names, namespace, user_identifiers=set(names))
        if boolean and not is_boolean_expression(expression, variables):
            raise TypeError(f"Condition '{expression}' is not a boolean condition")
        size = int(np.prod(synapses.shape))
        random = {
            "rand": lambda: np.random.random_sample(size),  # noqa: NPY002
            "randn": lambda: np.random.standard_normal(size),  # noqa: NPY002
        }
        values = {"logical_not": np.logical_not}
        for name in names:
            variable = variables[name]
            if isinstance(variable, Function):
                values[name] = random.get(name, variable.pyfunc)
            else:
                values[name] = self._value(name, variable, namespace)
        # Brian2's own way from its syntax to that of NumPy.
        return eval(NumpyNodeRenderer().render_expr(expression), values)

    def _value(self, name, variable, namespace):
        synapses = self._synapses
        if name in ("i", "j"):
            return synapses.variables[name].get_value()
        if isinstance(variable, Subexpression):
            return self._evaluate(variable.expr, namespace)
        index = synapses.variables.indices[name]
        try:
            value = variable.get_value()
        except NotImplementedError:  # standalone, before the run
            self._refuse(f"cannot be connected by '{name}', not known before the run")
        if name in synapses.variables and index not in ("_idx", "0"):
            side = index.removeprefix("_").removesuffix("synaptic_idx")
            where = synapses.variables[{"pre": "i", "post": "j"}[side]].get_value()
            start = synapses.variables[f"_{side}_start"].get_value()
            return value[where + start]
        return value

    def _set(self, positions):
        synapses = self._synapses
        if positions is not None:
            density = len(positions) / max(1, np.prod(synapses.shape))
            if 0 < density < LOWEST_DENSITY:  # none: a projection that is switched off
                self._refuse(
                    f"would use {density:.0%} of its matrix, and Synapses are faster "
                    f"below {LOWEST_DENSITY:.0%}"
                )
            self._keep(positions)

    def _keep(self, positions):
        """Remember which elements of the matrix are synapses."""
        self.positions, self._arrays = positions, {}
        if self.mask is None:
            self.mask = add_matrix(self._synapses, "_mask", bool)
        joined = np.zeros(self.mask.size, dtype=bool)
        joined[slice(None) if positions is None else positions] = True
        self.mask.set_value(joined)
