"""What weights look like after learning."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

__all__ = ["receptive_fields", "weight_statistics"]


def receptive_fields(W: ArrayLike, image_shape: tuple[int, int]) -> NDArray:
    """Return the input weights of each hidden neuron as an image.

    Parameters
    ----------
    W : array_like
        Weights from the pixels, shape (n_pixels, n_hidden).
    image_shape : tuple of int
        ``(rows, cols)`` of the images, with ``rows * cols = n_pixels``.

    Returns
    -------
    numpy.ndarray
        Shape (n_hidden, rows, cols), type and unit of `W`; a copy. Element
        ``[j, r, c]`` is the weight from pixel (r, c) to neuron j.

    Raises
    ------
    InputError
        If `W` is not a matrix with one row per pixel.

    Notes
    -----
    Pixels are numbered row by row, as in `spikefa.datasets.Dataset`. Plain weights,
    as shown for the networks trained on MNIST [reconstructed].
    """
    W = np.asarray(W)
    rows, cols = image_shape
    if W.ndim != 2 or W.shape[0] != rows * cols:
        raise InputError(
            f"weights of shape {W.shape} do not start from {rows} x {cols} pixels"
        )
    return W.T.reshape(W.shape[1], rows, cols).copy()


def weight_statistics(W: ArrayLike) -> dict[str, float]:
    """Summarize weights in a few numbers.

    Parameters
    ----------
    W : array_like
        Weights of any shape.

    Returns
    -------
    dict of str to float
        ``mean``, ``sd`` (population, n degrees of freedom), ``min``, ``max`` and
        ``norm`` (Euclidean, or Frobenius), in the unit of `W`, and
        ``zero_fraction``, the part of the weights that is exactly 0 (0 to 1), as
        removed connections are.

    Raises
    ------
    InputError
        If there are no weights.
    """
    W = np.asarray(W)
    if W.size == 0:
        raise InputError(f"weights of shape {W.shape} have no statistics")
    # In float64: sums over millions of float32 weights lose digits.
    mean = float(W.mean(dtype=np.float64))
    sd = float(W.std(dtype=np.float64))
    return {
        "mean": mean,
        "sd": sd,
        "min": float(W.min()),
        "max": float(W.max()),
        "zero_fraction": (W.size - np.count_nonzero(W)) / W.size,
        "norm": math.sqrt(W.size) * math.hypot(mean, sd),
    }
