"""Synapses that are not there, layers that do not learn, and phases of learning."""

import numpy as np
import pytest
import tiny

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import InputError
from spikefa.network.architecture import Architecture
from spikefa.training.connectivity import remove_connections
from spikefa.training.initial_state import set_initial_state
from spikefa.training.stages import gates_of


def show(session, n=10, seed=3, **kwds):
    rng = np.random.default_rng(seed)
    sizes = session.network.architecture.layer_sizes
    images = rng.uniform(0, 1, (n, sizes[0]))
    targets = rng.uniform(-1, 1, (n, sizes[-1]))
    if not session.network.architecture.vector_target:
        targets = rng.integers(0, session.network.architecture.n_classes, n)
    session.run(images, targets, seed=4, **kwds)
    return session.get_state()


def open_sparse(rule, rate, **kwds):
    if rate:
        return tiny.open_tiny(rule, sparse=True, parameters={"eta": 0.1, "gamma": 1e-3})
    sizes = Architecture((6, 5, 4, 6), n_classes=3, sparse=True, engine="stock", **kwds)
    return open_session(sizes, load_model().replace(eta=0.1), rule, device="numpy")


@pytest.mark.parametrize(
    ("rule", "rate"),
    [*((r, True) for r in ("fa", "dfa", "bp", "sign", "kp", "node")), ("fa", False)],
)
def test_removed_weights_stay_zero_and_the_others_learn(rule, rate):
    session = open_sparse(rule, rate)
    set_initial_state(session, 1)
    remove_connections(session, 0.5, seed=2)
    before = session.get_state()
    after = show(session)
    for name, value in after.items():
        group, variable = name.split(".")
        if variable == "W":
            gone = ~before[f"{group}.present"].astype(bool)
            assert gone.sum() == round(0.5 * gone.size)
            assert not value[gone].any()
            changed = value[~gone] != before[name][~gone]
            # Synapses of a spiking neuron that was silent learn nothing.
            assert changed.all() if rate else changed.any()
        elif variable == "B":
            assert np.count_nonzero(value == 0) == round(0.5 * value.size)
            if rule == "kp":
                assert np.array_equal(value == 0, before[name] == 0)
                assert (value != before[name])[value != 0].any()
            else:
                assert np.array_equal(value, before[name])


def test_nothing_removed_is_the_dense_network():
    sparse, plain = tiny.open_tiny("fa", sparse=True), tiny.open_tiny("fa")
    states = []
    for session in (sparse, plain):
        set_initial_state(session, 1)
        states.append(show(session))
    for name, value in states[1].items():
        assert np.array_equal(states[0][name], value), name


def test_forward_and_feedback_masks_are_independent():
    session = open_sparse("fa", True)
    set_initial_state(session, 1)
    remove_connections(session, 0.5, seed=2)
    state = session.get_state()
    W, B = state["forward_2.W"] != 0, state["feedback_1.B"] != 0
    assert not np.array_equal(W, B.T)
    assert not np.array_equal(W, ~B.T)


@pytest.mark.parametrize("fraction", [-0.1, 1.1])
def test_impossible_fraction_is_refused(fraction):
    session = open_sparse("fa", True)
    with pytest.raises(InputError, match="0 to 1"):
        remove_connections(session, fraction, seed=1)


def test_network_without_masks_is_refused():
    with pytest.raises(InputError, match="sparse=True"):
        remove_connections(tiny.open_tiny("fa"), 0.5, seed=1)


def test_own_learning_statement_holds_for_the_synapses_that_are_there(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('learn = "W += 2*phi_pre*dW"\n')
    sizes = Architecture((4, 3), vector_target=True, sparse=True, steps_per_image=1)
    rng = np.random.default_rng(1)
    changes = []
    for model in (load_model(path, rate=True), load_model(rate=True)):
        with open_session(sizes, model, "fa", device="numpy") as session:
            set_initial_state(session, 1)
            remove_connections(session, 0.5, seed=1)
            before = session.get_state(["forward_1.W"])["forward_1.W"]
            session.run(rng.random((1, 4)), np.ones((1, 3)), seed=1)
            after = session.get_state(["forward_1.W"])["forward_1.W"]
        rng = np.random.default_rng(1)
        np.testing.assert_array_equal(after == 0, before == 0)
        assert np.count_nonzero(before == 0) == 6
        changes.append(after - before)
    np.testing.assert_allclose(changes[0], 2 * changes[1], rtol=1e-3, atol=1e-7)


def learned_layers(before, after):
    """Return the layers whose weights and biases changed."""
    layers = []
    for layer in range(1, len(tiny.SIZES)):
        changed = [
            not np.array_equal(after[name], before[name])
            for name in (f"forward_{layer}.W", f"layer_{layer}.b")
        ]
        assert changed[0] == changed[1]
        layers += [layer] * changed[0]
    return layers


@pytest.mark.parametrize("frozen", [(), (1,), (1, 3)])
@pytest.mark.parametrize("rule", ["fa", "bp", "node"])
def test_frozen_layers_stay_as_they_are(rule, frozen):
    parameters = {"eta": 0.1, "gamma": 1e-3}
    session = tiny.open_tiny(rule, frozen=frozen, parameters=parameters)
    set_initial_state(session, 1)
    before = session.get_state()
    layers = learned_layers(before, show(session))
    assert layers == [layer for layer in (1, 2, 3) if layer not in frozen]


def test_freezing_a_layer_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="no layer 4"):
        tiny.open_tiny("fa", frozen=(4,))


def test_layers_learn_in_their_phases():
    session = tiny.open_tiny("fa", parameters={"eta": 0.1})
    set_initial_state(session, 1)
    before = session.get_state()
    for layers in ((1,), (2, 3), (1,), ()):
        after = show(session, gates=gates_of(session, layers))
        assert learned_layers(before, after) == list(layers)
        before = after


def test_phases_do_not_thaw_frozen_layers():
    session = tiny.open_tiny("fa", frozen=(1,))
    assert gates_of(session, (1, 2)).tolist() == [True, False, True, False]
    with pytest.raises(InputError, match="no layer 4"):
        gates_of(session, (4,))


def test_evaluation_does_not_learn_with_frozen_layers():
    session = tiny.open_tiny("fa", frozen=(1,))
    assert not session.learn_nothing.any()
    assert session.learn_everything.tolist() == [True, False, True, True]


def test_node_perturbation_of_spikes_is_refused():
    sizes = Architecture((2, 2), n_classes=2)
    with pytest.raises(InputError, match="rate networks only"):
        open_session(sizes, load_model(), "node", device="numpy")
