"""Which synapses there are: the masks of a model, and what they change.

``mask`` says it of the synapses onto a layer, ``feedback_mask`` of feedback synapses: a
condition of i and j, the neurons that a synapse comes from and goes to, or an array.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import Synapses
from brian2.utils.stringtools import word_substitute
from numpy.typing import NDArray

from ..equations.explanations import reason_for, words
from ..equations.model import Model
from ..errors import ModelError
from ..seeds import spike_seed
from .architecture import Architecture
from .initial_values import checked_array, evaluated, is_given
from .projections import part_of
from .removed import MASK

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["PLACES", "find_masks", "learn_string", "may_lack"]

#: Places of neurons i and j in the square that their layer is seen as.
PLACES = ("row_i", "column_i", "row_j", "column_j")


def may_lack(
    architecture: Architecture, model: Model, layer: int, base: str = "mask"
) -> bool:
    """Whether some of the synapses onto a layer may be missing."""
    name = model.of_layer(base, layer, architecture.n_layers)
    return architecture.sparse or model.get(name) is not None


def learn_string(
    architecture: Architecture, model: Model, layer: int, prefix: str = ""
) -> str:
    """Name the statements by which the synapses onto a layer learn.

    Where some are missing, ``sparse_learn``; but a model that changes ``learn`` alone
    means it there too.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    layer : int
    prefix : str, optional
        Of the statements of feedback weights on the same synapses.
    """
    plain, masked = (
        model.of_layer(f"{prefix}{name}", layer, architecture.n_layers)
        for name in ("learn", "sparse_learn")
    )
    if not may_lack(architecture, model, layer):
        return plain
    only_plain = model.differs(plain) and not model.differs(masked)
    return plain if only_plain else masked


def find_masks(
    net: "FeedbackNetwork", architecture: Architecture, seed: int
) -> Iterator[tuple[str, NDArray]]:
    """Evaluate the masks of a model.

    Parameters
    ----------
    net : FeedbackNetwork
    architecture : Architecture
        With the sizes that masks are for; `net` may have fewer neurons, to check them.
    seed : int
        Of the random numbers in a string.

    Yields
    ------
    name : str
        Of the variable, such as ``"forward_1.present"``.
    mask : numpy.ndarray, shape (n_pre, n_post)
        1 where there is a synapse, else 0.

    Raises
    ------
    ModelError
        If one cannot be evaluated, has another shape, or leaves no synapse; or if
        ``initial`` says for the same synapses which there are.
    """
    found: list[tuple[str, Any, Any]] = []
    found += [(part_of(kind, "mask"), n, s) for (kind, n), s in net.crossed.items()]
    found += [("feedback_mask", n, synapses) for n, synapses in net.feedback.items()]
    for base, layer, synapses in found:
        if not isinstance(layer, int):
            continue
        name = net.string(base, layer)
        if net.model.get(name) is None:
            continue
        groups = synapses.source, synapses.target
        ends = [_layer_of(group.name) for group in groups]
        sizes = [architecture.layer_sizes[end] for end in ends]
        small = tuple(group.N for group in groups)
        variable = f"{synapses.name}.{MASK}"
        if is_given(net, variable):
            raise ModelError(
                f"{net.model.where(name)}: initial '{MASK}' says too which synapses of "
                f"{synapses.name} there are; give one of both"
            )
        yield variable, _mask(net, name, synapses, sizes, small, ends, seed)


def _layer_of(group_name: str) -> int:
    return int(group_name.rsplit("_", 1)[1])


def _mask(
    net: "FeedbackNetwork",
    name: str,
    synapses: Synapses,
    sizes: list[int],
    shape: tuple[int, int],
    ends: list[int],
    seed: int,
) -> NDArray:
    """Evaluate one mask."""
    where, value = net.model.where(name), net.model[name]
    variable = synapses.variables[MASK]
    if isinstance(value, str):
        text = f"int({_with_places(where, value, sizes, ends)})"
        own_seed = spike_seed(seed, f"mask {synapses.name}")
        try:
            array = evaluated(net, variable, shape, text, own_seed, {})
        except Exception as exc:
            raise ModelError(f"{where}: '{value}': {reason_for(exc)}") from exc
    else:
        array = checked_array(where, variable, tuple(sizes), value)
    mask = np.array(array != 0, dtype=variable.dtype)
    if tuple(sizes) == mask.shape and not mask.any():
        raise ModelError(f"{where}: leaves no synapse of {synapses.name}")
    return mask


def _with_places(where: str, text: str, sizes: list[int], ends: list[int]) -> str:
    """Write rows and columns as what follows from i and j."""
    places = {}
    for name in words(text) & set(PLACES):
        place, index = name.split("_")
        side = "ij".index(index)
        width = math.ceil(math.sqrt(sizes[side]))
        if ends[side] == 0 and width**2 != sizes[side]:
            raise ModelError(
                f"{where}: {name}: {sizes[side]} pixels are no square image"
            )
        operator = "//" if place == "row" else "%"
        places[name] = f"({index} {operator} {width})"
    return word_substitute(text, places)
