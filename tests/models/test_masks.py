"""Masks: which synapses a model says there are."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, PSP, model_of, opened, started

from spikefa.errors import SpikefaError
from spikefa.training.connectivity import remove_connections

#: What would bring weights back if synapses were only weights of 0.
RESTLESS = PSP.format("b + drive") + 'decay = "W += 0.1*(0.5 - W)"\n'
ROWS, COLUMNS = np.ix_(range(8), range(6))


@pytest.mark.parametrize("engine", ["stock", "dense"])
@pytest.mark.parametrize("learn", ["", 'learn = "W += dW + 0.01"\n'])
def test_absent_synapses_stay_away(engine, learn, tmp_path):
    text = RESTLESS + learn + 'mask = "i % 2 == j % 2"\n'
    text += f"output_mask = {np.eye(5, 3).tolist()}\nfeedback_mask = 'i > j'\n"
    session = started(model_of(tmp_path, text), engine=engine)
    session.run(IMAGES, LABELS, seed=1)
    state = session.get_state()
    np.testing.assert_array_equal(state["forward_1.W"] != 0, ROWS % 2 == COLUMNS % 2)
    np.testing.assert_array_equal(state["forward_3.W"] != 0, np.eye(5, 3) != 0)
    i, j = np.ix_(range(5), range(6))
    np.testing.assert_array_equal(state["feedback_1.B"] != 0, i > j)
    session.set_state({"forward_1.W": np.ones((8, 6)), "feedback_1.B": 1})
    state = session.get_state()
    np.testing.assert_array_equal(state["forward_1.W"], ROWS % 2 == COLUMNS % 2)
    np.testing.assert_array_equal(state["feedback_1.B"], i > j)


def test_rows_and_columns_are_those_of_the_image(tmp_path):
    text = RESTLESS + 'layer_1_mask = "row_i == row_j and column_i <= column_j"'
    session = started(model_of(tmp_path, text), sizes=(9, 6, 3))
    present = session.get_state(["forward_1.present"])["forward_1.present"]
    i, j = np.ix_(range(9), range(6))  # 3 x 3 pixels; two rows of 3 neurons
    expected = (i // 3 == j // 3) & (i % 3 <= j % 3)
    np.testing.assert_array_equal(present, expected)
    assert "forward_2.present" not in session.shapes  # costs nothing where it is not


def test_random_masks_follow_from_the_seed(tmp_path):
    model = model_of(tmp_path, RESTLESS + 'mask = "rand() < 0.5"')
    masks = [
        started(model, seed=seed).get_state(["forward_1.present"]) for seed in (1, 1, 2)
    ]
    first, again, other = (mask["forward_1.present"] for mask in masks)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_synapses_are_removed_on_top(tmp_path):
    text = RESTLESS + 'mask = "i != j"\nfeedback_mask = "i != j"'
    session = started(model_of(tmp_path, text), sparse=True)
    remove_connections(session, 0.25, 1)
    session.run(IMAGES, LABELS, seed=1)
    there = session.get_state(["forward_1.W"])["forward_1.W"] != 0
    assert not there[ROWS == COLUMNS].any()
    assert 48 * 0.5 < there.sum() < 48 * 0.75


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('mask = "i < k"', "mask: 'i < k': unknown name 'k'"),
        ('mask = "i < N_prae"', "unknown name 'N_prae', did you mean|unknown name"),
        ('mask = "row_i == j"', "row_i: 8 pixels are no square image"),
        ("layer_2_mask = [[1, 0], [0, 1]]", "layer_2_mask: 2 x 2 values given, 6 x 5"),
        ("mask = 3", "mask: must be a condition of i and j, or an array"),
        ("masks = 'i == j'", "did you mean 'mask'"),
        ("layer_3_feedback_mask = 'i == j'", "nothing uses it|has no effect|no layer"),
        (f"layer_2_mask = {np.zeros((6, 5)).tolist()}", "leaves no synapse"),
        ('mask = "i < 5*ms"', "mask"),
    ],
)
def test_mistakes_are_named(line, reason, tmp_path):
    with pytest.raises(SpikefaError, match=reason):
        opened(model_of(tmp_path, RESTLESS + line))


def test_rules_without_feedback_synapses_refuse_their_mask(tmp_path):
    model = model_of(tmp_path, RESTLESS + "feedback_mask = 'i == j'")
    with pytest.raises(SpikefaError, match="feedback_mask: .* no feedback synapses"):
        opened(model, "bp")


@pytest.mark.parametrize("name", ["mask", "layer_1_mask"])
def test_a_mask_and_an_initial_value_of_the_same_synapses_are_refused(tmp_path, name):
    lines = f"{name} = 'i != j'\ninitial = {{'present': 'int(i < 4)'}}\n"
    line = f"{name}: initial 'present' says too which synapses of forward_1 there are"
    with pytest.raises(SpikefaError, match=line):
        opened(model_of(tmp_path, RESTLESS + lines))
    # Of other synapses they may be.
    lines = (
        f"feedback_{lines}" if name == "mask" else lines.replace("'p", "'forward_2.p")
    )
    started(model_of(tmp_path, RESTLESS + lines), sparse=True)
