"""Signals of reward: what every string sees of the outputs and their target."""

import numpy as np
import pytest
from small_models import IMAGES, LABELS, PSP, STEPS, model_of, opened, started

from spikefa import load_model, open_session
from spikefa.errors import SpikefaError
from spikefa.network.architecture import Architecture

USING = PSP.format("b + drive") + 'learn_step = "W += 0*error*correct"\n'
RECORD = {"layer_0.error": [3], "layer_1.correct": [0, 4], "layer_3.phi": True}
RECORD["delta_3.delta"] = True


@pytest.mark.parametrize("engine", ["stock", "dense"])
def test_rewards_are_those_of_the_step(engine, tmp_path):
    model = model_of(tmp_path, USING)
    session = started(model, engine=engine, record=RECORD, sizes=(8, 6, 5, 6))
    records = session.run(IMAGES, LABELS, seed=1).records
    found = {name: record.values for name, record in records.items()}
    mean_square = (found["delta_3.delta"] ** 2).mean(axis=1)
    np.testing.assert_allclose(found["layer_0.error"][:, 0], mean_square, rtol=1e-5)
    votes = found["layer_3.phi"].reshape(12 * STEPS, 3, 2).sum(axis=2)
    target = votes[np.arange(12 * STEPS), np.repeat(LABELS, STEPS)]
    right = target == votes.max(axis=1)
    assert 0 < right.sum() < right.size
    told = np.stack([right, right], axis=1)
    np.testing.assert_array_equal(found["layer_1.correct"], told)


def test_there_is_no_reward_in_tests(tmp_path):
    session = started(model_of(tmp_path, USING), record=RECORD)
    session.run(IMAGES, LABELS, seed=1)
    with session.evaluating():
        result = session.run(IMAGES, LABELS, seed=1, gates=session.learn_nothing)
    assert not result.records["layer_0.error"].values.any()
    assert not result.records["layer_1.correct"].values.any()


def test_networks_that_name_no_reward_have_none(tmp_path):
    text = (
        PSP.format("b + drive") + 'error_neuron = "delta = target - phi : 1  # error"'
    )
    network = started(model_of(tmp_path, text)).network
    assert not network.model.rewards
    names = {obj.name for obj in network.brian_network.sorted_objects}
    assert not [name for name in names if "outcome" in name or "told" in name]
    text += '\nreset = "error = 1; h = 0*error"'  # a name of its own
    assert not model_of(tmp_path, text, "own.py").rewards


def test_node_perturbation_and_vectors_refuse_them(tmp_path):
    path = tmp_path / "model.py"
    path.write_text('learn = "W += phi_pre*dW*correct"\n')
    model = load_model(path, rate=True)
    sizes = Architecture((4, 3, 4), n_classes=2, steps_per_image=1)
    with pytest.raises(SpikefaError, match="has a reward of its own"):
        open_session(sizes, model, "node", device="numpy")
    sizes = Architecture((4, 3, 4), vector_target=True, steps_per_image=1)
    with pytest.raises(SpikefaError, match="correct: there are no classes"):
        open_session(sizes, model, "fa", device="numpy")


def test_misspelt_rewards_are_named(tmp_path):
    text = PSP.format("b + drive") + 'learn_step = "W += 0.1*corect"'
    with pytest.raises(SpikefaError, match="corect', did you mean 'correct'"):
        opened(model_of(tmp_path, text))
