"""Checking a model before anything is compiled.

From cheap to dear: what kind of value each name has, whether names hide each other,
whether the equations define what the network needs, and whether Brian2 takes them
(units, unknown names, integration). For the last one a network of a few neurons is
prepared for a run through NumPy, on a device of its own. Whatever is wrong ends in
one line that names the file and the string.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import second
from brian2.core.base import BrianObjectException
from brian2.core.functions import Function
from brian2.core.variables import Variable
from brian2.groups.group import VariableOwner
from brian2.utils.logger import catch_logs

from ..brian import name_of_object
from ..equations.check_names import check_names
from ..equations.check_stimuli import check_index, check_times, stimuli_in
from ..equations.check_values import check_values
from ..equations.explanations import explain, words
from ..equations.integration import misread_by
from ..equations.model import Model
from ..equations.schedules import check_schedules
from ..equations.statements import parse_statements
from ..errors import ModelError
from .architecture import Architecture
from .build import build_network, check_choices
from .divisions import check_divisions, strings_defining
from .initial_values import (
    array_variables,
    find_initial_values,
    has_layers,
    initial_value,
)
from .masks import find_masks
from .network import FeedbackNetwork
from .precision import check_precision
from .projections import part_of
from .scratch import numpy_device
from .solutions import check_solutions

__all__ = ["check_indices", "check_model", "naming_strings"]


def check_model(architecture: Architecture, model: Model, rule: Any) -> None:
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
    key = (str(architecture), str(rule), type(rule.route), *_identity(model))
    if key in _passed:
        return
    check_values(model)
    check_schedules(model)
    check_times(model)
    check_names(model, architecture, rule.route.strings)
    check_choices(architecture, model, rule)
    _check_definitions(architecture, model, rule)
    with numpy_device(), catch_logs(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = build_network(_miniature(architecture, model), model, rule)
        _check_integration(network)
        _check_assignments(network)
        check_precision(model, _variables(network))
        with naming_strings(network):
            network.brian_network.run(0 * second, namespace={})
        _check_initial_values(network, architecture)
    _passed[key] = None
    if len(_passed) > _REMEMBERED:
        del _passed[next(iter(_passed))]


#: What has passed, so that many sessions of one network are checked once.
_passed: dict[tuple[Any, ...], None] = {}
_REMEMBERED = 100


def _identity(model: Model) -> tuple[Any, ...]:
    """All that the check depends on: values, text, and which functions are meant."""
    functions = [value for value in model.values() if isinstance(value, Function)]
    return model.text_hash, model.user_text, *functions


def check_indices(network: FeedbackNetwork) -> None:
    """Check that neurons and synapses look at pixels that there are.

    Parameters
    ----------
    network : FeedbackNetwork
        Of the size in which it is to run.

    Raises
    ------
    ModelError
        Naming the string.
    """
    model, arch = network.model, network.architecture
    sizes = {"images": arch.layer_sizes[0], "targets": arch.layer_sizes[-1]}
    for group in network.stateful:
        if "N_pre" in group.variables:
            i, j = np.ix_(np.arange(len(group.source)), np.arange(len(group.target)))
            indices: dict[str, Any] = {"i": i, "j": j}
        else:
            indices = {"i": np.arange(len(group)), "N": float(len(group))}
        strings = [
            name
            for obj in (group, *group.contained_objects)
            for name in network.strings_of.get(obj.name, ())
        ]
        for name in dict.fromkeys(strings):
            for call in stimuli_in(model, name, tuple(sizes)):
                if len(call.args) == 2:
                    check_index(model, name, call, sizes[call.func.id], indices)


def _variables(network: FeedbackNetwork) -> list[Variable]:
    return [v for group in network.stateful for v in group.variables.values()]


@contextmanager
def naming_strings(network: FeedbackNetwork) -> Iterator[None]:
    """Turn what Brian2 says about its objects into errors about model strings."""
    try:
        yield
    except BrianObjectException as exc:
        names = network.strings_of.get(name_of_object(exc))
        if not names:
            raise
        variables = {name for group in network.stateful for name in group.variables}
        raise ModelError(explain(network.model, names, exc, variables)) from exc


def _miniature(architecture: Architecture, model: Model) -> Architecture:
    """Keep what differs in its equations: one layer for each kind of transfer."""
    hidden = tuple(dict.fromkeys(architecture.transfers[:-1]))
    n_hidden = min(architecture.n_layers - 1, max(len(hidden), 1))
    if model.layered or has_layers(model):
        hidden, n_hidden = architecture.transfers[:-1], architecture.n_layers - 1
    return replace(
        architecture,
        layer_sizes=(2,) * (n_hidden + 2),
        n_classes=2,
        chunk_images=1,
        engine="stock",
        transfers=(*hidden, *architecture.transfers[-1:]),
        frozen=(),
        weight_bits=32,
    )


def _check_definitions(architecture: Architecture, model: Model, rule: Any) -> None:
    """Check for the variables that the network itself, or its training, asks for."""
    for names, needed in _needed_variables(architecture, model, rule):
        equations = model.equations(*names)
        for variable, name in needed.items():
            if variable not in equations:
                raise ModelError(
                    f"{model.where(name)}: does not define '{variable}', "
                    "which the network needs"
                )


def _needed_variables(
    architecture: Architecture, model: Model, rule: Any
) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """List groups of strings, and for each variable the string that should have it."""
    n_layers = architecture.n_layers
    for layer in range(1, n_layers + 1):
        neuron = model.of_layer("psp_neuron", layer, n_layers)
        transfer = architecture.transfer(layer)
        if transfer == "transfer":
            transfer = model.of_layer(transfer, layer, n_layers)
        wanted = {"h": neuron, "drive": neuron, "phi": transfer}
        if architecture.biases:
            wanted["b"] = neuron
        synapse, learn_bias = (
            model.of_layer(base, layer, n_layers)
            for base in ("plastic_synapse", "learn_bias")
        )
        yield (synapse,), {"W": synapse}
        learning = words(model[synapse]) | words(model[learn_bias])
        if learning & {"psi", "psi_post"}:
            wanted["psi"] = transfer
        yield (neuron, transfer), wanted
        third_factor = model.of_layer("third_factor", layer, n_layers)
        yield (third_factor,), {"third_factor": third_factor}
    if architecture.vector_target:
        yield ("vector_target", "error_neuron"), {"delta": "error_neuron"}
    else:
        wanted = {"class_index": "target", "delta": "error_neuron"}
        yield ("target", "error_neuron"), wanted
    for layer in range(1, n_layers if rule.learning_layers == "all" else 1):
        delta = model.of_layer("delta_neuron", layer, n_layers)
        yield (delta,), {"delta": delta}
    for string, variables in rule.route.strings.items():
        if variables:
            yield (string,), dict.fromkeys(variables, string)


def _integrated(
    network: FeedbackNetwork,
) -> Iterator[tuple[str | None, VariableOwner]]:
    """List what is integrated, each with the string that chooses its method."""
    model, last = network.model, network.n_layers
    yield "input_method", network.layers[0]
    for layer in range(1, last + 1):
        yield model.of_layer("method", layer, last), network.layers[layer]
    for group in network.deltas:
        if group is not None:
            yield "delta_method", group
    for synapses in (*network.crossed.values(), *network.feedback.values()):
        yield None, synapses


def _check_integration(network: FeedbackNetwork) -> None:
    """Refuse variables whose name a method of integration misreads."""
    for method, group in _integrated(network):
        chosen = network.model.get(method) if method else None
        other = "take another name"
        if method:
            other += f", or another method ({method} = 'euler')"
        for equations in (group.equations, getattr(group, "event_driven", None)):
            names = equations.diff_eq_names if equations is not None else ()
            _refuse_misread(network, group, names, chosen, other)


def _refuse_misread(
    network: FeedbackNetwork,
    group: VariableOwner,
    names: Iterable[str],
    method: str | Sequence[str] | None,
    advice: str,
) -> None:
    """Refuse names of variables that sympy takes for something else."""
    model = network.model
    for name in names:
        if misread_by(method, name):
            strings = strings_defining(network, group, name)
            raise ModelError(
                f"{model.where(*strings)}: the exact integration takes '{name}' for "
                f"something that sympy calls so; {advice}"
            )


def _statements(network: FeedbackNetwork) -> Iterator[tuple[str, VariableOwner]]:
    """List the names of statements, each with a group that they run on."""
    model, last = network.model, network.n_layers
    if not network.rate:
        yield "input_reset", network.layers[0]
    for layer in range(1, last + 1):
        neurons = network.layers[layer]
        if layer < last or network.spike_string(layer):
            yield model.of_layer("reset", layer, last), neurons
        yield model.of_layer("on_image", layer, last), neurons
        yield from ((network.string(base, layer), neurons) for base in _OF_BIASES)
        strings = [network.string(base, layer) for base in _OF_SYNAPSES]
        strings += network.rule.route.learn_strings(network, layer)
        strings += network.rule.route.decay_strings(network, layer)
        if network.rate:
            strings.remove(network.string("transmit", layer))
        yield from ((name, network.forward[layer]) for name in strings)
    yield "input_on_image", network.layers[0]
    for (kind, layer), synapses in network.further.items():
        for part in ("transmit", "learn"):
            yield network.string(part_of(kind, part), layer), synapses


#: Statements that run on the synapses onto each layer, and on its biases.
_OF_SYNAPSES: tuple[str, ...] = (
    "transmit",
    "learn",
    "learn_post",
    "learn_step",
    "decay",
)
_OF_SYNAPSES += ("synapse_on_image",)
_OF_BIASES = ("learn_bias", "decay_bias")


def _check_assignments(network: FeedbackNetwork) -> None:
    """Refuse statements that set a name nobody knows: they would do nothing."""
    model = network.model
    for name, group in _statements(network):
        if not (text := model.get(name)):
            continue
        with model.naming(name):
            parsed = parse_statements(text)
        used = {word for _, _, right in parsed for word in words(right)}
        for left, operation, _ in parsed:
            if operation == "=" and left not in group.variables and left not in used:
                raise ModelError(
                    f"{model.where(name)}: sets '{left}', which is no variable"
                )


def _check_initial_values(network: FeedbackNetwork, architecture: Architecture) -> None:
    """Evaluate the values that variables start from, and look for divisions by 0."""
    for _ in find_masks(network, architecture, 0):
        pass  # raises an error where one is wrong
    variables = array_variables(network)
    given = find_initial_values(network, variables)
    sizes = architecture.layer_sizes
    for name, value in given.items():
        group = variables[name].owner
        layer = int(group.name.rsplit("_", 1)[1])
        synapses = "N_pre" in group.variables
        if isinstance(value, str):  # for few neurons, which takes less time
            shape = (2, 2) if synapses else (2,)
        elif not synapses:
            shape = (sizes[layer],)
        else:
            source = int(group.source.name.rsplit("_", 1)[1])
            shape = sizes[source], sizes[layer]
        others = {
            other.split(".")[1]: np.zeros(shape)
            for other in variables
            if other.split(".")[0] == group.name and other != name
        }
        initial_value(network, name, variables[name], shape, value, 0, others)
    check_divisions(network, variables)
    check_solutions(network, _integrated(network), given)
