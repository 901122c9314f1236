"""The values that a model gives its variables to start from.

``initial = {"tau_i": "5*ms + 2*ms*randn()", "theta": 20*mV}`` sets a variable wherever
there is one of this name; ``"layer_2.tau_i"``, or a dictionary under ``"layer_2"``, in
one layer. Strings are evaluated by Brian2 itself, as by ``group.tau_i = "..."``.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import Equations, Network, NeuronGroup, Quantity, Synapses
from brian2.core.variables import ArrayVariable
from brian2.equations.equations import PARAMETER, SingleEquation
from brian2.units.fundamentalunits import get_dimensions, get_unit_for_display
from numpy.typing import NDArray

from ..brian import owned
from ..equations.explanations import reason_for
from ..equations.model import Model
from ..equations.values import normalized
from ..errors import ModelError
from .removed import MASK
from .scratch import numpy_device

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = [
    "array_variables",
    "checked_array",
    "evaluated",
    "find_initial_values",
    "gives",
    "has_layers",
    "initial_value",
    "is_given",
]


def array_variables(network: "FeedbackNetwork") -> dict[str, ArrayVariable]:
    """List the variables that can be given values.

    Parameters
    ----------
    network : FeedbackNetwork

    Returns
    -------
    variables : dict
        ``{"group.variable": ArrayVariable}``.
    """
    return {
        f"{group.name}.{name}": variable
        for group in network.stateful
        for name, variable in group.variables.items()
        if isinstance(variable, ArrayVariable)
        and getattr(variable.owner, "name", None) == group.name
        and not variable.read_only
        and not name.startswith("_")
        and name not in ("t", "dt")
    }


def has_layers(model: Model) -> bool:
    """Whether a model gives values that are for one layer, by name or by shape."""
    return any(
        "." in key or isinstance(value, list | tuple) or getattr(value, "ndim", 0)
        for key, value in _flat(model).items()
    )


def gives(model: Model, variable: str) -> bool:
    """Whether a model gives a variable of this name a value, in any layer."""
    return any(key.rpartition(".")[2] == variable for key in _flat(model))


def find_initial_values(net: "FeedbackNetwork", names: Iterable[str]) -> dict[str, Any]:
    """Find out which state variables a model gives a value.

    Parameters
    ----------
    net : FeedbackNetwork
    names : iterable of str
        State variables as ``"group.variable"``.

    Returns
    -------
    values : dict
        What is given, by ``"group.variable"``, in the order in which it is to be set:
        that in which the model first names each variable. What is given for one layer
        counts there, wherever it stands.

    Raises
    ------
    ModelError
        If a name of ``initial`` is that of no variable, or of what is computed.
    """
    model, known = net.model, list(names)
    known += sorted(net.computed - set(known))
    found: dict[str, Any] = {}
    of_one_layer: set[str] = set()
    for key, value in _flat(model).items():
        group = key.rpartition(".")[0]
        meant = [name for name in known if _means(net, key, name)]
        if not meant:
            raise ModelError(_no_such_variable(model, key, known))
        stored = [name for name in meant if name not in net.computed]
        if not stored:
            raise ModelError(
                f"{model.where('initial')}: '{key}' is computed in every step, not "
                "stored"
            )
        for name in stored:
            if group or name not in of_one_layer:
                found[name] = value
        of_one_layer.update(stored if group else ())
    return found


def is_given(net: "FeedbackNetwork", name: str) -> bool:
    """Whether a model gives ``"group.variable"`` a value."""
    return any(_means(net, key, name) for key in _flat(net.model))


def _means(net: "FeedbackNetwork", key: str, name: str) -> bool:
    """Whether a key of ``initial`` is for ``"group.variable"``."""
    group, _, variable = key.rpartition(".")
    ends = {"output": f"layer_{net.n_layers}", "input": "layer_0"}
    group = ends.get(group, group)
    return name == f"{group}.{variable}" or (not group and _is_called(name, variable))


def _is_called(name: str, variable: str) -> bool:
    """Whether a variable is meant by a name alone; a mask is that of forward synapses.

    Feedback synapses have one only if their string needs it.
    """
    group, own = name.split(".")
    return own == variable and (own != MASK or group.startswith("forward_"))


def _flat(model: Model) -> dict[str, Any]:
    """Write dictionaries of one layer as ``"group.variable"``."""
    flat: dict[str, Any] = {}
    for key, value in (model.get("initial") or {}).items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": inner for name, inner in value.items()}
        else:
            flat[str(key)] = value
    return flat


def _no_such_variable(model: Model, key: str, names: list[str]) -> str:
    known = {name.split(".")[1] for name in names} | set(names)
    close = get_close_matches(key, sorted(known), 1, 0.7)
    hint = f", did you mean '{close[0]}'?" if close else ""
    if key.rpartition(".")[2] == MASK:
        hint = "; only networks in which synapses can be missing have one: see mask"
    return f"{model.where('initial')}: no state variable is called '{key}'{hint}"


def initial_value(
    net: "FeedbackNetwork",
    name: str,
    variable: ArrayVariable,
    shape: tuple[int, ...],
    value: Any,
    seed: int,
    state: Mapping[str, NDArray] | None = None,
) -> NDArray:
    """Evaluate an initial value.

    Parameters
    ----------
    net : FeedbackNetwork
    name : str
        ``"group.variable"``.
    variable : ArrayVariable
    shape : tuple of int
        (n,) for neurons, (n_pre, n_post) for synapses.
    value : str, number, Quantity, list or array
    seed : int
        Of the random numbers in a string.
    state : dict, optional
        Values of other variables of the same group, which a string may use.

    Returns
    -------
    array : numpy.ndarray
        In base units, of this shape.

    Raises
    ------
    ModelError
        If the value has other units or another shape, or cannot be evaluated.
    """
    where = f"{net.model.where('initial')}: {name}"
    if isinstance(value, str):
        try:
            array = evaluated(net, variable, shape, value, seed, state or {})
        except Exception as exc:
            raise ModelError(f"{where}: '{value}': {reason_for(exc)}") from exc
    else:
        array = checked_array(where, variable, shape, value)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ModelError(f"{where}: '{value}' gives values that are not finite")
    return array


def checked_array(
    where: str, variable: ArrayVariable, shape: tuple[int, ...], value: Any
) -> NDArray:
    value = normalized("", value)
    try:
        dimensions = get_dimensions(value if isinstance(value, Quantity) else 1)
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TypeError
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise ModelError(
            f"{where}: must be a number, an array or a string, got {kind}"
        ) from None
    if dimensions is not variable.dim:
        raise ModelError(
            f"{where}: has the unit {get_unit_for_display(dimensions)}, the variable "
            f"has {get_unit_for_display(variable.dim)}"
        )
    if array.ndim and array.shape != shape:
        raise ModelError(
            f"{where}: {_shape(array.shape)} given, {_shape(shape)} needed"
        )
    return np.broadcast_to(array, shape)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) + " values"


def evaluated(
    net: "FeedbackNetwork",
    variable: ArrayVariable,
    shape: tuple[int, ...],
    text: str,
    seed: int,
    state: Mapping[str, NDArray],
) -> NDArray:
    """Let Brian2 evaluate a string for all neurons or synapses of a group."""
    owner = variable.owner
    known = {
        name: array
        for name, array in state.items()
        if name in owner.variables and name not in _SPECIAL and name[0] != "_"
    }
    equations = Equations(
        [
            SingleEquation(
                PARAMETER,
                name,
                owner.variables[name].dim,
                var_type=_TYPES[np.dtype(owner.variables[name].dtype).kind],
            )
            for name in {**known, variable.name: None}
        ]
    )
    with numpy_device(seed):
        dtype = {name: np.float64 for name in equations.names}
        dtype = {n: t for n, t in dtype.items() if equations[n].var_type == "float"}
        ends: list[NeuronGroup] = []
        if len(shape) == 1:
            group = NeuronGroup(
                *shape, equations, namespace=net.namespace, dtype=dtype, name=owner.name
            )
        else:
            ends = [NeuronGroup(n, "", name=f"end_{i}") for i, n in enumerate(shape)]
            group = Synapses(*ends, equations, namespace=net.namespace, dtype=dtype)
            group.connect()
        owned(Network(), group, *ends)
        for name, array in known.items():
            group.variables[name].set_value(np.ravel(array))
        setattr(group, variable.name, text)
        return np.array(group.variables[variable.name].get_value()).reshape(shape)


_TYPES = {"f": "float", "i": "integer", "u": "integer", "b": "boolean"}
_SPECIAL = ("lastspike", "not_refractory")
