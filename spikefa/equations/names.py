"""What kind of value each name of a model must have, and names that clash."""

from difflib import get_close_matches
from math import isfinite

from brian2 import DEFAULT_FUNCTIONS, Quantity, have_same_dimensions, second
from brian2.core.functions import DEFAULT_CONSTANTS, Function
from brian2.core.namespace import DEFAULT_UNITS

from ..errors import ModelError
from .blame import words
from .model import EQUATION_STRINGS, builtin_values

__all__ = ["check_kinds", "check_names"]

#: Strings that may be missing: None for rate neurons, nothing to do.
_OPTIONAL = ("spike", "input_spike", "reset", "decay", "decay_bias")

#: Parameters that are used outside of equations: pure numbers, 0 or more.
_PLAIN_NUMBERS = ("gamma", "weight_range", "feedback_range")

#: Names that mean something in every equation.
_RESERVED = {
    "t": "the time",
    "i": "the index of a neuron",
    "j": "the index of a neuron",
    "N": "the size of a group",
    "xi": "noise",
    "lastspike": "the time of the last spike",
    "not_refractory": "whether a neuron is refractory",
    "t_in_timesteps": "the number of time steps",
    "images": "what is shown",
    "labels": "what is shown",
    "targets": "what is shown",
    "elapsed_steps": "the steps of a decay",
}


def check_kinds(model):
    """Check that strings are strings and numbers are numbers.

    Raises
    ------
    ModelError
        If one is not.
    """
    for name, builtin in builtin_values().items():
        if name not in model:  # a string of the rate model only
            continue
        value = model[name]
        if name == "refractory":
            problem = _wrong_refractory(value)
        elif builtin is None or isinstance(builtin, str):
            optional = name in _OPTIONAL and value is None
            problem = not (optional or isinstance(value, str)) and "a string"
        else:
            problem = _wrong_number(name, value)
        if problem:
            raise ModelError(
                f"{model.where(name)}: must be {problem}, got {_shown(value)}"
            )


def _shown(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _wrong_refractory(value):
    is_time = isinstance(value, Quantity) and have_same_dimensions(value, second)
    if value is False or isinstance(value, str) or is_time:
        return None
    return "False, a time such as 2*ms, or a string"


def _wrong_number(name, value):
    if isinstance(value, Function) and name not in ("dt", *_PLAIN_NUMBERS):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Quantity):
        return "a number"
    if getattr(value, "size", 1) != 1:
        return "a single number"
    if not isfinite(float(value.item() if isinstance(value, Quantity) else value)):
        return "a finite number"
    if name == "dt":
        time = isinstance(value, Quantity) and have_same_dimensions(value, second)
        return None if time and value > 0 * second else "a time above 0, such as 1*ms"
    if name in _PLAIN_NUMBERS:
        plain = have_same_dimensions(value, 1)
        return None if plain and value >= 0 else "a number without units, 0 or more"
    return None


def check_names(model, architecture):
    """Check that no name of a user's file is hidden or has no effect.

    Raises
    ------
    ModelError
        If a parameter has the name of a variable or of something of Brian2, or if a
        name looks like a misspelt one of the built-in model.
    """
    strings = {*EQUATION_STRINGS, *architecture.transfers}
    if architecture.vector_target:
        strings = strings - {"target"} | {"vector_target"}
    variables = {}
    for string in sorted(strings):
        variables |= dict.fromkeys(model.equations(string).names, string)
    parameters = model.parameters
    for name in model.changed():
        if name in parameters and name != "dt":
            hidden = _hidden_by(name, parameters[name], variables)
            if hidden:
                raise ModelError(
                    f"{model.where(name)}: equations cannot use this name, {hidden}"
                )
        _check_spelling(model, name)


def _hidden_by(name, value, variables):
    """Say what hides a parameter from the equations, if anything does."""
    if name in _RESERVED:
        return f"it is {_RESERVED[name]}"
    for ending in ("", "_pre", "_post"):
        variable = name.removesuffix(ending)
        if name.endswith(ending) and variable in variables:
            return f"it is a variable of {variables[variable]}"
    if name in DEFAULT_FUNCTIONS:
        return "it is a function of Brian2"
    if name in DEFAULT_UNITS:
        return "it is a unit"
    if name in DEFAULT_CONSTANTS and DEFAULT_CONSTANTS[name].value != value:
        return "it is a constant of Brian2"
    return None


def _check_spelling(model, name):
    known = builtin_values()
    if name in known or any(name in words(text) for text in model.values()):
        return
    of_its_kind = [
        other
        for other, value in known.items()
        if isinstance(value, str) == isinstance(model[name], str)
        and other not in model.changed(*known)
    ]
    close = get_close_matches(name, of_its_kind, 1, 0.85)
    if close:
        raise ModelError(
            f"{model.where(name)}: the model has no such name, "
            f"did you mean '{close[0]}'?"
        )
