"""How good a network is, and how sure that is over repeated runs."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import InputError

__all__ = ["classification_error", "mean_and_sem", "nse", "sem"]


def nse(targets: ArrayLike, outputs: ArrayLike) -> float:
    """Return the normalized squared error of a batch.

    Parameters
    ----------
    targets, outputs : array_like
        What the outputs should be and are, both of shape (n,) or (n, n_output),
        one example per row.

    Returns
    -------
    float
        Sum of squared errors over that of a predictor which always says the mean
        target of the same batch: 0 is perfect, 1 no better than that predictor.

    Raises
    ------
    InputError
        If the shapes differ, the batch is empty, or the targets are the same for
        all examples (the error cannot be normalized then).

    Notes
    -----
    The measure of the regression tasks [paper]; that the mean is taken for each
    output apart is [reconstructed].
    """
    targets, outputs = _same_shape("targets", targets, "outputs", outputs, float)
    # Compared rather than summed: the mean of equal numbers can be off by rounding.
    if np.all(targets == targets[0]):
        raise InputError("the targets are constant, which leaves nothing to explain")
    residual = np.sum((targets - outputs) ** 2)
    return float(residual / np.sum((targets - targets.mean(axis=0)) ** 2))


def classification_error(guesses: ArrayLike, labels: ArrayLike) -> float:
    """Return how many guesses are wrong, in percent.

    Parameters
    ----------
    guesses, labels : array_like
        Classes guessed and shown, both of shape (n,).

    Returns
    -------
    float
        Percentage of the guesses that differ from the labels, 0 to 100.

    Raises
    ------
    InputError
        If the shapes differ or there are no guesses.

    Notes
    -----
    The test error of Figs 3a and 4 [paper].
    """
    guesses, labels = _same_shape("guesses", guesses, "labels", labels)
    return 100 * float(np.mean(guesses != labels))


def sem(x: ArrayLike, axis: int = 0) -> float | NDArray[np.float64]:
    """Return the standard error of the mean.

    Parameters
    ----------
    x : array_like
        Values, for example test errors of shape (n_runs,) or learning curves of
        shape (n_runs, n_points).
    axis : int, optional
        The axis of the repetitions.

    Returns
    -------
    float or numpy.ndarray
        Standard deviation (with n - 1 degrees of freedom) over the square root of
        n, in the unit of `x`; NaN for a single run, whose spread is unknown.

    Raises
    ------
    InputError
        If there are no values, or no such axis.

    Notes
    -----
    The paper repeats the runs of Fig. 3 n = 20 times [paper]; that the spread is
    shown as this error is [reconstructed].
    """
    x = _repetitions(x, axis)
    if x.shape[axis] == 1:
        # scipy gives NaN too, but with a warning for every curve of a quick run.
        return _plain(np.full(x.mean(axis=axis).shape, np.nan))
    from scipy import stats  # a second, which runs without repetitions can do without

    return _plain(stats.sem(x, axis=axis, ddof=1))


def mean_and_sem(
    x: ArrayLike, axis: int = 0
) -> tuple[float | NDArray[np.float64], float | NDArray[np.float64]]:
    """Return the mean and its standard error.

    Parameters
    ----------
    x : array_like
        Values, see `sem`.
    axis : int, optional
        The axis of the repetitions.

    Returns
    -------
    mean, sem : float or numpy.ndarray
        Both in the unit of `x`, of its shape without `axis`.

    Raises
    ------
    InputError
        If there are no values, or no such axis.
    """
    x = _repetitions(x, axis)
    return _plain(x.mean(axis=axis)), sem(x, axis)


def _same_shape(
    name_a: str, a: ArrayLike, name_b: str, b: ArrayLike, dtype: DTypeLike | None = None
) -> tuple[NDArray, NDArray]:
    a, b = np.asarray(a, dtype=dtype), np.asarray(b, dtype=dtype)
    # Not left to broadcasting, which would compare each with each without a word.
    if a.shape != b.shape:
        raise InputError(
            f"{name_a} of shape {a.shape} do not fit {name_b} of shape {b.shape}"
        )
    if a.ndim == 0 or a.size == 0:
        raise InputError(f"no {name_a} to compare with {name_b}")
    return a, b


def _repetitions(x: ArrayLike, axis: int) -> NDArray[np.float64]:
    x = np.asarray(x, dtype=float)
    if not -x.ndim <= axis < x.ndim:
        raise InputError(f"values of shape {x.shape} have no axis {axis}")
    if x.size == 0:
        raise InputError("no values to average")
    return x


def _plain(value):
    """Return a float (which json can write) for a single number."""
    return value if np.ndim(value) else float(value)
