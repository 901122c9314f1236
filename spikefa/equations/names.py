"""Every name that a model may hold: what it is, where it is used, what it means.

This table is the one place that says so. It drives `check_values` and `check_names`,
the suggestions for misspelt names, and the table in the documentation. Defaults and
formulas are in `spikefa.models`.
"""

import re
from dataclasses import dataclass

from ..errors import ModelError

__all__ = [
    "DELAYS",
    "EQUATION_STRINGS",
    "NAMES",
    "PER_LAYER",
    "Name",
    "kind_of",
    "layer_of",
    "layer_string",
    "row_of",
]


@dataclass(frozen=True)
class Name:
    """A name of a model file.

    Parameters
    ----------
    name : str
    kind : str
        What its value must be: ``equations``, ``condition``, ``statements``,
        ``number``, ``time``, ``refractory``, ``method``, ``mask``, ``initial`` or
        ``precision``.
    where : str
        What part of a network it belongs to.
    meaning : str
        One line for the documentation.
    network : {'', 'spiking', 'rate'}
        The only kind of network that uses it, if there is one.
    layered : str
        The last word of the names that replace it in one layer: ``neuron`` for
        ``output_neuron`` and ``layer_2_neuron``. Empty: the same in all layers.
    optional : bool
        Whether it may be None or an empty string.
    positive : bool
        Whether a number must be above 0, not only 0 or more.
    also : tuple of str
        What people call it elsewhere.
    choice : bool
        Whether only some learning rules or architectures use it.
    of_time : bool
        Whether a number may also be an expression of time, see `find_schedules`.
    given : bool
        Whether ``models/`` gives it a value.
    cuda : bool
        Whether there is code for it on CUDA.
    """

    name: str
    kind: str
    where: str
    meaning: str
    network: str = ""
    layered: str = ""
    optional: bool = False
    positive: bool = False
    also: tuple = ()
    choice: bool = False
    of_time: bool = False
    given: bool = True
    cuda: bool = True


_ABOVE = "neurons above the input"
_INPUT = "input neurons"
_OUTPUT = "output error"
_DELTA = "delta neurons"
_FORWARD = "forward synapses"
_FEEDBACK = "feedback synapses"
_ALL = "whole network"
_NOISE = "node perturbation"
_BACK = "feedback over forward synapses"
_READOUT = "readout"
_LATERAL = "lateral synapses"
_SKIP = "synapses past a layer"
_REWARD = "signals of reward"


def _further(where: str, prefix: str, synapse: str, transmit: str) -> tuple[Name, ...]:
    """Name the strings of projections within a layer, or past one."""
    rows = {
        "synapse": ("equations", synapse),
        "transmit": ("statements", transmit),
        "learn": ("statements", "their plasticity, on a presynaptic spike"),
        "mask": ("mask", "which of them there are"),
        "delay": ("time", "from a spike to these two statements"),
    }
    return tuple(
        Name(
            f"{prefix}_{part}",
            kind,
            where,
            meaning,
            network="spiking",
            layered=f"{prefix}_{part}",
            optional=kind not in ("equations", "time"),
            choice=True,
            given=False,
            cuda=False,
        )
        for part, (kind, meaning) in rows.items()
    )


#: All of them, in the order of the documentation.
_TABLE = (
    Name("dt", "time", _ALL, "length of a time step", positive=True),
    Name("tau", "number", _ABOVE, "leak of a PSP in one time step", positive=True),
    Name(
        "tau_m",
        "time",
        _ABOVE,
        "membrane time constant, of delta neurons too; follows from tau and dt",
        positive=True,
        also=("tau_mem", "taum", "time_constant"),
    ),
    Name(
        "eta",
        "number",
        _FORWARD,
        "learning rate; may be an expression of passes(t)",
        also=("learning_rate", "lr"),
        layered="eta",
        of_time=True,
    ),
    Name(
        "gamma",
        "number",
        _FORWARD,
        "weight decay per time step",
        also=("decay_rate", "weight_decay"),
        layered="gamma",
    ),
    Name(
        "weight_range",
        "number",
        _FORWARD,
        "weights and biases start uniform in plus or minus this",
        also=("w_range", "weight_scale"),
    ),
    Name(
        "feedback_range",
        "number",
        _FEEDBACK,
        "feedback weights are uniform in plus or minus this",
    ),
    Name("input_neuron", "equations", _INPUT, "makes phi from images(t, i)"),
    Name(
        "input_spike",
        "condition",
        _INPUT,
        "when an input neuron spikes",
        network="spiking",
        optional=True,
        also=("input_threshold",),
    ),
    Name(
        "input_reset",
        "statements",
        _INPUT,
        "what happens to an input neuron that has spiked",
        network="spiking",
        optional=True,
        given=False,
    ),
    Name(
        "input_refractory",
        "refractory",
        _INPUT,
        "how long it is refractory",
        network="spiking",
        given=False,
    ),
    Name(
        "input_on_image",
        "statements",
        _INPUT,
        "what happens to an input neuron when an image begins",
        optional=True,
        given=False,
        cuda=False,
    ),
    Name(
        "input_method",
        "method",
        _INPUT,
        "how its equations are integrated",
        given=False,
    ),
    Name(
        "psp_neuron",
        "equations",
        _ABOVE,
        "h from drive and bias b; must define h, drive and b",
        layered="neuron",
        also=("neuron", "equations", "eqs", "model", "hidden_neuron"),
    ),
    Name(
        "layer_sum",
        "equations",
        _ABOVE,
        "sums over all neurons of a layer, before phi is computed",
        layered="sum",
        choice=True,
        given=False,
        cuda=False,
    ),
    Name(
        "transfer",
        "equations",
        _ABOVE,
        "phi(h), what is read out and sent, and its slope psi",
        layered="transfer",
        also=("activation", "nonlinearity"),
    ),
    Name(
        "spike",
        "condition",
        _ABOVE,
        "when a hidden neuron spikes; output neurons only do with output_spike",
        network="spiking",
        layered="spike",
        optional=True,
        also=("threshold", "spike_condition", "fire"),
    ),
    Name(
        "reset",
        "statements",
        _ABOVE,
        "what happens to a neuron that has spiked",
        network="spiking",
        layered="reset",
        optional=True,
        also=("on_spike", "reset_statements"),
    ),
    Name(
        "refractory",
        "refractory",
        _ABOVE,
        "how long, or on what condition, it is refractory",
        network="spiking",
        layered="refractory",
        also=("refractory_period", "tau_ref", "t_ref"),
    ),
    Name(
        "on_image",
        "statements",
        _ABOVE,
        "what happens to a neuron when an image begins",
        layered="on_image",
        optional=True,
        also=("on_new_image", "image_reset"),
        given=False,
        cuda=False,
    ),
    Name(
        "method",
        "method",
        _ABOVE,
        "Brian2's name of an integration method, or several to try in turn",
        layered="method",
        also=("integration_method", "integrator"),
        given=False,
    ),
    Name("target", "equations", _OUTPUT, "target of an output, from labels(t)"),
    Name("error_neuron", "equations", _OUTPUT, "delta of the output neurons"),
    Name(
        "delta_neuron",
        "equations",
        _DELTA,
        "delta of a hidden layer, from feedback",
        layered="delta_neuron",
    ),
    Name(
        "third_factor",
        "equations",
        _DELTA,
        "what is sent down and multiplies the plasticity",
        layered="third_factor",
    ),
    Name(
        "delta_method",
        "method",
        _DELTA,
        "how their equations are integrated",
        given=False,
    ),
    Name(
        "plastic_synapse",
        "equations",
        _FORWARD,
        "variables of a synapse; W and dW",
        layered="synapse",
    ),
    Name(
        "mask",
        "mask",
        _FORWARD,
        "which synapses there are: a condition of i and j, or an array",
        layered="mask",
        optional=True,
        also=("connectivity", "connect", "condition"),
        given=False,
    ),
    Name(
        "transmit",
        "statements",
        _FORWARD,
        "what a presynaptic spike does; a summed variable in rate networks",
        layered="transmit",
        also=("on_pre",),
    ),
    Name(
        "learn",
        "statements",
        _FORWARD,
        "plasticity, run on a presynaptic spike after the backward sweep",
        layered="learn",
        also=("plasticity",),
    ),
    Name(
        "delay",
        "time",
        _FORWARD,
        "from a spike to transmit and learn, in whole time steps",
        network="spiking",
        layered="delay",
        also=("synaptic_delay", "axonal_delay", "conduction_delay"),
        given=False,
        cuda=False,
    ),
    Name(
        "learn_post",
        "statements",
        _FORWARD,
        "plasticity, run on a postsynaptic spike after learn",
        network="spiking",
        layered="learn_post",
        optional=True,
        also=("on_post", "learn_on_post"),
        given=False,
    ),
    Name(
        "learn_step",
        "statements",
        _FORWARD,
        "plasticity of all synapses in every step, after the other two",
        layered="learn_step",
        optional=True,
        also=("learn_every_step", "every_step"),
        given=False,
    ),
    Name(
        "synapse_on_image",
        "statements",
        _FORWARD,
        "what happens to a synapse when an image begins",
        layered="synapse_on_image",
        optional=True,
        given=False,
        cuda=False,
    ),
    *_further(
        _LATERAL,
        "lateral",
        synapse="variables of synapses within a layer",
        transmit="what a spike does in them, after the resets",
    ),
    *_further(
        _SKIP,
        "skip",
        synapse="variables of synapses from the layer before the last",
        transmit="what a spike does in them, after transmit",
    ),
    Name(
        "learn_bias",
        "statements",
        _ABOVE,
        "plasticity of biases, in every step",
        layered="learn_bias",
    ),
    Name(
        "decay",
        "statements",
        _FORWARD,
        "decay of weights over elapsed_steps(t) steps",
        layered="decay",
        optional=True,
    ),
    Name(
        "decay_bias",
        "statements",
        _ABOVE,
        "the same of biases",
        layered="decay_bias",
        optional=True,
    ),
    Name("feedback_synapse", "equations", _FEEDBACK, "B, and feedback_post from it"),
    Name(
        "feedback_mask",
        "mask",
        _FEEDBACK,
        "the same of feedback synapses, from the upper layer (i) to the lower (j)",
        layered="feedback_mask",
        optional=True,
        given=False,
    ),
    Name(
        "feedback_delay",
        "time",
        _DELTA,
        "from the sum of the feedback to its arrival, in whole time steps",
        layered="feedback_delay",
        also=("delay_feedback", "error_delay"),
        given=False,
        cuda=False,
    ),
    Name(
        "feedback_grid",
        "equations",
        _FEEDBACK,
        "B from whole steps, for weights of 8 or 16 bits",
        choice=True,
    ),
    Name(
        "sparse_synapse",
        "equations",
        _FORWARD,
        "the mask of sparse connectivity",
        choice=True,
    ),
    Name(
        "sparse_learn",
        "statements",
        _FORWARD,
        "learn of masked synapses",
        layered="sparse_learn",
    ),
    Name(
        "backprop_feedback", "equations", _BACK, "feedback_pre of rule bp", choice=True
    ),
    Name(
        "sign_symmetric_feedback",
        "equations",
        _BACK,
        "B and feedback_pre of rule sign",
        choice=True,
    ),
    Name(
        "kolen_pollack_feedback",
        "equations",
        _BACK,
        "B and feedback_pre of rule kp",
        choice=True,
    ),
    Name(
        "kolen_pollack_learn",
        "statements",
        _BACK,
        "plasticity of B of rule kp",
        layered="kolen_pollack_learn",
    ),
    Name(
        "kolen_pollack_sparse_learn",
        "statements",
        _BACK,
        "the same if masked",
        layered="kolen_pollack_sparse_learn",
    ),
    Name(
        "kolen_pollack_decay",
        "statements",
        _BACK,
        "decay of B of rule kp",
        layered="kolen_pollack_decay",
    ),
    Name(
        "class_activity",
        "equations",
        _READOUT,
        "activity of a class from phi of its outputs",
        choice=True,
    ),
    Name(
        "class_activity_of_all_pairs",
        "equations",
        _READOUT,
        "the same on device cuda, as a sum over all pairs",
        choice=True,
    ),
    *(
        Name(name, "equations", _REWARD, meaning, choice=True)
        for name, meaning in {
            "outcome": "what the one neuron holds that knows the outcome of a step",
            "class_votes": "activity of each class in a step",
            "error_signal": "error from the error neurons",
            "votes_signal": "activity of each class from phi of its outputs",
            "target_votes": "activity of the class that is shown",
            "rival_votes": "how many classes are more active",
            "told_error": "error of each neuron",
            "told_correct": "correct of each neuron",
        }.items()
    ),
    Name(
        "initial",
        "initial",
        _ALL,
        "values that variables start from, by name of the variable",
        also=("initial_values", "initial_state", "init"),
        given=False,
    ),
    Name(
        "precision",
        "precision",
        _ALL,
        "variables to be stored in double precision, by name",
        given=False,
    ),
    Name("logistic", "equations", _ABOVE, "a transfer of rate networks", "rate"),
    Name("hyperbolic", "equations", _ABOVE, "a transfer of rate networks", "rate"),
    Name("linear", "equations", _ABOVE, "a transfer of rate networks", "rate"),
    Name("vector_target", "equations", _OUTPUT, "target from targets(t, i)", "rate"),
    Name("noise_size", "number", _NOISE, "size of the noise", "rate", positive=True),
    Name("noisy_input", "equations", _NOISE, "second pass of the input", "rate"),
    Name("noisy_neuron", "equations", _NOISE, "second pass of a neuron", "rate"),
    Name("transmit_noisy", "equations", _NOISE, "transmit of it", "rate"),
    Name("reward", "equations", _NOISE, "what the noise did to the error", "rate"),
    Name("perturbed_delta", "equations", _NOISE, "delta made of the reward", "rate"),
)

NAMES = {row.name: row for row in _TABLE}

#: Those that say how long something is on its way.
DELAYS = tuple(name for name in NAMES if name.split("_")[-1] == "delay")

#: Last words of the names that hold for one layer: the name that they replace.
PER_LAYER = {row.layered: row.name for row in _TABLE if row.layered}

#: Strings of equations that every spiking model has; checked when it is loaded.
EQUATION_STRINGS = tuple(
    row.name
    for row in _TABLE
    if row.kind == "equations" and not row.network and not row.choice
)

_LAYERED = re.compile(rf"(output|layer_([0-9]+))_({'|'.join(PER_LAYER)})")


def layer_of(name):
    """Split the name of a string that holds for one layer.

    Parameters
    ----------
    name : str
        Such as ``output_neuron`` or ``layer_2_spike``.

    Returns
    -------
    layer : int or None
        None for the output layer.
    base : str
        The name that it replaces in this layer.

    Raises
    ------
    LookupError
        If it is no such name.
    """
    if not (found := _LAYERED.fullmatch(name)):
        raise LookupError(name)
    layer = None if found[1] == "output" else int(found[2])
    return layer, PER_LAYER[found[3]]


def row_of(name):
    """Find the row of a name, or of the one that it replaces in one layer.

    Returns
    -------
    row : Name or None
        None for a name of the user's own.
    """
    try:
        name = layer_of(name)[1]
    except LookupError:
        pass
    return NAMES.get(name)


def kind_of(name):
    """Find what a name must hold, or None for a name of the user's own."""
    row = row_of(name)
    return row and row.kind


def layer_string(model, base, layer, n_layers):
    """Find the string that a layer takes.

    Parameters
    ----------
    model : Model
    base : str
        One of the names in `PER_LAYER`, such as ``psp_neuron``.
    layer, n_layers : int
        Layer 1 .. n_layers.

    Returns
    -------
    name : str
        `base`, or the name that the model has for this layer.

    Raises
    ------
    ModelError
        If the model has two.
    """
    word = NAMES[base].layered
    names = [f"layer_{layer}_{word}"]
    if layer == n_layers:
        names.append(f"output_{word}")
    found = [name for name in names if name in model]
    if len(found) > 1:
        raise ModelError(
            f"{model.where(*found)}: both are for layer {layer}; leave one out"
        )
    return found[0] if found else base
