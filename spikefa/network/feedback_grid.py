"""Feedback weights of 8 or 16 bits: whole numbers of steps of a grid.

A program stores ``B_steps``, and the model's ``feedback_grid`` makes ``B`` of
them. Nothing else knows the scale: who reads or draws weights asks here.
"""

from collections.abc import Container
from typing import TYPE_CHECKING

import numpy as np
from brian2 import Equations, prefs
from brian2.devices.device import RuntimeDevice, get_device
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = [
    "GRID_STEPS",
    "draw_steps",
    "grid_type",
    "grid_equations",
    "state_variable",
    "stored_weights",
]

#: Name of the integers that stand for the weights.
GRID_STEPS = "B_steps"

#: Name of the number that the model multiplies them with.
_STEP = "feedback_step"


def _most_steps(bits: int) -> int:
    return 2 ** (bits - 1) - 1


def grid_equations(net: "FeedbackNetwork", equations: Equations) -> Equations:
    """Let B be a number of steps; the rest of the user's equations stays as it is.

    Parameters
    ----------
    net : FeedbackNetwork
        Its namespace gets the length of a step.
    equations : Equations

    Returns
    -------
    equations : Equations
    """
    step = net.namespace["feedback_range"] / _most_steps(net.architecture.feedback_bits)
    net.namespace[_STEP] = prefs.core.default_float_dtype(step)
    others = [eq for eq in equations.values() if eq.varname != "B"]
    return net.model.equations("feedback_grid") + Equations(others)


def grid_type(bits: int) -> type[np.integer]:
    """Type in which the active device stores steps of that many bits."""
    # Brian2's Cython target knows no integers smaller than 32 bits.
    at_runtime = isinstance(get_device(), RuntimeDevice)
    return np.int32 if at_runtime else np.dtype(f"int{bits}").type


def draw_steps(
    random: np.random.Generator, bits: int, shape: tuple[int, ...]
) -> NDArray:
    """Draw steps so that the weights are uniform on the grid.

    Parameters
    ----------
    random : numpy.random.Generator
    bits : {8, 16}
    shape : tuple of int

    Returns
    -------
    steps : numpy.ndarray of int
    """
    limit = _most_steps(bits)
    return random.integers(-limit, limit, shape, endpoint=True)


def state_variable(name: str, variables: Container[str]) -> str:
    """Name the state variable that holds feedback weights.

    Parameters
    ----------
    name : str
        Of the weights, such as ``"feedback_1.B"``.
    variables : container of str
        Names of the state variables.

    Returns
    -------
    name : str
        The same, or that of the steps.
    """
    return name if name in variables else f"{name.split('.')[0]}.{GRID_STEPS}"


def stored_weights(net: "FeedbackNetwork", name: str, values: NDArray) -> NDArray:
    """Make feedback weights of what a state variable holds.

    Parameters
    ----------
    net : FeedbackNetwork
    name : str
        See `state_variable`.
    values : numpy.ndarray

    Returns
    -------
    weights : numpy.ndarray
    """
    return values * net.namespace[_STEP] if name.endswith(f".{GRID_STEPS}") else values
