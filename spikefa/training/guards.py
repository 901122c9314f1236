"""Watching a training for numbers that cannot be right."""

import numpy as np

from ..errors import SpikefaError
from .callbacks import Callback

__all__ = ["LARGEST", "NumericalError", "NumericalGuard", "diagnose"]

#: Largest size of each learned or integrated variable. One spike through a weight of
#: 100 saturates any neuron, and phi(h) is 0 or 1 in single precision far below 1000.
LARGEST = {"W": 100.0, "b": 100.0, "h": 1e5, "delta": 1e5}

#: Images with the same guess in a row that are no accident.
_SUSPICIOUS_IMAGES = 100


class NumericalError(SpikefaError):
    """A variable is not a number, infinite or running away."""

    exit_code = 1


class NumericalGuard(Callback):
    """Stops a training whose numbers run away; warns of a constant guess.

    Parameters
    ----------
    warn : callable
        Called with a line of text.
    """

    def __init__(self, warn):
        self.warn = warn
        self.warned = False
        self.last_guess, self.in_a_row = None, 0

    def on_chunk(self, trainer, point, guessed):
        check_state(trainer.session, point.images_seen)
        if guessed is None:
            return
        # Few images may well have one class.
        if np.all(guessed == guessed[0]) and guessed[0] == self.last_guess:
            self.in_a_row += len(guessed)
        elif np.all(guessed == guessed[0]):
            self.last_guess, self.in_a_row = guessed[0], len(guessed)
        else:
            self.last_guess, self.in_a_row = None, 0
        if self.in_a_row >= _SUSPICIOUS_IMAGES and not self.warned:
            self.warned = True
            self.warn(
                f"the last {self.in_a_row} images were all guessed to be class "
                f"{guessed[0]}; {diagnose(trainer.session)}"
            )


def check_state(session, images_seen):
    """Raise if a learned or integrated variable has run away.

    Raises
    ------
    NumericalError
        Naming layer and variable.
    """
    for name in session.variables:
        group, variable = name.split(".")
        if variable not in LARGEST:
            continue
        value = session.get_state([name])[name]
        # Without copies: NaN goes through min and max.
        low, high = float(value.min()), float(value.max())
        problem = None
        if np.isnan(low) or np.isnan(high):
            problem = "is not a number"
        elif np.isinf(low) or np.isinf(high):
            problem = "is infinite"
        elif max(-low, high) > LARGEST[variable]:
            problem = f"has run away to {max(-low, high):.3g}"
        if problem:
            layer = group.rsplit("_", 1)[1]
            raise NumericalError(
                f"layer {layer}: {variable} ({name}) {problem} after {images_seen} "
                "images; try a smaller eta"
            )


def diagnose(session):
    """Say what a constant guess is likely to come from.

    Parameters
    ----------
    session : Session

    Returns
    -------
    cause : str
    """
    for name in session.variables:
        if name.endswith(".h") and not session.network.rate:
            size = float(np.median(np.abs(session.get_state([name])[name])))
            layer = name.split(".")[0].rsplit("_", 1)[1]
            if size > 8:  # phi is within 0.0004 of 0 or 1
                return (
                    f"layer {layer} is saturated (median |h| = {size:.3g}): "
                    "the weight range or eta is too large"
                )
    model = session.network.model
    if float(model.parameters.get("tau_m", 0)) > 2 * float(model["dt"]):
        return (
            "tau_m is longer than two time steps, so that images run into each other: "
            "try a shorter tau_m"
        )
    return "eta may be too small, or the weight ranges do not suit the layer sizes"
