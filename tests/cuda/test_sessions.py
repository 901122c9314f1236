"""Whole programs of networks behind the shim: chunks, gates, seeds, resumption."""

import numpy as np
import pytest
from twin import (
    CHUNK_IMAGES,
    FORCED_MODEL,
    N_CLASSES,
    SIZES,
    STEPS_PER_IMAGE,
    Twin,
    open_forced,
    open_plain,
    stimuli,
)

from spikefa.architecture import GRID_STEPS, Architecture
from spikefa.devices import open_session
from spikefa.initial import set_initial_state
from spikefa.model import load_model
from spikefa.session import RunInterrupted

pytestmark = [pytest.mark.compiles, pytest.mark.usefixtures("module_shim")]
RUNS = (1, 2, 5)


@pytest.fixture(scope="module")
def forced(module_shim):
    with open_forced(engine="dense", device="cuda", watch=True) as session:
        yield session


@pytest.fixture(scope="module")
def plain(module_shim):
    with open_plain(engine="dense", device="cuda", watch=True) as session:
        yield session


def show(session, seed, n_images=4, **kwds):
    images, labels = stimuli(n_images)
    return session.run(images, labels, seed=seed, **kwds)


def test_chunks_follow_the_oracle(forced):
    twin = Twin(forced)
    images, labels = stimuli(sum(RUNS))
    before, start = forced.get_state(), 0
    for n_images in RUNS:
        here = slice(start, start + n_images)
        twin.run(images[here], labels[here])
        twin.compare()
        start += n_images
    after = forced.get_state()
    for layer in range(1, 5):
        name = f"forward_{layer}.W"
        assert np.abs(after[name] - before[name]).max() > 0.02, name


@pytest.mark.parametrize("gates", [(0, 0, 0, 0, 0), (1, 0, 1, 0, 1)])
def test_gates_are_obeyed(gates, forced):
    twin = Twin(forced)
    before = forced.get_state()
    images, labels = stimuli(3)
    if not gates[0]:
        twin.oracle.delta[4][...] = before["delta_4.delta"]
    twin.run(images, labels, gates=np.array(gates, bool))
    twin.compare()
    after = forced.get_state()
    for layer in range(1, 5):
        name = f"forward_{layer}.W"
        assert np.array_equal(after[name], before[name]) is not bool(gates[layer])


@pytest.mark.parametrize("rule", ["bp", "sign", "dfa", "shallow"])
def test_every_rule_follows_the_oracle(rule, module_shim):
    with open_forced(rule, engine="dense", device="cuda", watch=True) as session:
        twin = Twin(session)
        images, labels = stimuli(4)
        twin.run(images, labels)
        twin.compare()


def test_same_state_and_seed_same_result(plain):
    set_initial_state(plain, 1)
    start = plain.get_state()
    results = []
    for seed in (5, 5, 6):
        plain.set_state(start)
        results.append((show(plain, seed).output, plain.get_state()))
    (first, state), (again, same), (other, _) = results
    assert np.array_equal(first, again)
    assert all(np.array_equal(state[name], same[name]) for name in state)
    assert not np.array_equal(first, other)


def test_a_resumed_session_goes_on_bit_for_bit(plain):
    set_initial_state(plain, 1)
    show(plain, 1)
    saved = plain.get_state()
    show(plain, 2)
    expected = plain.get_state()
    set_initial_state(plain, 9)
    plain.set_state(saved)
    show(plain, 2)
    found = plain.get_state()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_an_evaluation_leaves_no_trace(plain):
    set_initial_state(plain, 1)
    before = plain.get_state()
    with plain.evaluating():
        show(plain, 3, gates=plain.learn_nothing)
        assert not np.array_equal(plain.get_state()["layer_1.h"], before["layer_1.h"])
    after = plain.get_state()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_an_interrupted_run_leaves_the_state(plain):
    set_initial_state(plain, 1)
    before = plain.get_state()
    plain.interrupt()
    with pytest.raises(RunInterrupted):
        show(plain, 3)
    after = plain.get_state()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_coarse_feedback_weights(module_shim):
    """Deltas are those of the integers times their step."""
    arch = Architecture(
        SIZES,
        n_classes=N_CLASSES,
        steps_per_image=STEPS_PER_IMAGE,
        chunk_images=CHUNK_IMAGES,
        engine="dense",
        feedback_bits=8,
    )
    model = load_model(FORCED_MODEL)
    with open_session(arch, model, device="cuda", watch=True) as session:
        twin = Twin(session)
        rng = np.random.default_rng(1)
        for layer in (1, 2, 3):
            name = f"feedback_{layer}.{GRID_STEPS}"
            steps = rng.integers(-127, 128, session.shapes[name])
            session.set_state({name: steps})
            twin.oracle.B[layer] = steps * (model["feedback_range"] / 127)
        images, labels = stimuli(3)
        twin.run(images, labels)
        twin.compare()
