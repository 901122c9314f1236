"""Checking a model before anything is compiled.

From cheap to dear: what kind of value each name has, whether names hide each other,
whether the equations define what the network needs, and whether Brian2 takes them
(units, unknown names, integration). For the last one a network of a few neurons is
prepared for a run through NumPy, on a device of its own. Whatever is wrong ends in
one line that names the file and the string.
"""

import re
import warnings
from contextlib import contextmanager
from dataclasses import replace

from brian2 import defaultclock, prefs, second
from brian2.core.base import BrianObjectException
from brian2.devices.device import RuntimeDevice, reset_device, set_device
from brian2.parsing.statements import parse_statement
from brian2.utils.logger import catch_logs

from ..equations.blame import explain, words
from ..equations.names import check_kinds, check_names
from ..errors import ModelError
from .build import build_network, check_choices
from .precision import check_precision

__all__ = ["blaming_model", "check_model"]


def check_model(architecture, model, rule):
    """Check that a network can be built from a model.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : Rule

    Raises
    ------
    ModelError
        If not; one line names the file, the string and the reason.
    """
    check_kinds(model)
    check_names(model, architecture)
    check_choices(architecture, model, rule)
    _check_definitions(architecture, model, rule)
    with _numpy_device(), catch_logs(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = build_network(_miniature(architecture), model, rule)
        _check_assignments(network)
        check_precision(model, _variables(network))
        with blaming_model(network):
            network.brian_network.run(0 * second, namespace={})


def _variables(network):
    return [v for group in network.stateful for v in group.variables.values()]


@contextmanager
def blaming_model(network):
    """Turn what Brian2 says about its objects into errors about model strings."""
    try:
        yield
    except BrianObjectException as exc:
        names = network.blame.get(exc._brian_objname)
        if not names:
            raise
        variables = {name for group in network.stateful for name in group.variables}
        raise ModelError(explain(network.model, names, exc, variables)) from exc


def _miniature(architecture):
    """Keep what differs in its equations: one layer for each kind of transfer."""
    hidden = list(dict.fromkeys(architecture.transfers[:-1]))
    n_hidden = min(architecture.n_layers - 1, max(len(hidden), 1))
    return replace(
        architecture,
        layer_sizes=(2,) * (n_hidden + 2),
        n_classes=2,
        chunk_images=1,
        engine="stock",
        transfers=(*hidden, *architecture.transfers[-1:]),
        frozen=(),
    )


@contextmanager
def _numpy_device():
    """Work on a Brian2 device of its own, and leave the others as they were."""
    target, dt = prefs.codegen.target, defaultclock.dt
    set_device(RuntimeDevice())
    prefs.codegen.target = "numpy"
    try:
        yield
    finally:
        prefs.codegen.target = target
        reset_device()
        defaultclock.dt = dt


def _check_definitions(architecture, model, rule):
    """Check for the variables that the network itself, or its training, asks for."""
    for names, needed in _needed_variables(architecture, model, rule):
        equations = model.equations(*names)
        for variable, name in needed.items():
            if variable not in equations:
                raise ModelError(
                    f"{model.where(name)}: does not define '{variable}', "
                    "which the network needs"
                )


def _needed_variables(architecture, model, rule):
    """List groups of strings, and for each variable the string that should have it."""
    psp = {"h": "psp_neuron", "drive": "psp_neuron"}
    if architecture.biases:
        psp["b"] = "psp_neuron"
    for layer in range(1, architecture.n_layers + 1):
        transfer = architecture.transfer(layer)
        yield ("psp_neuron", transfer), psp | {"phi": transfer}
    yield ("third_factor",), {"third_factor": "third_factor"}
    if architecture.vector_target:
        yield ("vector_target", "error_neuron"), {"delta": "error_neuron"}
    else:
        wanted = {"class_index": "target", "delta": "error_neuron"}
        yield ("target", "error_neuron"), wanted
    if architecture.n_layers > 1 and rule.learning_layers == "all":
        yield ("delta_neuron",), {"delta": "delta_neuron"}
    yield ("plastic_synapse",), {"W": "plastic_synapse"}
    for string, variables in rule.route.strings.items():
        if variables:
            yield (string,), dict.fromkeys(variables, string)


def _check_assignments(network):
    """Refuse statements that set a name nobody knows: they would do nothing."""
    model, last = network.model, network.n_layers
    neurons, synapses = network.layers[last], network.forward[last]
    for name, group in (
        ("reset", neurons),
        ("learn_bias", neurons),
        ("decay_bias", neurons),
        ("transmit", synapses),
        ("learn", synapses),
        ("decay", synapses),
    ):
        text = model[name]
        if not text or (name == "transmit" and network.rate):
            continue
        lines = [line for line in re.split(r"[\n;]", text) if line.strip()]
        with model.blamed(name):
            parsed = [parse_statement(line) for line in lines]
        used = {word for _, _, right, _ in parsed for word in words(right)}
        for left, operation, _, _ in parsed:
            if operation == "=" and left not in group.variables and left not in used:
                raise ModelError(
                    f"{model.where(name)}: sets '{left}', which is no variable"
                )
