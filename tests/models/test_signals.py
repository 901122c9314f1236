"""The clock of the image: names that every string can use, and what begins with it."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, PSP, STEPS, model_of, opened, started

from spikefa.errors import SpikefaError

#: A neuron that writes down what it sees.
WATCHING = (
    PSP.format("b + drive")
    + '''
transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = phi*(1 - phi) : 1
seen = step_of_image + 10*int(new_image) + 100*int(training) : 1
"""
'''
)


def test_steps_count_from_the_first_of_an_image(tmp_path):
    session = started(model_of(tmp_path, WATCHING), record={"layer_1.seen": [0, 4]})
    seen = session.run(IMAGES[:3], LABELS[:3], seed=1).records["layer_1.seen"].values
    np.testing.assert_array_equal(seen[:, 0], [110, 101, 102, 103, 104] * 3)
    gates = session.learn_nothing
    result = session.run(IMAGES[:2], LABELS[:2], seed=1, gates=gates)
    seen = result.records["layer_1.seen"].values
    np.testing.assert_array_equal(seen[:, 1], [10, 1, 2, 3, 4] * 2)


def test_what_is_drawn_holds_for_an_image(tmp_path):
    neuron = "drive : 1\nb : 1\nkept : 1\nimages_seen : 1"
    source = WATCHING.replace("drive : 1\nb : 1", neuron)
    source += 'on_image = "kept = rand(); images_seen += 1"'
    record = {"layer_1.kept": True, "layer_1.images_seen": [0]}
    session = started(model_of(tmp_path, source), record=record)
    records = session.run(IMAGES[:4], LABELS[:4], seed=1).records
    kept = records["layer_1.kept"].values.reshape(4, STEPS, -1)
    assert (kept == kept[:, :1]).all()
    assert np.unique(kept).size == 4 * 6
    np.testing.assert_array_equal(
        records["layer_1.images_seen"].values[:, 0], np.repeat([1, 2, 3, 4], STEPS)
    )


@pytest.mark.parametrize(
    "own",
    [
        'spike = "h > training*0.05"\ntraining = 2.0',
        'reset = "new_image = 1; h = 0*new_image"',
        'psp_neuron = psp_neuron + "step_of_image : 1"',
    ],
)
def test_a_name_of_the_model_keeps_its_meaning(own, tmp_path):
    model = model_of(tmp_path, PSP.format("b + drive") + own)
    assert len(model.signals) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('spike = "h > 0.1*new_imgae"', "spike: .*did you mean 'new_image'"),
        ('on_imag = "h = 0"', "did you mean 'on_image'"),
        ('on_image = "hh = 0"', "on_image: sets 'hh', which is no variable"),
        ('layer_7_on_image = "h = 0"', "there is no layer 7"),
        ('initial = {"h": "0.1*int(training)"}', "nothing is shown yet, training"),
        ("on_image = 3", "on_image: must be a string"),
        ('gamma = "0.1*step_of_image"', "gamma: cannot change with time"),
        ("is_training = 3\nspike = 'h > is_training'", "it is what is shown"),
    ],
)
def test_mistakes_are_named(line, reason, tmp_path):
    with pytest.raises(SpikefaError, match=reason):
        opened(model_of(tmp_path, PSP.format("b + drive") + line))


def test_a_schedule_can_follow_the_clock(tmp_path):
    text = PSP.format("b + drive") + 'eta = "0.1*int(step_of_image == 4)"\n'
    text += 'decay = ""\ndecay_bias = ""\n'
    session = started(model_of(tmp_path, text), record={"layer_1.b": True})
    b = session.run(IMAGES, LABELS, seed=1).records["layer_1.b"].values
    changed = (np.diff(b, axis=0) != 0).any(axis=1)  # in steps 1, 2, ...
    assert changed.any()
    assert set(np.flatnonzero(changed) % STEPS) == {3}


def test_there_is_no_code_on_cuda(tmp_path):
    from spikefa.equations.check_names import check_on_cuda

    model = model_of(tmp_path, PSP.format("b + drive") + 'output_on_image = "h = 0"')
    with pytest.raises(SpikefaError, match="output_on_image: there is no code"):
        check_on_cuda(model)
