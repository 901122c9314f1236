"""Forward neurons that hear of the error: nobody teaches in a test."""

import sys
from pathlib import Path

import numpy as np
import pytest

from spikefa import Architecture, open_session
from spikefa.errors import InputError

sys.path.append(str(Path(__file__).parents[1] / "models"))
from small_models import IMAGES, LABELS, model_of, psp, started

TRANSFER = (
    "transfer = '''\nphi = 1/(1 + exp(-h - {})) : 1\npsi = phi*(1 - phi) : 1\n'''"
)

# What a forward neuron hears, and the source with something else in its place.
HEARD = {
    "apical": ("third_factor", "fa", psp("b + drive + 2*{}")),
    "transfer": ("third_factor", "fa", psp() + TRANSFER),
    "threshold": ("third_factor", "fa", psp() + "spike = 'h > 0.05 + {}'\n"),
    "synapse": (
        "third_factor_post",
        "dfa",
        psp() + "transmit = 'drive_post += W*(1 + {})'\n",
    ),
    "formula": (
        "third_factor_post",
        "fa",
        psp() + "transmit = 'drive_post += W*g'\nplastic_synapse = '''\nW : 1\n"
        "g = 1 + {} : 1\ndW = eta*psi_post*third_factor_post : 1\n'''\n",
    ),
    "feedback": ("feedback", "bp", psp() + "layer_1_spike = 'h > 0.05 + {}'\n"),
    "label": ("int(labels(t) == i)", "fa", psp() + "spike = 'h > 0.05 + {}'\n"),
}


@pytest.mark.parametrize("kind", HEARD)
def test_a_test_is_as_if_nothing_had_been_taught(kind, tmp_path):
    heard, rule, source = HEARD[kind]
    if kind == "feedback":  # the output neurons have none
        source += "output_neuron = psp_neuron\n"
    taught = started(model_of(tmp_path, source.format(heard)), rule)
    alone = started(model_of(tmp_path, source.format("0.0")), rule)
    taught.run(IMAGES, LABELS, seed=1)
    state, step = taught.get_state(), taught.step
    gates = taught.learn_nothing
    outputs = {}
    for session in (taught, alone):
        session.set_state({name: state[name] for name in session.variables})
        session.step = step
        with session.evaluating():
            result = session.run(IMAGES[:4], LABELS[:4], seed=2, gates=gates)
            again = session.run(IMAGES[:4], 0 * LABELS[:4], seed=2, gates=gates)
        outputs[session] = result.output, again.output
    if kind != "label":  # it begins in the dark
        dark = np.zeros((1, 8))
        alone.set_state({name: state[name] for name in alone.variables})
        alone.step = step
        with alone.evaluating():
            alone.run(dark, [0], seed=0, gates=gates)
            first = alone.run(IMAGES[:4], LABELS[:4], seed=2, gates=gates)
            second = alone.run(IMAGES[:4], LABELS[:4], seed=2, gates=gates)
        outputs[alone] = first.output, second.output
    for found, expected in zip(*outputs.values(), strict=True):
        np.testing.assert_array_equal(found, expected)
    for name, value in taught.get_state().items():
        np.testing.assert_array_equal(value, state[name], name)
    # While it learns it does make a difference.
    assert taught.run(IMAGES, LABELS, seed=1).output.any()
    alone.set_state({name: state[name] for name in alone.variables})
    taught.set_state(state)
    taught.step = alone.step = step
    both = [s.run(IMAGES, LABELS, seed=1).output for s in (taught, alone)]
    assert not np.array_equal(*both)


def test_layers_that_do_not_learn_are_taught_nothing(tmp_path):
    """The usual control of the same model."""
    model = model_of(tmp_path, psp("b + drive + 2*third_factor"))
    session = started(model, "shallow", record={"layer_1.third_factor": True})
    result = session.run(IMAGES, LABELS, seed=1)
    assert not result.records["layer_1.third_factor"].values.any()


def test_what_is_not_stored_cannot_be_silenced(tmp_path):
    architecture = Architecture(
        (8, 6, 3), n_classes=3, engine="stock", evaluate_once=False
    )
    model = model_of(tmp_path, psp("b + drive + third_factor"))
    with pytest.raises(InputError, match="evaluate_once=False: layer 1 uses third_fac"):
        open_session(architecture, model, device="numpy")


def test_the_built_in_neurons_hear_nothing():
    assert started(model_of_nothing()).network.error_inputs == []


def model_of_nothing():
    from spikefa import load_model

    return load_model()
