"""When each string of a model is evaluated, and what it may use.

``.. time-step-table::`` lists the strings that `spikefa.equations.names` declares, in
the order of a time step, those that take part in the same way together.
`tests/reference` reads model files as this table says and holds networks against it.
"""

from dataclasses import dataclass

from docutils.parsers.rst import Directive
from sourced import table

__all__ = ["HEADER", "setup", "string_rows"]

HEADER = ("string", "when", "in", "for", "may use")

_TIME = "t, dt, i, N, parameters, functions"
_NEURON = f"its own variables, {_TIME}"
_SHOWN = "images(t, i), labels(t), passes(t)"
_ENDS = "variables of both neurons (..._pre, ..._post)"
_SYNAPSE = f"its own variables, {_ENDS}, i, j, t, dt, parameters, functions"

_BOTH, _TRAINING = "training and tests", "training"
_LEARNS = "layers that learn and are not frozen"
_THERE = "synapses that are not removed"


@dataclass(frozen=True)
class _Use:
    """When strings are evaluated, in which runs, for what, and what they may use."""

    strings: str
    when: str
    runs: str
    what: str
    may_use: str


#: In the order of a time step.
_USES = (
    _Use(
        "initial",
        "before the first step; variables in the order in which the file names them",
        "at the start",
        "all neurons and synapses, or those of one layer",
        "variables of the same neuron or synapse that were set before, i, j, N, "
        "rand(), randn()",
    ),
    _Use(
        "mask feedback_mask lateral_mask skip_mask",
        "before the first step, once; initial comes after it",
        "at the start",
        "forward synapses (feedback_mask: feedback synapses of fa and dfa)",
        "i, j, N_pre, N_post, row_i, column_i, row_j, column_j, parameters, rand()",
    ),
    _Use(
        "on_image input_on_image",
        "0. an image begins: before all else in its first step, layer by layer",
        _BOTH,
        "all neurons of the layer, refractory or not",
        f"{_NEURON}, {_SHOWN}; formulas have the value of the step before",
    ),
    _Use(
        "synapse_on_image",
        "0. an image begins: after the neurons that the synapses come from",
        _BOTH,
        f"all forward synapses; {_THERE}",
        _SYNAPSE,
    ),
    _Use(
        "plastic_synapse",
        "formulas: where a statement names them. (constant over dt), then "
        "(clock-driven): before all else in the step. (event-driven): before transmit "
        "and learn, when a spike comes",
        _BOTH,
        f"all forward synapses; {_THERE}",
        f"{_SYNAPSE}; third_factor_post is that of the step before in what comes first",
    ),
    _Use(
        "input_refractory",
        "1. input: first",
        _BOTH,
        "input neurons",
        _NEURON,
    ),
    _Use(
        "input_neuron",
        "1. input: formulas with (constant over dt) that an integration needs; "
        "integration (input_method); all other formulas, once",
        _BOTH,
        "input neurons",
        f"{_NEURON}, {_SHOWN}",
    ),
    _Use("input_method", "with input_neuron", _BOTH, "input neurons", "no names"),
    _Use(
        "input_spike",
        "1. input: after its formulas",
        _BOTH,
        "input neurons",
        f"{_NEURON}; formulas have the value of this step",
    ),
    _Use(
        "input_reset",
        "1. input: after the spike",
        _BOTH,
        "input neurons that have spiked",
        f"{_NEURON}; formulas have the value from before the reset",
    ),
    _Use(
        "transmit transmit_noisy",
        "2. forward, layer by layer: first, drive is 0; then at each spike of the "
        "layer below, when it arrives (rate networks: the sum over all)",
        f"{_BOTH} (transmit_noisy: training)",
        _THERE,
        f"{_SYNAPSE}; formulas of plastic_synapse",
    ),
    _Use(
        "refractory",
        "2. forward: before the integration of the layer",
        _BOTH,
        "neurons above the input that spike",
        _NEURON,
    ),
    _Use(
        "psp_neuron",
        "2. forward: formulas with (constant over dt) that an integration needs; "
        "integration (method); all other formulas, once. An integration takes formulas "
        "without that mark from the variables as they go",
        _BOTH,
        "neurons above the input",
        f"{_NEURON}, {_SHOWN}, drive of this step; third_factor and feedback of the "
        "step before, 0 in tests",
    ),
    _Use("method", "with psp_neuron", _BOTH, "neurons above the input", "no names"),
    _Use(
        "layer_sum",
        "2. forward: after the integration of the layer, before its formulas",
        _BOTH,
        "neurons above the input",
        "variables of the neurons with _pre (formulas have the value of the step "
        "before), parameters",
    ),
    _Use(
        "transfer logistic hyperbolic linear noisy_input noisy_neuron",
        "2. forward: after the integration of the layer, once",
        _BOTH,
        "neurons above the input (noisy_input: input neurons)",
        f"{_NEURON}, h of this step",
    ),
    _Use(
        "spike",
        "2. forward: after phi and psi",
        _BOTH,
        "hidden neurons; output neurons with output_spike",
        f"{_NEURON}, phi and psi of this step",
    ),
    _Use(
        "reset",
        "2. forward: after the spike",
        _BOTH,
        "neurons that have spiked",
        f"{_NEURON}; formulas have the value from before the reset",
    ),
    _Use(
        "skip_transmit skip_synapse",
        "2. forward: after transmit, at each spike of the layer two below",
        _BOTH,
        _THERE,
        _SYNAPSE,
    ),
    _Use(
        "lateral_transmit lateral_synapse",
        "2. forward: after the resets, at each spike of the layer itself",
        _BOTH,
        _THERE,
        _SYNAPSE,
    ),
    _Use(
        "target vector_target error_neuron",
        "3. backward: first",
        _TRAINING,
        "output neurons",
        f"{_NEURON}, phi of the output in this step, labels(t) or targets(t, i)",
    ),
    _Use(
        "outcome class_votes error_signal votes_signal target_votes rival_votes",
        "3. backward: after the error neurons, if a string names error or correct",
        _TRAINING,
        "one number for the whole network",
        "delta, phi and class_index of the error neurons, labels(t)",
    ),
    _Use(
        "told_error told_correct",
        "3. backward: then, before the hidden layers",
        _TRAINING,
        "all neurons of all layers",
        "error and rivals of the outcome",
    ),
    _Use(
        "reward perturbed_delta",
        "3. backward: after the errors of both passes",
        _TRAINING,
        "node perturbation",
        f"{_NEURON}; reward: error_pre, error_noisy_pre",
    ),
    _Use(
        "feedback_synapse feedback_grid",
        "3. backward, layer by layer: the sum before the delta neurons are integrated",
        _TRAINING,
        _THERE,
        f"{_SYNAPSE}; delta and third_factor of the layer above in this step",
    ),
    _Use(
        "backprop_feedback sign_symmetric_feedback kolen_pollack_feedback",
        "3. backward, layer by layer: the sum before the delta neurons are integrated",
        _TRAINING,
        f"forward synapses onto layer 2 and above; {_THERE}",
        f"{_SYNAPSE}; psi_post and third_factor_post of this step",
    ),
    _Use(
        "delta_neuron",
        "3. backward: after the feedback of the layer",
        _TRAINING,
        "neurons of hidden layers, where errors reach them",
        f"{_NEURON}, feedback of this step",
    ),
    _Use(
        "third_factor",
        "3. backward: after delta, once",
        _TRAINING,
        "neurons of layers that learn",
        f"{_NEURON}, delta of this step",
    ),
    _Use("delta_method", "with delta_neuron", _TRAINING, "delta neurons", "no names"),
    _Use(
        "learn kolen_pollack_learn",
        "4. plasticity, layer by layer: at each spike of the layer below, when it "
        "arrives (rate networks: in every step); learn first",
        _TRAINING,
        f"synapses of {_LEARNS}, if none is removed",
        f"{_SYNAPSE}; formulas and dW of plastic_synapse with the values of this step",
    ),
    _Use(
        "sparse_synapse sparse_learn kolen_pollack_sparse_learn",
        "4. plasticity: as learn",
        _TRAINING,
        f"synapses of {_LEARNS}, in networks with removed synapses",
        f"{_SYNAPSE}, present",
    ),
    _Use(
        "learn_post",
        "4. plasticity: after learn of the layer, at each spike of the layer itself",
        _TRAINING,
        f"synapses of {_LEARNS} and whose neurons spike; {_THERE}",
        f"{_SYNAPSE}; formulas with the values of this step",
    ),
    _Use(
        "learn_step",
        "4. plasticity: after learn and learn_post of the layer, in every step",
        _TRAINING,
        f"synapses of {_LEARNS}; {_THERE}",
        f"{_SYNAPSE}; formulas with the values of this step",
    ),
    _Use(
        "learn_bias",
        "4. plasticity: in every step, after the synapses of the layer",
        _TRAINING,
        f"neurons of {_LEARNS}",
        f"{_NEURON}; psi and third_factor of this step",
    ),
    _Use(
        "lateral_learn skip_learn",
        "4. plasticity: after the biases of the layer, at each presynaptic spike",
        _TRAINING,
        f"lateral and skip synapses of layers that are not frozen; {_THERE}",
        _SYNAPSE,
    ),
    _Use(
        "decay kolen_pollack_decay decay_bias",
        "4. plasticity: after all layers have learned, once for many steps",
        _TRAINING,
        f"synapses and neurons of {_LEARNS}; {_THERE}",
        f"{_SYNAPSE}, elapsed_steps(t), passes(t)",
    ),
    _Use(
        "class_activity class_activity_of_all_pairs",
        "at the end of the step",
        _BOTH,
        "output neurons of each class",
        "phi_pre of this step",
    ),
)

#: Names that are no strings of the time step: numbers that others name.
_NUMBERS = ("number", "time", "precision")


def string_rows():
    """List the strings of a model in the order of a time step.

    Returns
    -------
    rows : list of tuple of str
        One for each of `HEADER`.

    Raises
    ------
    LookupError
        If a name of the table of names has no row, or a row has a name that is none.
    """
    from spikefa.equations.names import NAMES

    said = [name for use in _USES for name in use.strings.split()]
    strings = {n for n, row in NAMES.items() if row.kind not in _NUMBERS}
    if wrong := strings.symmetric_difference(said):
        raise LookupError(f"when a string is evaluated is not known: {sorted(wrong)}")
    rows = []
    for use in _USES:
        names = [
            f"*_{NAMES[n].layered}" for n in use.strings.split() if NAMES[n].layered
        ]
        strings = ", ".join([*use.strings.split(), *names])
        rows.append((strings, use.when, use.runs, use.what, use.may_use))
    return rows


class SignalTable(Directive):
    """A row for each name that every string may use."""

    def run(self):
        from spikefa.equations.signals import REWARDS, SIGNALS

        rows = [(name, of.kind, of.meaning) for name, of in SIGNALS.items()]
        rows += [(name, "number", meaning) for name, meaning in REWARDS.items()]
        return [table(("name", "kind", "meaning"), rows)]


class TimeStepTable(Directive):
    """A row for each part of the time step that strings of a model make up."""

    def run(self):
        return [table(HEADER, string_rows())]


def setup(app):
    app.add_directive("time-step-table", TimeStepTable)
    app.add_directive("signal-table", SignalTable)
    return {"parallel_read_safe": True}
