"""Sparse networks: synapses that are removed before the first image."""

import numpy as np

from ..errors import InputError
from ..network.removed import MASK
from ..seeds import generator
from .alignment import feedback_places

__all__ = ["remove_connections"]


def remove_connections(session, fraction, seed):
    """Remove a fraction of all forward and feedback synapses, drawn at random.

    Parameters
    ----------
    session : Session
        Of an architecture with ``sparse=True``, and already initialized.
    fraction : float
        0 to 1, of each projection; rounded to whole synapses.
    seed : int
        Forward and feedback synapses are removed independently of each other.

    Raises
    ------
    InputError
        If the network has no masks, or the fraction is not one.
    """
    if not 0 <= fraction <= 1:
        raise InputError(f"the removed fraction must be 0 to 1, got {fraction}")
    if not session.network.architecture.sparse:
        raise InputError("only a network built with sparse=True has masks")
    for layer in range(1, session.network.n_layers + 1):
        name = f"forward_{layer}.W"
        present = _kept(session.shapes[name], fraction, seed, name)
        _multiply(session, f"forward_{layer}", "W", present)
    for name, place in feedback_places(session).values():
        whole = f"{place.group}.{place.variable}"
        # What learns together stays together: a weight that is not there cannot learn.
        kept_as = f"{place.group}.W" if place.plastic else whole
        present = _kept(session.shapes[name], fraction, seed, kept_as)
        own = place.group in session.network.weights and not place.reverse
        _multiply(session, *name.split("."), present, mask=own or place.plastic)


def _kept(shape, fraction, seed, name):
    """Draw which synapses of a projection stay: 1 or 0 for each."""
    size = int(np.prod(shape))
    order = generator(seed, f"removed {name}").permutation(size)
    present = np.ones(size, dtype=bool)
    present[order[: round(fraction * size)]] = False
    return present.reshape(shape)


def _multiply(session, group, variable, present, mask=True):
    """Remove synapses; those that were not there stay removed."""
    for name in (f"{group}.{variable}", *([f"{group}.{MASK}"] if mask else [])):
        if name in session.variables:
            value = session.get_state([name])[name]
            session.set_state({name: np.where(present, value, 0)})
