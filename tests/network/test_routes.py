"""What rules and routes refuse, and where feedback weights are found."""

import numpy as np
import pytest

from spikefa import InputError, load_model, set_initial_state
from spikefa.devices.open import open_session
from spikefa.learning.routes import Chain, Forward, NoRoute
from spikefa.learning.rules import Rule
from spikefa.network.architecture import Architecture
from spikefa.training.alignment import feedback_weights, weights
from spikefa.training.connectivity import remove_connections

RULE = dict(name="mine", title="mine", reference="nobody", route=Chain())
SIZES = (6, 5, 4, 6)


def open_small(rule, **choices):
    architecture = Architecture(
        SIZES, n_classes=3, chunk_images=2, engine="stock", **choices
    )
    session = open_session(architecture, load_model(), rule, device="numpy")
    set_initial_state(session, 3)
    return session


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"route": "chian"}, "'chian'"),
        ({"route": Chain}, "route"),
        ({"learning_layers": "al"}, "'al'"),
        ({"learning_layers": "last"}, "learning_layers='last'"),
        ({"route": NoRoute()}, "NoRoute"),
        ({"name": ""}, "a name"),
        ({"title": None}, "a title"),
    ],
    ids=str,
)
def test_nonsense_is_refused_when_a_rule_is_made(change, named):
    with pytest.raises(InputError) as caught:
        Rule(**{**RULE, **change})
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rule_may_have_the_name_of_a_string():
    """What is wrong in its string is not said to be wrong in the string 'learn'."""
    rule = Rule(**{**RULE, "name": "learn", "route": Forward("mine")})
    model = load_model().replace(mine="feedback_pre = slope_post : 1 (summed)")
    with pytest.raises(Exception, match=r"mine: .*slope_post"):
        open_session(Architecture((4, 3, 2), n_classes=2), model, rule, device="cpp")


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("rule", ["bp", "sign", "kp", "shallow"])
def test_few_bits_are_for_fixed_feedback_weights(rule, bits):
    with pytest.raises(InputError, match="feedback_bits"):
        open_small(rule, feedback_bits=bits)


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("rule", ["fa", "dfa"])
def test_feedback_weights_are_returned_in_any_number_of_bits(rule, bits):
    session = open_small(rule, feedback_bits=bits)
    _, B = weights(session)
    above = {"fa": SIZES[2:], "dfa": SIZES[-1:] * 2}[rule]
    assert [b.shape for b in B] == list(zip(above, SIZES[1:], strict=False))
    largest = load_model()["feedback_range"]
    for b in B:
        assert 0.5 * largest < np.abs(b).max() <= largest * (1 + 1e-6)
        # The grid: whole multiples of a step.
        steps = b / largest * (2 ** (bits - 1) - 1)
        assert bits == 32 or np.abs(steps - steps.round()).max() < 1e-2


@pytest.mark.parametrize("rule", ["fa", "dfa", "sign", "kp"])
def test_the_feedback_weights_returned_are_those_that_errors_go_through(rule):
    """Of one step of a network at rest whose output error is known."""
    session = open_small(rule, feedback_bits=8 if rule in ("fa", "dfa") else 32)
    session.run(
        np.zeros((1, SIZES[0])), np.zeros(1), seed=1, gates=[True] + [False] * 3
    )
    W, B = weights(session)
    state = session.get_state()
    last, keep = len(SIZES) - 1, 0.1
    # Constant errors over the five steps, but for the first hidden layers' own past.
    sent = B[-1] if rule != "sign" else np.abs(B[-1]) * np.sign(W[-1].T)
    third = np.tanh(state[f"delta_{last}.delta"])
    if rule in ("sign", "kp"):  # as backpropagation does
        third = third * state[f"layer_{last}.psi"]
    arrived = state[f"delta_{last - 1}.delta"] / (1 - keep**5)
    np.testing.assert_allclose(arrived, third @ sent, rtol=0.05, atol=0.002)


@pytest.mark.parametrize(
    ("rule", "bits"),
    [("fa", 8), ("fa", 32), ("dfa", 8), ("dfa", 32), ("sign", 32), ("kp", 32)],
)
def test_removed_connections_are_gone_both_ways(rule, bits):
    session = open_small(rule, feedback_bits=bits, sparse=True)
    remove_connections(session, 0.5, seed=2)
    W, B = weights(session)
    for matrix in (*W, *B):
        assert np.count_nonzero(matrix == 0) >= matrix.size // 2
        assert np.count_nonzero(matrix) >= 0.4 * matrix.size


def test_rules_without_feedback_weights_return_none():
    for rule in ("bp", "shallow"):
        session = open_small(rule)
        assert feedback_weights(session) == {}
        assert weights(session)[1] is None


def presented(session, n, seed):
    """Show images of random pixels in as many runs as they need."""
    rng = np.random.default_rng(seed)
    for number in range(n // 2):
        images = rng.random((2, SIZES[0]))
        session.run(images, rng.integers(0, 3, 2), seed=number)


def test_kolen_pollack_feedback_follows_the_forward_weights():
    """B and W^T change alike, so their difference can only decay."""
    architecture = Architecture(SIZES, n_classes=3, chunk_images=2, engine="stock")
    model = load_model().replace(eta=0.5, gamma=0.0)
    session = open_session(architecture, model, "kp", device="numpy")
    set_initial_state(session, 3)
    (_, *before), B_before = weights(session)
    presented(session, 30, seed=1)
    (_, *after), B_after = weights(session)
    for W, W0, B, B0 in zip(after, before, B_after, B_before, strict=True):
        assert np.abs(W - W0).max() > 0.03
        np.testing.assert_allclose(B - B0, (W - W0).T, atol=1e-5)


def test_kolen_pollack_feedback_comes_into_line_where_weights_decay():
    architecture = Architecture(SIZES, n_classes=3, chunk_images=2, engine="stock")
    model = load_model().replace(eta=0.1, gamma=0.5)
    session = open_session(architecture, model, "kp", device="numpy")
    set_initial_state(session, 3)
    presented(session, 60, seed=1)
    (_, *W), B = weights(session)
    for forward, feedback in zip(W, B, strict=True):
        # e**-15 of the difference at the start is left after 300 steps.
        np.testing.assert_allclose(feedback, forward.T, atol=1e-5)
        assert np.abs(forward).max() > 1e-3
