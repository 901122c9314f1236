"""Whole programs of networks behind the shim: chunks, gates, seeds, resumption."""

import json

import numpy as np
import pytest
from spikefa.sims import mnist_spiking
from test_removed_synapses import follow
from tiny import SIZES as RATE_SIZES, open_tiny, randomize
from twin import (
    CHUNK_IMAGES,
    FORCED_MODEL,
    N_CLASSES,
    SIZES,
    STEPS_PER_IMAGE,
    Twin,
    open_forced,
    open_plain,
    recorded,
    stimuli,
)

from spikefa.devices.open import open_session
from spikefa.devices.session import RunInterrupted
from spikefa.equations.model import load_model
from spikefa.experiments.command_line import run_command
from spikefa.network.architecture import Architecture
from spikefa.network.feedback_grid import GRID_STEPS
from spikefa.training.initial_state import set_initial_state

pytestmark = [pytest.mark.compiles, pytest.mark.usefixtures("module_shim")]
RUNS = (1, 2, 5)
OTHER_RULES = ("bp", "dfa", "kp", "shallow")


@pytest.fixture(scope="module")
def forced(module_shim):
    with open_forced(engine="dense", device="cuda", recording=True) as session:
        yield session


@pytest.fixture(scope="module")
def plain(module_shim):
    with open_plain(engine="dense", device="cuda", recording=True) as session:
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


@pytest.mark.parametrize(
    "rule",
    [
        "sign",  # sums to the presynaptic side
        *(pytest.param(rule, marks=pytest.mark.slow) for rule in OTHER_RULES),
    ],
)
def test_every_rule_follows_the_oracle(rule, module_shim):
    with open_forced(rule, engine="dense", device="cuda", recording=True) as session:
        twin = Twin(session)
        images, labels = stimuli(4)
        twin.run(images, labels)
        twin.compare()


def test_same_state_and_seed_same_result(plain, monkeypatch):
    set_initial_state(plain, 1)
    start = plain.get_state()
    results = []
    for order, seed in enumerate((5, 5, 6)):
        monkeypatch.setenv("SHIM_SEED", str(order))  # threads in another order
        plain.restart()
        plain.set_state(start)
        plain.step = 0  # weights decay at multiples of a time
        results.append((show(plain, seed), plain.get_state()))
    (first, state), (again, same), (other, _) = results
    assert np.array_equal(first.output, again.output)
    assert all(np.array_equal(state[name], same[name]) for name in state)
    for name, recording in first.records.items():
        for part in ("t", "i", "values"):
            found = getattr(again.records[name], part)
            assert np.array_equal(found, getattr(recording, part)), (name, part)
    assert len(first.records["layer_1.spikes"].i) > 20
    assert not np.array_equal(first.output, other.output)


def test_a_resumed_session_goes_on_bit_for_bit(plain):
    set_initial_state(plain, 1)
    show(plain, 1)
    saved, step = plain.get_state(), plain.step
    show(plain, 2)
    expected = plain.get_state()
    set_initial_state(plain, 9)
    plain.set_state(saved)
    plain.step = step
    show(plain, 2)
    found = plain.get_state()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_one_program_makes_all_runs_as_new_ones_would(plain):
    def story(between):
        set_initial_state(plain, 1)
        seen = []
        for seed, n_images, gates in ((1, 4, None), (2, 6, [0] * 5), (3, 1, None)):
            result = show(plain, seed, n_images, gates=gates)
            seen += [result.output, *plain.get_state().values()]
            for recording in result.records.values():
                parts = (recording.t, recording.i, recording.values)
                seen += [part for part in parts if part is not None]
            between()
        return seen

    expected = story(plain.restart)
    show(plain, 9, 2)  # what is left of it on the card does not count
    first = plain._program.pid
    found = story(lambda: None)
    assert plain._program.pid == first
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


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


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["fa", "bp"])
def test_a_rate_network_is_that_of_numpy(rule, rate_network, module_shim):
    """Longer than a graph: one time step an example."""
    rng = np.random.default_rng(2)
    inputs, targets = rng.normal(size=(30, RATE_SIZES[0])), rng.normal(size=(30, 3))
    states, slowly = {}, {"eta": 0.02}  # so that rounding errors do not grow
    transfers, least = rate_network
    how = {"transfers": transfers, "parameters": slowly, "chunk": 30}
    for device, engine in (("numpy", "stock"), ("cuda", "dense")):
        with open_tiny(rule, device=device, engine=engine, **how) as session:
            before = randomize(session)
            result = session.run(inputs, targets, seed=1)
            states[device] = session.get_state() | {"output": result.output}
    for name, value in states["numpy"].items():
        np.testing.assert_allclose(
            states["cuda"][name], value, rtol=1e-5, atol=2e-6, err_msg=name
        )
    name = "forward_1.W"
    assert np.abs(states["cuda"][name] - before[name]).max() > least


@pytest.mark.slow
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
    with open_session(arch, model, device="cuda", record=recorded(SIZES)) as session:
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


@pytest.mark.slow
def test_removed_synapses_take_no_part(module_shim):
    follow(open_forced(engine="dense", device="cuda", sparse=True))


@pytest.mark.slow
def test_double_precision_follows_the_oracle_to_its_last_bits(module_shim):
    arch = Architecture(
        SIZES,
        n_classes=N_CLASSES,
        steps_per_image=STEPS_PER_IMAGE,
        chunk_images=CHUNK_IMAGES,
        precision="double",
    )
    with open_session(arch, load_model(FORCED_MODEL), device="cuda") as session:
        twin = Twin(session)
        twin.run(*stimuli(4))
        deviations = twin.compare()
    assert max(deviations.values()) < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("put_off", [7, 32])
def test_updates_wait_while_graphs_are_launched(put_off, module_shim, tmp_path):
    """Weights hardly decay: updates are made when there is no room for another one.

    A run is of sixty time steps.
    """
    path = tmp_path / "model.py"
    path.write_text(f"{FORCED_MODEL.read_text()}\ngamma = 1e-9\n")
    arch = Architecture(
        SIZES,
        n_classes=N_CLASSES,
        steps_per_image=STEPS_PER_IMAGE,
        chunk_images=CHUNK_IMAGES,
        put_off=put_off,
    )
    model = load_model(path)
    with open_session(arch, model, device="cuda", record=recorded(SIZES)) as session:
        assert session.network.forward[1].pending.capacity == put_off
        assert session.network.decay_period > put_off * STEPS_PER_IMAGE
        twin = Twin(session)
        for n_images in (CHUNK_IMAGES, 1, CHUNK_IMAGES):
            twin.run(*stimuli(n_images))
            twin.compare()


@pytest.mark.slow
def test_the_command_line_trains_and_resumes(tmp_path, trained):
    """A run in two parts ends with the weights of a run in one."""
    weights, error = trained(tmp_path / "two", resumed=True)
    expected, expected_error = trained(tmp_path / "one", resumed=False)
    assert error == expected_error
    assert set(weights) == set(expected)
    for name, value in expected.items():
        assert np.array_equal(weights[name], value), name


@pytest.fixture
def trained():
    """Train a tiny network from the command line."""

    def run(folder, resumed):
        tiny = "--quick --images 4 --test-images 2 --chunk-images 2 --device cuda"
        first = [*tiny.split(), "--out", str(folder)]
        parts = [[*first, "--epochs", "2"]]
        if resumed:
            parts = [
                [*first, "--epochs", "1"],
                ["--resume", "--epochs", "2", "--out", str(folder)],
            ]
        for part in parts:
            parser = mnist_spiking.build_parser()
            assert run_command(parser, mnist_spiking.main, part) == 0
        with np.load(folder / "checkpoint.npz") as stored:
            arrays = {name: stored[name] for name in stored.files if ".W" in name}
        assert arrays
        results = json.loads((folder / "results.json").read_text())
        assert results["device"] == "cuda"
        assert results["images_seen"] == 8
        return arrays, results["test_error_percent"]

    return run
