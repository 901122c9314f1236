"""The weights of a session, and how well its feedback is aligned with them."""

from functools import reduce

import numpy as np

from ..analysis import angle
from ..network.architecture import GRID_STEPS

__all__ = ["feedback_angles", "weights"]


def weights(session):
    """Read all weights.

    Returns
    -------
    W : list of numpy.ndarray
        Forward weights, from the input up, each of shape (n_lower, n_upper).
    B : list of numpy.ndarray or None
        Feedback weights into each hidden layer, shape (n_upper, n_lower); None for
        rules without any.
    """
    n_layers = session.network.n_layers
    names = [f"forward_{layer}.W" for layer in range(1, n_layers + 1)]
    fixed = [f"feedback_{layer}.B" for layer in range(1, n_layers)]
    there = [name for name in fixed if name in session.variables]
    state = session.get_state([*names, *there])
    B = [state[name] for name in fixed] if there else None
    return [state[name] for name in names], B


def feedback_angles(session):
    """Measure how far the feedback weights are from those of backpropagation.

    The feedback to a hidden layer is compared with the transposed forward weights on
    the same way, which for direct feedback is their product.

    Parameters
    ----------
    session : Session

    Returns
    -------
    angles : list of float or None
        In degrees, from the first hidden layer up; None where it is undefined, as all
        weights on the way are 0. Empty for rules without feedback weights of their
        own.
    """
    network = session.network
    W = {}
    angles = []
    for layer in range(network.n_layers - 1, 0, -1):
        names = [f"feedback_{layer}.{variable}" for variable in ("B", GRID_STEPS)]
        there = [name for name in names if name in session.variables]
        if not there:
            return []
        above = f"forward_{layer + 1}.W"
        state = session.get_state([above, there[0]])
        W[layer] = state[above]
        way = list(W.values()) if network.rule.route == "direct" else [W[layer]]
        backprop = reduce(np.matmul, (w.T for w in way))
        degrees = angle(state[there[0]], backprop)
        angles.insert(0, None if np.isnan(degrees) else degrees)
        if network.rule.route != "direct":
            W.clear()
    return angles
