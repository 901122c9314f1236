"""Deltas beside those of backpropagation, against both of the NumPy oracle."""

from dataclasses import replace

import numpy as np
import pytest
import twin
from oracle import Oracle

from spikefa import load_model
from spikefa.training import comparison as comparison_module
from spikefa.training.comparison import Comparison, can_be_compared

N_IMAGES = 12


class Reference(Oracle):
    """Deltas of backpropagation for the activity and the error of the oracle."""

    def __init__(self, *args, **kwds):
        super().__init__(*args, **kwds)
        self.reference = {n: self._zeros(self.sizes[n]) for n in range(1, self.m)}

    def _sweep_backward(self, label):
        super()._sweep_backward(label)
        keep, above = self.dtype(1) - self.tau, self.delta[self.m]
        for layer in range(self.m - 1, 0, -1):
            back = self.W[layer + 1] @ (self.psi(layer + 1) * np.tanh(above))
            self.reference[layer] = keep * self.reference[layer] + self.tau * back
            above = self.reference[layer]


def degrees(a, b):
    """The angle between two vectors."""
    return np.degrees(np.arccos(a @ b / np.sqrt((a @ a) * (b @ b))))


def expected_of(both, images, labels):
    """What the oracle says: angles, and e^T W B e with its own sizes."""
    oracle, angles, cosines = both.oracle, [], []
    steps = twin.STEPS_PER_IMAGE
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        for t in range(number * steps, (number + 1) * steps):
            oracle.step(image, label, both.numbers(t), learning=set())
        hidden = range(1, oracle.m)
        angles.append([degrees(oracle.delta[n], oracle.reference[n]) for n in hidden])
        if oracle.rule not in ("fa", "dfa", "kp"):
            continue
        row = []
        for layer in hidden:
            source = oracle.m if oracle.rule == "dfa" else layer + 1
            W = np.linalg.multi_dot(
                [np.eye(oracle.sizes[layer])]
                + [oracle.W[n] for n in range(layer + 1, source + 1)]
            )
            B = oracle.B[layer + 1].T if oracle.rule == "kp" else oracle.B[layer]
            e = np.tanh(oracle.delta[source])
            row.append(np.cos(np.radians(degrees(W @ e, e @ B))))
        cosines.append(row)
    assert oracle.margin > 1e-6
    return np.array(angles), np.array(cosines)


def draw_steps(both):
    """Draw feedback weights that lie on a grid."""
    session, rng = both.session, np.random.default_rng(2)
    for name, shape in session.shapes.items():
        if name.endswith(".B_steps"):
            steps = rng.integers(-127, 127, shape, endpoint=True)
            session.set_state({name: steps})
            layer = int(name.split(".")[0].split("_")[1])
            both.oracle.B[layer] = steps * (
                session.network.model["feedback_range"] / 127
            )


def check(session, comparison):
    """Compare a measurement with the oracle, and the state with itself."""
    both = twin.Twin(session, oracle_class=Reference)
    draw_steps(both)
    images, labels = twin.stimuli(N_IMAGES)
    before = session.get_state()
    found = comparison.measure(session, images, labels, seed=3)
    assert session.step == 0
    for name, value in session.get_state().items():
        assert value.tobytes() == before[name].tobytes(), name
    angles, cosines = expected_of(both, images, labels)
    np.testing.assert_allclose(found.delta_angles, angles.mean(0), atol=1e-3)
    if len(cosines):
        np.testing.assert_allclose(found.teaching_cosines, cosines.mean(0), atol=1e-5)
        percent = 100 * (cosines > 0).mean(0)
        np.testing.assert_allclose(found.teaching_percent, percent)
    return found


@pytest.mark.parametrize(
    "rule",
    [
        "fa",
        "dfa",
        *(pytest.param(rule, marks=pytest.mark.slow) for rule in ("sign", "kp")),
    ],
)
def test_deltas_are_compared_with_those_of_backpropagation(rule):
    session = twin.open_forced(rule, device="numpy")
    with Comparison(session.network, N_IMAGES) as comparison:
        found = check(session, comparison)
    assert all(5 < angle < 175 for angle in found.delta_angles)
    # Weights alone do not say what sign-symmetric feedback sends.
    assert bool(found.teaching_cosines) == (rule != "sign")


def test_backpropagation_agrees_with_itself():
    """But for rounding: the same strings on the same numbers."""
    session = twin.open_forced("bp", device="numpy")
    twin.start_spiking(session)
    images, labels = twin.stimuli(N_IMAGES)
    with Comparison(session.network, N_IMAGES) as comparison:
        found = comparison.measure(session, images, labels, seed=3)
    assert max(found.delta_angles) < 1e-3
    assert not can_be_compared(session.network)


@pytest.mark.slow
@pytest.mark.compiles
def test_compiled_networks_and_small_feedback_weights(monkeypatch):
    monkeypatch.setattr(comparison_module, "SMALL", 0)
    session = twin.open_forced(device="numpy", feedback_bits=8)
    assert "feedback_1.B_steps" in session.shapes
    with Comparison(session.network, N_IMAGES) as comparison:
        assert hasattr(comparison.session, "build_dir")
        check(session, comparison)


def test_rules_that_have_nothing_to_compare():
    for rule, expected in (("fa", True), ("bp", False), ("shallow", False)):
        session = twin.open_forced(rule, device="numpy")
        assert can_be_compared(session.network) == expected


def test_what_is_wrong_with_a_model_is_said_once(caplog):
    model = load_model().replace(decay_bias="b *= 1 - gamma", gamma=1e-11)
    session = twin.open_plain(model=model, device="numpy")
    assert len(caplog.records) == 1
    with Comparison(session.network, 2):
        assert len(caplog.records) == 1


@pytest.mark.parametrize(("size", "expected"), [(40, "numpy"), (70, "cpp")])
def test_no_graphics_card_is_needed(size, expected):
    session = twin.open_plain(device="numpy")
    sizes = replace(session.network.architecture, layer_sizes=(784, size, 30))
    network = replace(session.network, architecture=sizes)
    for device in ("cuda", "cpp"):
        assert comparison_module._device(device, network).name == expected
