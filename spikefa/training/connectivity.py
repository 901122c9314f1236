"""Sparse networks: synapses that are removed before the first image."""

import numpy as np

from ..errors import InputError
from ..seeds import generator

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
    state = session.get_state()
    for name, value in state.items():
        group, variable = name.split(".")
        if variable not in ("W", "B"):
            continue
        present = np.ones(value.size, dtype=bool)
        removed = round(fraction * value.size)
        order = generator(seed, f"removed {name}").permutation(value.size)
        present[order[:removed]] = False
        present = present.reshape(value.shape)
        changed = {name: np.where(present, value, 0)}
        if variable == "W" and f"{group}.present" in session.variables:
            changed[f"{group}.present"] = present
        session.set_state(changed)
