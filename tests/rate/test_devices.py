"""The same rate network on every engine and device, and the same run twice."""

import numpy as np
import pytest
import tiny

from spikefa.training.initial_state import set_initial_state

#: One layer with short rows of synapses and one with long ones, which the dense
#: engine treats in different ways, and no multiple of the four rows it does at once.
SIZES, TRANSFERS = (9, 37, 5), ("logistic", "linear")
N = 40

#: Float32 rounds to 6e-8, and sums of 37 products come in any order.
TOLERANCE = dict(rtol=2e-4, atol=2e-6)


def present(session, seed=3):
    """Show examples in which half of the inputs are zero."""
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(-1, 1, (N, SIZES[0])) * rng.integers(0, 2, (N, SIZES[0]))
    inputs[5] = 0  # nothing at all to do for the first layer
    targets = rng.uniform(-1, 1, (N, SIZES[-1]))
    result = session.run(inputs, targets, seed=4)
    return result.output, session.get_state()


def run(rule, sparse=False, **kwds):
    session = tiny.open_tiny(
        rule,
        SIZES,
        TRANSFERS,
        parameters={"eta": 1e-3 if rule == "node" else 0.05, "gamma": 1e-3},
        chunk=N,
        sparse=sparse,
        **kwds,
    )
    with session:
        set_initial_state(session, 1)
        tiny.randomize(session)
        return present(session)


def assert_close(found, expected):
    np.testing.assert_allclose(found[0], expected[0], **TOLERANCE)
    assert found[1].keys() == expected[1].keys()
    for name, value in expected[1].items():
        np.testing.assert_allclose(found[1][name], value, **TOLERANCE, err_msg=name)


@pytest.mark.long
@pytest.mark.compiles
@pytest.mark.parametrize("rule", ["fa", "bp"])
def test_dense_program_agrees_with_stock_brian2(rule):
    expected = run(rule, engine="stock")
    found = run(rule, engine="dense", device="cpp")
    assert_close(found, expected)
    again = run(rule, engine="dense", device="cpp")
    assert np.array_equal(again[0], found[0])
    for name, value in found[1].items():
        assert np.array_equal(again[1][name], value), name


@pytest.mark.slow
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("rule", ["fa", "dfa", "bp", "sign", "kp", "shallow"])
def test_every_rule_agrees_with_stock_brian2(rule, sparse):
    expected = run(rule, sparse, engine="stock")
    assert_close(run(rule, sparse, engine="dense", device="cpp"), expected)


@pytest.mark.slow
def test_dense_cython_agrees_with_stock_brian2():
    assert_close(run("fa", engine="dense"), run("fa", engine="stock"))


@pytest.mark.parametrize("rule", ["fa", "node"])
def test_a_run_repeats_bit_for_bit(rule):
    one, other = run(rule), run(rule)
    assert np.array_equal(one[0], other[0])
    for name, value in one[1].items():
        assert np.array_equal(value, other[1][name]), name


def test_seed_decides_the_noise_of_node_perturbation():
    session = tiny.open_tiny("node")
    x, target = tiny.example()
    noise = []
    for seed in (1, 1, 2):
        session.run(x[None], target[None], seed=seed, keep_state=False)
        session.run(x[None], target[None], seed=seed)
        noise.append(session.get_state()["layer_1.noise"])
    assert np.array_equal(noise[0], noise[1])
    assert not np.array_equal(noise[0], noise[2])


def test_nothing_is_kept_from_one_example_to_the_next():
    """tau = 1: without learning, outputs depend on the example alone."""
    session = tiny.open_tiny("fa")
    tiny.randomize(session)
    inputs = np.random.default_rng(2).uniform(-1, 1, (6, tiny.SIZES[0]))
    targets = np.zeros((6, tiny.SIZES[-1]))
    kwds = dict(seed=1, gates=session.learn_nothing)
    forwards = session.run(inputs, targets, **kwds).output
    backwards = session.run(inputs[::-1], targets, **kwds).output
    assert np.array_equal(forwards, backwards[::-1])


def test_weights_decay_by_eta_gamma_for_each_example():
    nothing = {"learn": "W += 0*phi_pre", "learn_bias": "b += 0*psi"}
    session = tiny.open_tiny(
        "fa", parameters={"eta": 0.1, "gamma": 0.1} | nothing, chunk=30
    )
    before = tiny.randomize(session)
    session.run(np.ones((30, tiny.SIZES[0])), np.ones((30, tiny.SIZES[-1])), seed=1)
    after = session.get_state()
    for layer in (1, 2, 3):
        for name in (f"forward_{layer}.W", f"layer_{layer}.b"):
            expected = before[name] * (1 - 0.01) ** 30
            # exp(-x) instead of 1 - x, with x = eta gamma, differs by x / 2 per step.
            np.testing.assert_allclose(after[name], expected, rtol=2e-3)


def test_without_biases_there_are_none():
    session = tiny.open_tiny("fa", biases=False, parameters={"gamma": 1e-3})
    set_initial_state(session, 1)
    x, target = tiny.example()
    session.run(x[None], target[None], seed=1)
    state = session.get_state()
    assert not any(state[f"layer_{layer}.b"].any() for layer in (1, 2, 3))
