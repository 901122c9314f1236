"""What a session is given: images, targets and state, each refused if it cannot fit."""

from difflib import get_close_matches

import numpy as np
from brian2 import Quantity, have_same_dimensions
from brian2.units.fundamentalunits import get_dimensions, get_unit_for_display

from ..datasets.dataset import Inputs
from ..errors import InputError

__all__ = ["checked_images", "checked_state", "checked_targets"]


def checked_images(architecture, images):
    """Check what a run is to show.

    Parameters
    ----------
    architecture : Architecture
    images : array_like or Inputs, shape (n, n_inputs)

    Returns
    -------
    images : numpy.ndarray of float, or Inputs

    Raises
    ------
    InputError
        If they do not fit the network, or are no finite numbers.
    """
    if not isinstance(images, Inputs):
        images = _numbers("images", images)
    size, most = architecture.layer_sizes[0], architecture.chunk_images
    if len(images.shape) != 2 or images.shape[1] != size:
        raise InputError(
            f"images of shape {images.shape} do not fit {size} input neurons"
        )
    if not 1 <= len(images) <= most:
        raise InputError(f"a run takes 1 to {most} images, got {len(images)}")
    values = images.levels if isinstance(images, Inputs) else images
    if not np.isfinite(values).all():
        raise InputError("images must be finite numbers, got NaN or infinity")
    if isinstance(images, Inputs):
        return images
    whole = images.dtype.kind in "ui" and not architecture.vector_target
    if whole or images.dtype == np.uint8:
        raise InputError(
            f"images are whole numbers ({images.dtype}), and which of them stands "
            "for 1 is not known: give Dataset.train_inputs[...], or floats"
        )
    return images if images.dtype.kind == "f" else images.astype(float)


def checked_targets(architecture, targets, n_images):
    """Check the class labels or the target vectors of a run.

    Parameters
    ----------
    architecture : Architecture
    targets : array_like, shape (n,) or (n, n_outputs)
    n_images : int
        How many there have to be.

    Returns
    -------
    targets : numpy.ndarray of float64

    Raises
    ------
    InputError
        If there are not as many, if labels are no numbers of classes, or if vectors
        have another length than the output or are not finite.
    """
    vectors = architecture.vector_target
    what = "target vectors" if vectors else "labels"
    targets = _numbers(what, targets).astype(np.float64)
    shape = (n_images, architecture.layer_sizes[-1]) if vectors else (n_images,)
    if targets.ndim and len(targets) != n_images:
        raise InputError(f"{n_images} images but {len(targets)} targets")
    if targets.shape != shape:
        hint = ""
        if not vectors and targets.ndim == 2:
            hint = "; of one-hot labels, argmax(axis=1) is the class"
        raise InputError(
            f"{what} must be of shape {shape}, got an array of shape "
            f"{targets.shape}{hint}"
        )
    if vectors:
        if not np.isfinite(targets).all():
            raise InputError("target vectors must be finite numbers")
        return targets
    last = architecture.n_classes - 1
    wrong = targets[~np.isin(targets, np.arange(last + 1))]
    if wrong.size:
        raise InputError(
            f"labels must be whole numbers from 0 to {last}, the classes of the "
            f"network, got {wrong[0]:g}"
        )
    return targets


def checked_state(variables, shapes, name, value):
    """Check a value that is to be written to a state variable.

    Parameters
    ----------
    variables : dict of ArrayVariable
    shapes : dict of tuple
        By the name of the variable.
    name : str
        ``"group.variable"``.
    value : array_like or Quantity
        Numbers of the shape of the variable, in base units, or one for all.

    Returns
    -------
    value : numpy.ndarray
        Of this shape.

    Raises
    ------
    InputError
        If there is no such variable, or the value has another shape or unit, or is of
        another kind.
    """
    if name not in variables:
        close = get_close_matches(name, variables, 1, 0.7)
        hint = f", did you mean '{close[0]}'?" if close else ""
        raise InputError(f"the network has no state variable '{name}'{hint}")
    variable, shape = variables[name], shapes[name]
    if isinstance(value, Quantity) and not have_same_dimensions(value, variable.dim):
        raise InputError(
            f"{name}: has the unit {get_unit_for_display(get_dimensions(value))}, the "
            f"variable has {get_unit_for_display(variable.dim)}"
        )
    value = _numbers(name, value)
    if value.ndim and value.shape != shape:
        given, needed = (" x ".join(map(str, s)) for s in (value.shape, shape))
        raise InputError(f"{name}: {given} values given, {needed} needed")
    if np.dtype(variable.dtype).kind in "iu" and value.dtype.kind == "f":
        if not np.array_equal(value, np.rint(value)):
            raise InputError(f"{name}: must be whole numbers")
    return np.broadcast_to(value, shape)


def _numbers(what, value):
    """Turn something into an array, if it is one of numbers."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # rows of different lengths
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        raise InputError(f"{what} must be numbers")
    return array
