"""Checking that every name of a model file has an effect, and means what it says."""

import re
from difflib import get_close_matches
from inspect import isroutine

import numpy as np
from brian2 import DEFAULT_FUNCTIONS, TimedArray
from brian2.core.functions import DEFAULT_CONSTANTS, Function
from brian2.core.namespace import DEFAULT_UNITS

from ..errors import ModelError
from .model import builtin_values
from .names import EQUATION_STRINGS, NAMES, PER_LAYER, kind_of, layer_of, row_of
from .signals import CLOCK_FUNCTIONS

__all__ = ["check_functions", "check_names", "check_on_cuda"]

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
    "passes": "the passes over the training set",
    **dict.fromkeys(CLOCK_FUNCTIONS, "what is shown"),
}


#: What belongs to spikes, and only there.
_OF_SPIKES = ("reset", "refractory", "learn_post")


def check_names(model, architecture, used=()):
    """Check that no name of a user's file is hidden or has no effect.

    Parameters
    ----------
    model : Model
    architecture : Architecture
    used : iterable of str, optional
        Names of strings that a learning rule uses.

    Raises
    ------
    ModelError
        If a parameter has the name of a variable or of something of Brian2, if
        nothing uses a name, or if an equation uses an object that none can use.
    """
    variables = _variables(model, architecture)
    parameters = model.parameters | model.schedules
    for name in model.changed():
        if name in parameters and name != "dt":
            hidden = _hidden_by(name, parameters[name], variables)
            if hidden:
                raise ModelError(
                    f"{model.where(name)}: equations cannot use this name, {hidden}"
                )
        if kind_of(name):
            problem = _without_effect(model, name, architecture)
        elif name in used:
            problem = None
        else:
            problem = _unknown(model, name, architecture)
        if problem:
            raise ModelError(f"{model.where(name)}: {problem}")
    for name, value in model.others.items():
        if problem := _unusable(model, name, value):
            raise ModelError(f"{model.where(name)}: {problem}")


def check_functions(model, target, device):
    """Check that functions of a model file can be called where the network runs.

    Parameters
    ----------
    model : Model
    target : class
        Code object class of the device.
    device : str
        Its name, for the message.

    Raises
    ------
    ModelError
        If one has no code for it.
    """
    for name in model.changed():
        function = model[name]
        unused = name not in model.used_words
        if unused or isinstance(function, TimedArray):  # these have code for all
            continue
        if not isinstance(function, Function):
            continue
        try:
            function.implementations[target]
        except KeyError:
            raise ModelError(
                f"{model.where(name)}: a Python function without C++ code, which "
                f"device '{device}' cannot call; give it some with "
                "@implementation('cpp', ...), or write the formula into the equation"
            ) from None


def check_on_cuda(model):
    """Check that a network can run on CUDA.

    Parameters
    ----------
    model : Model

    Raises
    ------
    ModelError
        If there is no code for one of its strings.
    """
    for name in model.changed():
        row = row_of(name)
        if row is not None and not row.cuda and model[name]:
            raise ModelError(
                f"{model.where(name)}: there is no code for it on CUDA; device 'cpp' "
                "has it"
            )


def _variables(model, architecture):
    """Name the string that defines each variable."""
    strings = {*EQUATION_STRINGS, *architecture.transfers}
    strings |= {name for name in model.layered if kind_of(name) == "equations"}
    if architecture.vector_target:
        strings = strings - {"target"} | {"vector_target"}
    variables = {}
    for string in sorted(strings):
        variables |= dict.fromkeys(model.equations(string).names, string)
    return variables


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


def _without_effect(model, name, architecture):
    """Say why a name of the table changes nothing in this network."""
    try:
        layer, base = layer_of(name)
    except LookupError:
        layer, base = 0, name
    n_layers = architecture.n_layers
    if layer is not None and not 0 <= layer <= n_layers or "layer_0_" in name:
        return f"there is no layer {layer}, layers are 1 to {n_layers}"
    row, rate = NAMES[base], model["spike"] is None
    if row.network and row.network != ("rate" if rate else "spiking"):
        if model[name] is None or name in architecture.transfers:
            return None
        if kind_of(name) != "refractory" or model[name] is not False:
            return f"nothing uses it, it is for {row.network} networks only"
    last = layer is None or layer == n_layers
    if last and base in _OF_SPIKES and not rate:
        if model.get(model.of_layer("spike", n_layers, n_layers)) is None or (
            model.of_layer("spike", n_layers, n_layers) == "spike"
        ):
            return "output neurons do not spike; output_spike says when they do"
    if last and base in ("feedback_mask", "feedback_delay") and name != base:
        return "nothing uses it, no feedback ends in the output layer"
    if last and base == "delta_neuron":
        return "nothing uses it, output neurons have the error_neuron"
    if row.kind in ("number", "time") and base not in model.used_words:
        followers = _followers(model, name)
        if through := model.changed(*followers) if followers else []:
            return f"nothing uses it, as {' and '.join(through)} is given too"
        return "nothing uses it"
    if name.startswith("input_") and base in ("input_reset", "input_refractory"):
        if model["input_spike"] is None:
            return "nothing uses it, input neurons do not spike"
    return None


def _followers(model, name):
    """Parameters that follow from one in the built-in model."""
    return [
        other
        for other, text in builtin_values().items()
        if kind_of(other) in ("number", "time")
        and isinstance(text, str)
        and name in text
    ]


def _unknown(model, name, architecture):
    """Say why a name that is not in the table changes nothing."""
    if (
        name in model.used_words
        or name in architecture.transfers
        or not model.meant_for_equations(name)
    ):
        return None
    return _no_such_name(model, name)


def _no_such_name(model, name):
    for row in NAMES.values():
        if name.lower() in row.also:
            return f"nothing uses it, did you mean '{row.name}' ({row.meaning})?"
    of_its_kind = [
        row.name
        for row in NAMES.values()
        if (row.kind in ("number", "time"))
        == (not isinstance(model.get(name, model.others.get(name)), str))
        and not model.changed(row.name)
    ]
    if found := re.match(r"(output|layer_\d+)_", name):
        of_its_kind += [f"{found[0]}{word}" for word in PER_LAYER]
    close = get_close_matches(name, of_its_kind, 1, 0.8)
    if close:
        return f"the model has no such name, did you mean '{close[0]}'?"
    return "nothing uses it; a name that only your Python code needs begins with '_'"


def _unusable(model, name, value):
    """Say why an object of the file cannot be used, if anything needs it."""
    used = name in model.used_words
    if not used and not model.meant_for_equations(name):
        return None
    if used and isroutine(value):
        return (
            "a Python function without units and C++ code, which equations cannot "
            "call; see @check_units and @implementation of Brian2"
        )
    if used and isinstance(value, list | tuple | np.ndarray):
        return (
            "equations cannot use a list or an array; an array of times is a "
            "TimedArray, one value for each neuron is given with 'initial'"
        )
    if used:
        return f"equations cannot use a {type(value).__name__}"
    return _no_such_name(model, name)
