"""What ``check_gpu.py`` compares with: the network's step and the spikes, in NumPy.

Not part of the simulator. The step is written from the paper; the spikes are those that
were recorded, so that no random numbers have to agree.
"""

import numpy as np

__all__ = ["deviation", "replay", "spike_deviations", "spikes_as_matrix"]

TAU = 0.9


def spikes_as_matrix(recording, dt, steps, n):
    """Turn recorded spikes into an array.

    Parameters
    ----------
    recording : Recording
    dt : float
        Seconds of a time step.
    steps, n : int

    Returns
    -------
    spikes : numpy.ndarray of float, shape (steps, n)
        0 or 1.
    """
    spikes = np.zeros((steps, n))
    spikes[np.rint(recording.t / dt).astype(int), recording.i] = 1
    return spikes


def replay(state, spikes, labels, eta, n_classes):
    """Compute what a network that learns by feedback alignment has become.

    Parameters
    ----------
    state : dict of numpy.ndarray
        Before, by ``"group.variable"``.
    spikes : list of numpy.ndarray, shape (steps, n)
        Of layer 0 to the last hidden one.
    labels : numpy.ndarray of int, shape (steps,)
    eta : float
    n_classes : int

    Returns
    -------
    state : dict of numpy.ndarray
        After; weight decay, which is smaller than rounding, is left out.
    """
    after = {name: np.array(value, float) for name, value in state.items()}
    m = len(spikes)
    outputs = after[f"layer_{m}.h"].size
    classes = np.arange(outputs) // (outputs // n_classes)
    for step, label in enumerate(labels):
        phi = {}
        for layer in range(1, m + 1):
            below = spikes[layer - 1][step]
            drive = after[f"layer_{layer}.b"] + below @ after[f"forward_{layer}.W"]
            h = (1 - TAU) * after[f"layer_{layer}.h"] + TAU * drive
            after[f"layer_{layer}.h"], phi[layer] = h, 1 / (1 + np.exp(-h))
        delta = {m: (classes == label) - phi[m]}
        for layer in range(m - 1, 0, -1):
            arriving = np.tanh(delta[layer + 1]) @ after[f"feedback_{layer}.B"]
            before = after[f"delta_{layer}.delta"]
            delta[layer] = (1 - TAU) * before + TAU * arriving
        for layer in range(1, m + 1):
            if f"delta_{layer}.delta" in after:
                after[f"delta_{layer}.delta"] = delta[layer]
            change = eta * phi[layer] * (1 - phi[layer]) * np.tanh(delta[layer])
            rows = np.flatnonzero(spikes[layer - 1][step])
            after[f"forward_{layer}.W"][rows] += change
            after[f"layer_{layer}.b"] += change
    return after


def deviation(found, expected):
    """Return the largest difference, as a part of the largest number expected."""
    scale = np.abs(expected).max()
    return float(np.abs(found - expected).max() / scale) if scale else 0.0


def spike_deviations(spikes, probability):
    """Hold spikes against the probabilities that they were drawn with.

    Parameters
    ----------
    spikes, probability : numpy.ndarray, shape (steps, n)

    Returns
    -------
    deviations : dict of float
        In standard deviations of what independent draws would show: of the number of
        spikes, of the size of their distances from the probability, of the spread of
        the neurons' numbers, of the products of neighbours in time and in space.
    """
    variance = probability * (1 - probability)
    drawn = variance.sum(axis=0) > 0
    excess, variance = (spikes - probability)[:, drawn], variance[:, drawn]
    squares = excess.sum(axis=0) ** 2 / variance.sum(axis=0)
    # A sum of few draws is not quite normal: the variance of its square is known.
    kurtosis = (variance * (1 - 6 * variance)).sum(axis=0) / variance.sum(axis=0) ** 2
    return {
        "number": excess.sum() / np.sqrt(variance.sum()),
        "size": (excess**2 - variance).sum()
        / np.sqrt((variance * (1 - 4 * variance)).sum()),
        "spread": (squares - 1).sum() / np.sqrt((2 + kurtosis).sum()),
        "in time": _products(excess[1:], excess[:-1], variance[1:], variance[:-1]),
        "in space": _products(
            excess[:, 1:], excess[:, :-1], variance[:, 1:], variance[:, :-1]
        ),
    }


def _products(one, other, variance_one, variance_other):
    return (one * other).sum() / np.sqrt((variance_one * variance_other).sum())
