"""The variables of a dense projection: its own, and those of the neurons it joins."""

import numpy as np
from brian2.core.base import weakproxy_with_fallback
from brian2.core.variables import (
    DIMENSIONLESS,
    ArrayVariable,
    Subexpression,
    Variables,
)
from brian2.devices.device import RuntimeDevice, get_device
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION
from brian2.groups.group import get_dtype
from brian2.units.allunits import second

from .checks import check_dtype

__all__ = [
    "IndexArray",
    "add_matrix",
    "add_subexpression",
    "create_variables",
    "give_index_arrays",
]


class IndexArray(ArrayVariable):
    """The pre- or postsynaptic neuron of each element of the matrix, made when read.

    The templates of a projection count rows and columns and need no such array. It
    takes memory in a program only if another object, such as a monitor, reads it.

    Parameters
    ----------
    name : str
    synapses : DenseSynapses
    side : {'pre', 'post'}
    start : int
        Added to the number of the row or column.
    """

    def __init__(self, name, synapses, side, start=0):
        self._shape = synapses.shape
        self._side, self._start = side, start
        self._given = False
        super().__init__(
            name,
            weakproxy_with_fallback(synapses),
            size=int(np.prod(self._shape)),
            device=get_device(),
            dtype=np.int32,
            constant=True,
            read_only=True,
        )

    def get_value(self):
        n_pre, n_post = self._shape
        if self._side == "pre":
            values = np.repeat(np.arange(n_pre, dtype=np.int32), n_post)
        else:
            values = np.tile(np.arange(n_post, dtype=np.int32), n_pre)
        return values + np.int32(self._start)

    def set_value(self, value):
        """Nothing: what `restore` would set never changes."""

    def give_to_device(self):
        """Make the array known to the program that is generated."""
        if self._given or isinstance(self.device, RuntimeDevice):
            return  # it asks for the values
        self.device.add_array(self)
        self.device.init_with_zeros(self, self.dtype)
        self.device.fill_with_array(self, self.get_value())
        self._given = True


def create_variables(synapses, model, user_dtype):
    """Fill ``synapses.variables``.

    Parameters
    ----------
    synapses : DenseSynapses
    model : Equations
    user_dtype : dtype or dict, optional

    Raises
    ------
    TypeError
        If the target of code generation does not know the dtype of a variable.
    ValueError
        If a synaptic variable is named like one of the neurons.
    """
    variables = synapses.variables = Variables(synapses)
    synapses.counted, synapses.left_out = {}, {}
    for side, group in (("pre", synapses.source), ("post", synapses.target)):
        variables.add_reference(f"N_{side}", group, "N")
        variables.add_constant(f"_{side}_start", int(getattr(group, "start", 0)))
    variables.add_array(
        "N", size=1, dtype=np.int32, scalar=True, constant=True, read_only=True
    )
    variables.create_clock_variables(synapses._clock)
    for side, name in (("pre", "i"), ("post", "j")):
        index = f"_{side}synaptic_idx"
        variables.add_auxiliary_variable(index, dtype=np.int32)
        variables[index].unique = False  # many synapses share a neuron
        variables[index].read_only = True
        # Not by `_add_variable`, which would make room for it on the device.
        variables._variables[name] = IndexArray(name, synapses, side)
        variables.indices[name] = variables.default_index
        synapses.counted[name] = Subexpression(
            name=name,
            owner=weakproxy_with_fallback(synapses),
            expr=f"{index} - _{side}_start",
            device=get_device(),
            dtype=np.int32,
        )
        counts = "N_outgoing" if side == "pre" else "N_incoming"
        add_matrix(
            synapses,
            counts,
            np.int32,
            index=index,
            size=synapses.end_of(side),
            constant=True,
            read_only=True,
        )
    for eq in model.values():
        dtype = get_dtype(eq, user_dtype)
        check_dtype(synapses, eq.varname, dtype)
        _add_equation(synapses, eq, dtype)
    for xi in model.stochastic_variables:
        variables.add_auxiliary_variable(xi, dimensions=(second**-0.5).dim)
    for side, group in (("pre", synapses.source), ("post", synapses.target)):
        _add_references(variables, side, group, model)


def add_matrix(synapses, name, dtype, dim=DIMENSIONLESS, index=None, **kwds):
    """Add an array with one value a synapse, or with ``size=`` and an index, fewer."""
    size = kwds.pop("size", int(np.prod(synapses.shape)))
    variable = ArrayVariable(
        name,
        weakproxy_with_fallback(synapses),
        size=size,
        device=get_device(),
        dimensions=dim,
        dtype=dtype,
        **kwds,
    )
    synapses.variables._add_variable(name, variable, index=index)
    get_device().init_with_zeros(variable, dtype)
    return variable


def give_index_arrays(runner, synapses):
    """Let a runner know the indices of synapses as arrays, if its code needs them."""
    if not runner.codeobj_class.loops_over_arrays:
        return
    if not hasattr(runner, "variables"):
        runner.variables = Variables(synapses)
    for side in ("pre", "post"):
        runner.variables._variables[f"_{side}synaptic_idx"] = synapses.index_array(side)


def add_subexpression(variables, name, expr, dim=DIMENSIONLESS, dtype=None, index=None):
    """Add a subexpression; one with index ``"0"`` is the same for all synapses."""
    variables._add_variable(
        name,
        Subexpression(
            name=name,
            owner=weakproxy_with_fallback(variables.owner),
            expr=expr,
            device=get_device(),
            dimensions=dim,
            dtype=dtype,
            scalar=index == "0",
        ),
        index=index,
    )


def _add_equation(synapses, eq, dtype):
    variables = synapses.variables
    if eq.type == SUBEXPRESSION:
        name = ("_summed_" if "summed" in eq.flags else "") + eq.varname
        index = "0" if "shared" in eq.flags else None
        add_subexpression(variables, name, str(eq.expr), eq.dim, dtype, index)
    elif "shared" in eq.flags:
        variables.add_array(
            eq.varname,
            size=1,
            dimensions=eq.dim,
            dtype=dtype,
            constant="constant" in eq.flags,
            scalar=True,
            index="0",
        )
    elif eq.type == DIFFERENTIAL_EQUATION and eq.varname in synapses.traces:
        synapses.traces[eq.varname].add_variables(synapses, dtype)
    else:
        constant = "constant" in eq.flags
        add_matrix(synapses, eq.varname, dtype, eq.dim, constant=constant)


def _add_references(variables, side, group, model):
    """Make ``x`` of a source or target neuron known as ``x_pre`` or ``x_post``."""
    for name, variable in group.variables.items():
        if name in model.names and "summed" not in model[name].flags:
            raise ValueError(
                f"The {side}-synaptic variable '{name}' has the same name as a "
                "synaptic variable, rename the synaptic variable."
            )
        if name.startswith("_"):
            continue
        if not _indexed_by_neuron(group, name):  # `Synapses` leaves it out too
            variables.owner.left_out[f"{name}_{side}"] = f"'{name}' of '{group.name}'"
            continue
        one = variable.scalar or group.variables.indices[name] == "0"
        index = "0" if one else f"_{side}synaptic_idx"
        variables.add_reference(f"{name}_{side}", group, name, index)
        if side == "post" and not name.endswith("_post"):
            variables.add_reference(name, group, name, index)


def _indexed_by_neuron(group, name):
    """Whether a variable, and all that it is computed from, has one value a neuron.

    A linked variable has an index of its own, which the loops do not follow.
    """
    plain = ("0", "_idx", group.variables.default_index)
    if group.variables.indices[name] not in plain:
        return False
    variable = group.variables[name]
    if isinstance(variable, Subexpression):
        owner = variable.owner  # of a subgroup: the whole group
        known = [n for n in variable.identifiers if n in owner.variables]
        return all(_indexed_by_neuron(owner, n) for n in known)
    return True
