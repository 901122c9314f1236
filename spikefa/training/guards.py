"""Watching a training for numbers that cannot be right."""

from collections.abc import Callable

import numpy as np

from ..errors import SpikefaError
from .callbacks import Callback

__all__ = ["LARGEST", "NumericalError", "NumericalGuard", "diagnose", "find_cause"]

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

    def __init__(self, warn: Callable[[str], object]) -> None:
        self.warn = warn
        self.warned = False
        self.last_guess, self.in_a_row = None, 0

    def on_chunk(self, trainer, point, guessed):
        try:
            check_state(trainer.session, point.images_seen)
        except NumericalError as exc:
            raise NumericalError(f"{exc}; {find_cause(trainer)}") from None
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

    Parameters
    ----------
    session : Session
    images_seen : int
        For the message.

    Raises
    ------
    NumericalError
        Naming layer and variable.
    """
    if found := _running_away(session):
        name, problem = found
        group, variable = name.split(".")
        layer = group.rsplit("_", 1)[1]
        raise NumericalError(
            f"layer {layer}: {variable} ({name}) {problem} after {images_seen} images"
        )


def _running_away(session, variables=LARGEST):
    """Find a variable that cannot be right, and what is wrong with it."""
    for name in session.variables:
        variable = name.split(".")[1]
        if variable not in variables:
            continue
        value = session.get_state([name])[name]
        # Without copies: NaN goes through min and max.
        low, high = float(value.min()), float(value.max())
        if np.isnan(low) or np.isnan(high):
            return name, "is not a number"
        if np.isinf(low) or np.isinf(high):
            return name, "is infinite"
        if max(-low, high) > LARGEST[variable]:
            return name, f"has run away to {max(-low, high):.3g}"
    return None


def find_cause(trainer):
    """Find out why a variable has run away: show the first images again, unlearned.

    Neurons that run away without any learning do so by their own equations; if they do
    not, learning is the cause.

    Parameters
    ----------
    trainer : Trainer
        State and time of its session are put back at the end.

    Returns
    -------
    cause : str
    """
    session, network = trainer.session, trainer.session.network
    eta = network.model["eta"]
    before, step = session.get_state(), session.step
    try:
        trainer.initialize()
        shown, targets = trainer.data.examples(trainer.schedule.indices(0), 0)
        session.run(
            shown.repeat(trainer.repeats, axis=0),
            targets.repeat(trainer.repeats, axis=0),
            seed=trainer.data.seed(trainer.seed, 0, 0),
            gates=session.learn_nothing,
            record=False,
        )
        found = _running_away(session, {"h"})
    finally:
        session.set_state(before)
        session.step = step
    if found is None:
        return f"without learning it does not: eta = {eta} is too large"
    name = found[0]
    layer = int(name.split(".")[0].rsplit("_", 1)[1])
    return f"{name} {found[1]} without learning too: {_by_itself(network, layer)}"


def _by_itself(network, layer):
    """Say what makes neurons run away that learn nothing."""
    model, last = network.model, network.n_layers
    string = model.of_layer("psp_neuron", layer, last)
    resets = "spike" in network.layers[layer].resetter
    if layer == last and not resets and last > 1 and network.layers[1].resetter:
        return (
            f"the output neurons of layer {last} have no reset; give them one with "
            "output_spike and output_reset, or other equations with output_neuron"
        )
    return (
        f"the equations in {string} run away {'between' if resets else 'without'} "
        f"resets, with method "
        f"{model.get(model.of_layer('method', layer, last)) or 'of Brian2'} and "
        f"dt = {model['dt']}"
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
    if not session.network.model["eta"]:
        return "nothing is learned, as eta is 0"
    model = session.network.model
    for layer in range(1, session.network.n_layers + 1):
        if session.network.rate or not _saturated(session, f"layer_{layer}.phi"):
            continue
        name = f"forward_{layer}.W"
        largest = float(np.abs(session.get_state([name])[name]).max())
        if largest > 2 * model["weight_range"]:
            cause = f"and its weights have grown to {largest:.3g}: eta is too large"
        else:
            cause = "and its weights have hardly grown: weight_range is too large"
        return f"layer {layer} is saturated (phi is 0 or 1) {cause}"
    if float(model.parameters.get("tau_m", 0)) > 2 * float(model["dt"]):
        return (
            "tau_m is longer than two time steps, so that images run into each other: "
            "try a shorter tau_m"
        )
    return "eta may be too small, or the weight ranges do not suit the layer sizes"


def _saturated(session, name):
    """Whether most neurons have a phi within 0.0004 of 0 or 1."""
    if name not in session.variables:
        return False
    phi = session.get_state([name])[name]
    return float(np.median(np.minimum(phi, 1 - phi))) < 4e-4
