"""How well the feedback weights fit the forward weights.

The project keeps forward weights W as arrays of shape (n_lower, n_upper) and feedback
weights B as arrays of shape (n_upper, n_lower): a row belongs to a presynaptic neuron.
Both are the transpose of the paper's matrices, so that the paper's condition reads the
same here: the feedback is backpropagation if B equals W.T, and ``angle(B, W.T)`` says
how far it is from that.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

__all__ = ["alignment", "alignment_cosines", "angle", "pinv_angle", "row_angles"]


def angle(a: ArrayLike, b: ArrayLike) -> float:
    """Return the angle between two arrays, taken as vectors.

    Parameters
    ----------
    a, b : array_like
        Two vectors or matrices of the same shape; matrices are flattened.

    Returns
    -------
    float
        acos(a.b / (abs(a) abs(b))) in degrees, 0 to 180. NaN if either has zero
        length or values that are not finite.

    Raises
    ------
    InputError
        If the shapes differ (a forgotten ``.T``) or there are no values.

    Notes
    -----
    The measure of Fig. 2 [paper], there between B e and W^T e.

    Examples
    --------
    >>> angle([1, 0], [0, 2])
    90.0
    """
    a, b = _same_shape(a, b)
    return float(row_angles(a.reshape(1, -1), b.reshape(1, -1))[0])


def row_angles(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the angle between row i of `a` and row i of `b`, for each i.

    Parameters
    ----------
    a, b : array_like
        Two matrices of the same shape (n, d).

    Returns
    -------
    numpy.ndarray
        Angles in degrees, shape (n,); NaN for a row of zero length in either.

    Raises
    ------
    InputError
        If the shapes differ, are not two-dimensional or there are no values.

    Notes
    -----
    For Fig. 5a, "the angle between column j of W and row j of B" of hidden unit j
    [paper], call ``row_angles(W, B.T)`` with the project's arrays, W of shape
    (n_hidden, n_output) and B of shape (n_output, n_hidden). Row j of W then holds
    the weights from unit j to every output, row j of B.T those back from them.

    For a batch of errors e, shape (n, n_output), the angles of Fig. 2 between what
    feedback alignment and backpropagation send down are
    ``row_angles(e @ B, e @ W.T)``.
    """
    a, b = _same_shape(a, b)
    if a.ndim != 2:
        raise InputError(f"row_angles needs matrices, not arrays of shape {a.shape}")
    return np.degrees(np.arccos(_cosines(a, b)))


def alignment(e: ArrayLike, W: ArrayLike, B: ArrayLike) -> float:
    """Return the mean of e^T W B e, positive where feedback teaches.

    Parameters
    ----------
    e : array_like
        Output errors, shape (n, n_output), or (n_output,) for a single one.
    W : array_like
        Forward weights to the output, shape (n_hidden, n_output).
    B : array_like
        Feedback weights from the output, shape (n_output, n_hidden).

    Returns
    -------
    float
        The mean over the batch, in units of e^2 W B. Positive if the feedback
        signals are on average within 90 degrees of those of backpropagation.

    Raises
    ------
    InputError
        If the shapes do not fit together or there are no errors.

    Notes
    -----
    The paper's condition for a teaching signal that is useful at all [paper]. Its
    matrices are the transposes of these arrays, so that W B there is W.T @ B.T
    here, and e^T W B e is the inner product of what backpropagation (``e @ W.T``)
    and feedback alignment (``e @ B``) send to the hidden layer.
    """
    by_backprop, by_feedback = _sent_down(e, W, B)
    return float(np.mean(np.sum(by_backprop * by_feedback, axis=1)))


def alignment_cosines(e: ArrayLike, W: ArrayLike, B: ArrayLike) -> NDArray[np.float64]:
    """Return e^T W B e of each error, divided by the lengths of W^T e and B e.

    Parameters
    ----------
    e, W, B : array_like
        See `alignment`.

    Returns
    -------
    numpy.ndarray, shape (n,)
        From -1 to 1: the cosine of the angle between what backpropagation and
        feedback alignment send to the hidden layer. NaN where nothing is sent.

    Raises
    ------
    InputError
        See `alignment`.

    Notes
    -----
    The paper's condition for a teaching signal, e^T W B e > 0 [paper], error by error;
    that of `alignment` is ruled by the largest errors.
    """
    return _cosines(*_sent_down(e, W, B))


def pinv_angle(W: ArrayLike, B: ArrayLike) -> float:
    """Return the angle between W and the pseudoinverse of B.

    Parameters
    ----------
    W : array_like
        Forward weights, shape (n_lower, n_upper).
    B : array_like
        Feedback weights, shape (n_upper, n_lower).

    Returns
    -------
    float
        ``angle(W, pinv(B))`` in degrees; the (Moore-Penrose) pseudoinverse has the
        shape of W. NaN if B or W is zero or not finite.

    Raises
    ------
    InputError
        If the shapes do not fit together or there are no values.

    Notes
    -----
    Asked of the linear network of Fig. 2 [paper, supplement]: if W reaches pinv(B)
    and B has full rank, then B is pinv(W), and B e the hidden change that would
    cancel the error e at once. Since pinv(B.T) = pinv(B).T, the angle is that of
    the paper's matrices, which are the transposes of these arrays.
    """
    W, B = np.asarray(W, dtype=float), np.asarray(B, dtype=float)
    _check_pair(W, B)
    if B.size == 0 or not np.isfinite(B).all():
        # The singular value decomposition fails on these with errors of its own.
        return angle(W, B.T)
    return angle(W, np.linalg.pinv(B))


def _same_shape(a: ArrayLike, b: ArrayLike) -> tuple[NDArray, NDArray]:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        raise InputError(f"no angle between arrays of shapes {a.shape} and {b.shape}")
    if a.size == 0:
        raise InputError("no angle between empty arrays")
    return a, b


def _sent_down(e, W, B):
    """Return what backpropagation and feedback alignment make of errors."""
    e = np.atleast_2d(np.asarray(e, dtype=float))
    W, B = np.asarray(W, dtype=float), np.asarray(B, dtype=float)
    _check_pair(W, B)
    if e.ndim != 2 or e.shape[1] != W.shape[1] or e.shape[0] == 0:
        raise InputError(
            f"errors of shape {e.shape} do not fit weights of shape {W.shape}"
        )
    return e @ W.T, e @ B


def _check_pair(W, B):
    if W.ndim != 2 or W.shape != B.T.shape:
        raise InputError(
            f"forward weights of shape {W.shape} need feedback weights of the "
            f"transposed shape, not {B.shape}"
        )


def _cosines(a, b):
    """Return the cosine of the angle between row i of `a` and of `b`, for each i."""
    # Rounding can take that of parallel vectors past 1, where acos is NaN.
    return np.clip(np.einsum("ij,ij->i", _unit(a), _unit(b)), -1, 1)


def _unit(rows):
    """Return `rows` scaled to length 1, or NaN where that cannot be done."""
    # First by the largest value: squares of tiny or huge weights leave the range
    # of floating point.
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = rows / np.abs(rows).max(axis=1, keepdims=True)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
