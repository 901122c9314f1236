"""The check of a graphics card is content behind the shim, and finds faults."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from oracle import Oracle
from spikefa.sims.benchmarks import check_gpu, check_gpu_checks as checks
from spikefa.sims.benchmarks.check_gpu_numpy import replay, spike_deviations

from spikefa.experiments.command_line import run_command

#: What takes a second program, or long behind the shim.
LONG = {"reference", "resuming", "training"}


@pytest.fixture
def check(tmp_path, module_shim, capsys):
    """Run the command; return its code, its lines and its report."""

    def run(*options):
        argv = ["--quick", "--out", str(tmp_path), "--reference", "numpy", *options]
        code = run_command(check_gpu.build_parser(), check_gpu.main, argv)
        report = json.loads((tmp_path / "check_gpu.json").read_text())
        lines = capsys.readouterr().out.splitlines()
        return code, lines, {entry["check"]: entry for entry in report}

    return run


@pytest.mark.compiles
@pytest.mark.parametrize(
    "left_out", [LONG, pytest.param(set(), marks=pytest.mark.slow)]
)
def test_nothing_is_wrong_behind_the_shim(left_out, check):
    names = [name for name in checks.CHECKS if name not in left_out]
    code, lines, report = check("--only", *names)
    assert code == 0, lines
    assert list(report) == names
    assert len(lines) == len(names)
    outcomes = {name: entry["outcome"] for name, entry in report.items()}
    assert outcomes.pop("sanitizer") in ("left out", "ok")
    assert set(outcomes.values()) == {"ok"}
    assert report["kernels"]["found"]["forward_1.W"] < 1e-3
    assert report["speed"]["found"]["without records"]["ms_per_step"] > 0
    if not left_out:
        assert report["reference"]["found"]["forward_1.W"] < 1e-5


@pytest.mark.compiles
def test_a_wrong_kernel_is_found(check, monkeypatch):
    """What is expected is changed, instead of what is computed."""
    monkeypatch.setattr(checks, "ETA", 1.1 * checks.ETA)
    code, lines, report = check("--only", "kernels")
    assert code == 1
    assert report["kernels"]["outcome"] == "FAILED"
    assert "forward_1.W by" in lines[0]


def test_an_old_driver_ends_the_checks_before_anything_is_compiled(check, monkeypatch):
    monkeypatch.setenv("SHIM_DRIVER", "12040")
    code, lines, report = check()
    assert code == 1
    assert list(report) == ["environment"]
    assert lines[0].startswith("FAILED")
    assert "runs programs of CUDA 12.4 at most" in lines[0]


def test_no_option_that_the_command_does_not_have_is_suggested(check, monkeypatch):
    monkeypatch.setenv("SHIM_CARD", "")
    code, lines, _ = check("--only", "environment")
    assert code == 1
    assert lines[0].endswith("none found (CUDA_ERROR_NO_DEVICE)")


def test_one_program_at_a_time_is_on_the_card():
    """Some cards are for one process: others end before a check starts its own."""
    bench = check_gpu.Bench(check_gpu.QUICK, "cuda", "numpy", None)
    bench.leave_the_card()  # nothing is opened for it
    ended = []
    bench.session = SimpleNamespace(restart=lambda: ended.append("session"))
    bench.leave_the_card()
    assert ended == ["session"]


def test_an_unknown_check_is_refused(tmp_path, capsys):
    argv = ["--only", "everything", "--out", str(tmp_path / "out")]
    assert run_command(check_gpu.build_parser(), check_gpu.main, argv) == 2
    assert "unknown check: everything" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_replay_is_the_oracle():
    sizes, n_classes, rng = (5, 4, 3, 6), 3, np.random.default_rng(1)
    oracle = Oracle(sizes, n_classes, eta=0.1, gamma=0)
    state = {}
    for layer in range(1, 4):
        oracle.W[layer][...] = rng.normal(size=oracle.W[layer].shape)
        oracle.b[layer][...] = rng.normal(size=sizes[layer])
        state[f"forward_{layer}.W"] = oracle.W[layer].copy()
        state[f"layer_{layer}.b"] = oracle.b[layer].copy()
        state[f"layer_{layer}.h"] = oracle.h[layer].copy()
        if layer < 3:
            oracle.B[layer] = rng.normal(size=(sizes[layer + 1], sizes[layer]))
            state[f"feedback_{layer}.B"] = oracle.B[layer].copy()
            state[f"delta_{layer}.delta"] = oracle.delta[layer].copy()
    labels, spikes = rng.integers(0, n_classes, 12), [[], [], []]
    for label in labels:
        uniforms = [rng.random(size) for size in sizes[:-1]]
        oracle.step(rng.random(5), label, uniforms)
        for layer in range(3):
            spikes[layer].append(oracle.spikes[layer])
    after = replay(state, [np.array(part) for part in spikes], labels, 0.1, n_classes)
    for name, value in after.items():
        group, variable = name.split(".")
        expected = getattr(oracle, variable)[int(group.split("_")[1])]
        np.testing.assert_allclose(value, expected, rtol=1e-9, err_msg=name)


STEPS, NEURONS = 400, 90


def drawn(generator):
    """Spikes with random probabilities; the generator gives what they are held to."""
    rng = np.random.default_rng(3)
    probability = rng.uniform(0, 0.95, NEURONS) * (rng.random(NEURONS) > 0.2)
    probability = probability * rng.uniform(0.9, 1, (STEPS, NEURONS))
    return spike_deviations((generator(rng) < probability).astype(float), probability)


def test_independent_draws_pass():
    for seed in range(20):
        uniforms = np.random.default_rng(seed).random((STEPS, NEURONS))
        found = drawn(lambda rng, uniforms=uniforms: uniforms)
        assert max(map(abs, found.values())) < checks.UNLIKELY, found


@pytest.mark.parametrize(
    ("generator", "seen"),
    [
        pytest.param(lambda rng: np.full((STEPS, NEURONS), 0.5), "size", id="dead"),
        pytest.param(
            lambda rng: np.broadcast_to(rng.random(NEURONS), (STEPS, NEURONS)),
            "in time",
            id="the same in every step",
        ),
        pytest.param(
            lambda rng: np.broadcast_to(rng.random((STEPS, 1)), (STEPS, NEURONS)),
            "in space",
            id="the same for all neurons",
        ),
        pytest.param(
            lambda rng: 0.95 * rng.random((STEPS, NEURONS)), "number", id="biased"
        ),
        pytest.param(
            lambda rng: (rng.random(NEURONS) + 0.618 * np.arange(STEPS)[:, None]) % 1,
            "spread",
            id="too even",
        ),
    ],
)
def test_a_bad_generator_is_seen(generator, seen):
    assert abs(drawn(generator)[seen]) > checks.UNLIKELY
