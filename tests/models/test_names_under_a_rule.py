"""Names that have no effect under a rule are named in a warning."""

import logging

import pytest
from small_models import model_of, opened, psp

from spikefa import Architecture, load_model, open_session
from spikefa.equations.parameters import replace_parameters


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING, logger="spikefa")
    return lambda: [r.getMessage() for r in caplog.records if r.name == "spikefa"]


GAIN = psp() + "gain = 2.0\nfeedback_synapse = '''\nB : 1 (constant)\n"
GAIN += "feedback_post = gain*B*third_factor_pre : 1 (summed)\n'''\n"


@pytest.mark.parametrize(
    ("source", "rule", "names"),
    [
        (psp(), "fa", []),
        (psp(), "bp", ["feedback_range"]),
        (
            psp() + "delta_neuron = 'delta = 2*feedback : 1'\n",
            "shallow",
            ["delta_neuron", "feedback_range"],
        ),
        (GAIN, "dfa", []),
        (GAIN, "bp", ["gain", "feedback_synapse", "feedback_range"]),
        (psp() + "decay_bias = 'b *= 1'\n", "fa", []),
        (psp() + "sparse_learn = 'W += 2*present*dW'\n", "fa", ["sparse_learn"]),
        (
            psp() + "learn = 'W += 2*dW'\nsparse_learn = 'W += 2*present*dW'\n"
            "kolen_pollack_learn = 'B += 2*dW'\n",
            "fa",
            [],
        ),
    ],
)
def test_what_has_no_effect_is_said(source, rule, names, tmp_path, said):
    opened(model_of(tmp_path, source), rule)
    lines = said()
    assert len(lines) == len(names)
    for name in names:
        expected = f"my_model.py: {name}: has no effect with rule '{rule}'"
        assert any(line.endswith(expected) for line in lines)


NOISY = """
noisy_input = "phi_noisy = 0.9*phi : 1"
noisy_neuron = '''
noise = noise_size*randn() : 1 (constant over dt)
h_noisy = b + 0.9*drive_noisy : 1
drive_noisy : 1
phi_noisy = phi_undisturbed + noise : 1
'''
transmit_noisy = "drive_noisy_post = 0.9*phi_noisy_pre*W : 1 (summed)"
reward = "reward_post = error_pre**2 - error_noisy_pre**2 : 1 (summed)"
perturbed_delta = "delta = clip(reward*noise, -1, 1) : 1"
"""


def test_all_strings_of_node_perturbation_are_used(tmp_path, said):
    path = tmp_path / "my_model.py"
    path.write_text(NOISY)
    transfers = ("logistic", "linear")
    sizes = Architecture((3, 2, 2), vector_target=True, transfers=transfers)
    model = load_model(path, rate=True)
    open_session(sizes, model, rule="node", device="numpy").close()
    assert said() == []


def test_parameters_that_are_set_are_said_too(said):
    model = replace_parameters(load_model(), {"feedback_range": "0.3", "eta": "0.01"})
    opened(model, "fa")
    assert said() == []
    opened(model, "bp")
    assert said() == [
        "models/three_factor.py: feedback_range: has no effect with rule 'bp'"
    ]
