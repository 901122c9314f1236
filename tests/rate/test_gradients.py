"""Every learning rule against gradients that NumPy computes on its own."""

import numpy as np
import pytest
import tiny

from spikefa.errors import InputError
from spikefa.learning.rules import RULES

#: Float32 sums of up to 6 products of numbers below 1.
TOLERANCE = dict(rtol=1e-4, atol=1e-6)

NETWORKS = {
    "three-layers": ((5, 4, 6, 3), ("hyperbolic", "logistic", "linear")),
    "mnist-like": ((5, 4, 3), ("logistic", "logistic")),
    "linear": ((5, 4, 3), ("linear", "linear")),
    "quadratic": ((5, 7, 2), ("hyperbolic", "linear")),
}


def measured(rule, sizes, transfers, **kwds):
    session = tiny.open_tiny(rule, sizes, transfers, **kwds)
    state = tiny.randomize(session)
    x, target = tiny.example(sizes)
    output, found = tiny.learn(session, x, target, state)
    np.testing.assert_allclose(
        output, tiny.forward(state, x, transfers)[-1], **TOLERANCE
    )
    return session, state, x, target, found


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, **TOLERANCE, err_msg=name)


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint16, bool])
def test_whole_numbers_are_inputs_as_they_are(dtype):
    """Only a data set of images knows that 255 stands for 1."""
    x = np.array([3, 0, 1, 5, 2]).astype(dtype)
    with tiny.open_tiny("fa") as session:
        state = tiny.randomize(session)
        target = np.zeros((1, 3))
        output = session.run(x[np.newaxis], target, seed=1).output[0, 0]
        expected = tiny.forward(state, x.astype(float))[-1]
        np.testing.assert_allclose(output, expected, **TOLERANCE)
        with pytest.raises(InputError, match=r"whole numbers \(uint8\)"):
            session.run(x[np.newaxis].astype(np.uint8), target, seed=1)


@pytest.mark.parametrize("network", NETWORKS)
def test_backprop_descends_the_gradient_of_the_squared_error(network):
    sizes, transfers = NETWORKS[network]
    _, state, x, target, found = measured("bp", sizes, transfers)
    step = 1e-5
    for name, change in found.items():
        for index in np.ndindex(change.shape):
            sides = []
            for shift in (step, -step):
                value = state[name].copy()
                value[index] += shift
                sides.append(tiny.loss(state | {name: value}, x, target, transfers))
            slope = (sides[0] - sides[1]) / (2 * step)
            assert change[index] == pytest.approx(-slope, rel=1e-4, abs=1e-6)
    assert max(np.abs(change).max() for change in found.values()) > 0.05


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("rule", ["fa", "dfa", "sign", "kp", "bp"])
def test_rule_has_its_closed_form(rule, network):
    sizes, transfers = NETWORKS[network]
    _, state, x, target, found = measured(rule, sizes, transfers)
    delta = tiny.teaching_signals(rule, state, x, target, transfers)
    assert_same(found, tiny.changes(delta, state, x, transfers))


def test_rules_differ():
    """None of the closed forms above holds for two rules.

    From other weights: B of each rule has random numbers of its own.
    """
    sizes, transfers = NETWORKS["three-layers"]
    learned = [
        measured(rule, sizes, transfers)[-1]["forward_1.W"]
        for rule in ("fa", "dfa", "sign", "kp", "bp")
    ]
    for index, one in enumerate(learned):
        for other in learned[:index]:
            assert np.abs(one - other).max() > 0.01


def test_shallow_learning_leaves_all_but_the_last_layer():
    session, state, x, target, found = measured("shallow", tiny.SIZES, tiny.TRANSFERS)
    delta = {3: target - tiny.forward(state, x)[-1]}
    expected = tiny.changes(delta, state, x)
    assert not expected["forward_1.W"].any()
    assert_same(found, expected)
    assert not any("delta_1" in name for name in session.variables)


@pytest.mark.parametrize("network", NETWORKS)
def test_node_perturbation_rewards_noise_that_lowered_the_error(network):
    sizes, transfers = NETWORKS[network]
    size = 0.25
    session, state, x, target, found = measured(
        "node", sizes, transfers, parameters={"noise_size": size}
    )
    values = session.get_state()
    noise = {n: values[f"layer_{n}.noise"].astype(float) for n in range(1, len(sizes))}
    reward = tiny.loss(state, x, target, transfers) - tiny.loss(
        state, x, target, transfers, noise
    )
    delta = {layer: reward * xi / size**2 for layer, xi in noise.items()}
    assert_same(found, tiny.changes(delta, state, x, transfers))
    assert abs(reward) > 1e-3


def test_noise_has_the_size_asked_for():
    session = tiny.open_tiny("node", (2, 4000, 2), ("linear",) * 2)
    session.run(np.zeros((1, 2)), np.zeros((1, 2)), seed=3)
    noise = session.get_state()["layer_1.noise"]
    assert noise.mean() == pytest.approx(0, abs=5 * 0.1 / 4000**0.5)
    assert noise.std() == pytest.approx(0.1, rel=5 / 8000**0.5)


def test_node_perturbation_follows_the_gradient_on_average():
    sizes, transfers = (3, 4, 2), ("linear", "linear")
    n, eta = 2000, 2e-5  # the weights move by a small part of the gradient
    session = tiny.open_tiny("node", sizes, transfers, parameters={"eta": eta}, chunk=n)
    state = tiny.randomize(session)
    x, target = tiny.example(sizes)
    session.run(np.tile(x, (n, 1)), np.tile(target, (n, 1)), seed=2)
    after = session.get_state()
    delta = tiny.teaching_signals("bp", state, x, target, transfers)
    expected = tiny.changes(delta, state, x, transfers)
    a = np.concatenate([(after[k] - state[k]).ravel() for k in expected])
    b = np.concatenate([v.ravel() for v in expected.values()])
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.95
    assert np.linalg.norm(a) == pytest.approx(n * eta * np.linalg.norm(b), rel=0.2)


def test_all_rules_are_tested_here():
    assert set(RULES) == {"fa", "dfa", "bp", "sign", "kp", "shallow", "node"}
