"""What the scripts of the rate figures write, and what it shows."""

from functools import partial

import numpy as np
import pytest
from scipy.io import savemat
from spikefa.sims import deep_nonlinear, linear, mnist_rate
from spikefa.sims.reproduce.rows import rows_of

from spikefa.datasets import load_dataset, regression as tasks

runtime = pytest.mark.usefixtures("numpy_codegen")


def assert_complete(done, seeds):
    """Check what every script has to write."""
    assert done.code == 0, done.stderr
    results = done.results
    assert results["seeds"] == seeds
    assert results["n_runs"] == len(seeds)
    assert results["command"]
    assert results["versions"]["brian2"]
    assert results["wall_seconds"] > 0
    assert (done.out / "figure.png").read_bytes().startswith(b"\x89PNG")
    for name, rows in done.arrays.items():
        assert np.isfinite(rows).all(), name
    assert str(done.out) in done.stdout


@pytest.fixture
def few_tests(monkeypatch):
    """Measure errors with few examples: Brian2 takes milliseconds for a step."""
    for name in ("linear_task", "teacher_task"):
        monkeypatch.setattr(tasks, name, partial(getattr(tasks, name), n_test=40))


@pytest.fixture
def short_linear(monkeypatch, few_tests):
    monkeypatch.setitem(linear.SCHEDULE, True, (20, 10))


@runtime
def test_linear_figure_shows_what_the_paper_shows(script, monkeypatch, few_tests):
    """NSE below 0.01 for FA and BP alike, node perturbation between, shallow not."""
    monkeypatch.setitem(linear.SCHEDULE, True, (600, 300))
    done = script("linear", "--quick", "--device", "numpy", "--runs", 1, "--seed", 3)
    assert_complete(done, [3])
    final = {k: r["final_nse_mean"] for k, r in done.results["learners"].items()}
    assert max(final["fa"], final["bp"]) < 0.01 < final["node"] < final["shallow"]
    assert final["shallow"] > 0.5
    angles = done.arrays["fa/angle"][0]
    assert 70 < angles[0] < 110
    assert angles[-1] < 45
    assert done.arrays["fa/alignment"][0, -1] > 0
    assert done.results["learners"]["fa"]["examples_to_goal"][0] <= 600


@pytest.mark.slow
@runtime
def test_linear_runs_repeat_bit_for_bit(script, short_linear):
    common = ("linear", "--quick", "--device", "numpy")
    first = script(*common, "--runs", 2, out="first")
    again = script(*common, "--runs", 2, out="again")
    other = script(*common, "--runs", 1, "--seed", 2, out="other")
    assert_complete(first, [1, 2])
    for name, rows in first.arrays.items():
        assert rows.shape[0] == 2
        assert np.array_equal(rows, again.arrays[name]), name
        # A run depends on its own seed, not on the runs before it.
        assert np.array_equal(rows[1:], other.arrays[name]), name
    assert not np.array_equal(*first.arrays["fa/nse"])


@pytest.mark.slow
@runtime
def test_linear_learners_start_alike_and_see_the_same(script, short_linear):
    done = script("linear", "--quick", "--device", "numpy", "--runs", 1)
    starts = {rule: done.arrays[f"{rule}/nse"][0, 0] for rule in linear.ETAS}
    assert len(set(starts.values())) == 1


@pytest.mark.slow
@runtime
def test_eta_of_one_learner_can_be_changed(script, short_linear):
    common = ("linear", "--quick", "--device", "numpy", "--runs", 1)
    plain = script(*common, out="plain").arrays
    faster = script(*common, "--eta", "fa=0.01", out="faster")
    assert faster.results["learners"]["fa"]["eta"] == 0.01
    assert not np.array_equal(plain["fa/nse"], faster.arrays["fa/nse"])
    assert np.array_equal(plain["bp/nse"], faster.arrays["bp/nse"])


@pytest.mark.slow
@runtime
def test_model_file_changes_the_rate_model(script, short_linear, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('third_factor = "third_factor = 2*delta : 1"\n')
    common = ("linear", "--quick", "--device", "numpy", "--runs", 1)
    plain = script(*common, out="plain").arrays
    mine = script(*common, "--model", path, out="mine")
    assert_complete(mine, [1])
    assert not np.array_equal(plain["bp/nse"], mine.arrays["bp/nse"])


@pytest.mark.slow
@runtime
def test_deep_figure(script, monkeypatch, few_tests):
    monkeypatch.setitem(deep_nonlinear.SCHEDULE, True, (60, 30))
    done = script("deep_nonlinear", "--quick", "--device", "numpy")
    assert_complete(done, [1, 2])
    results = done.results
    assert len(results["final_nse_mean_and_sem"]) == 6
    for tests in ("four_against_three", "four_against_frozen"):
        assert 0 <= results[tests]["fa"]["p_unpaired"] <= 1
    # The frozen network differs from the one that it is the control of.
    plain, frozen = (done.arrays[f"fa, four{name}/nse"] for name in ("", ", W0 frozen"))
    assert np.array_equal(plain[:, 0], frozen[:, 0])
    assert not np.array_equal(plain[:, -1], frozen[:, -1])


def test_t_tests_are_those_of_scipy():
    better, worse = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 3.5])
    found = deep_nonlinear.compare(better, worse)
    assert found["mean_difference"] == pytest.approx(7 / 6)
    # By hand: t = (7/6) / sqrt((1 + 13/12)/3), 4 degrees of freedom.
    assert found["p_unpaired"] == pytest.approx(0.2335, abs=2e-3)


@pytest.mark.slow
@pytest.mark.compiles
def test_quadratic_phases_and_workers_and_cluster(script):
    """The third phase learns and the first does not, wherever the runs run."""
    common = ("quadratic", "--quick", "--runs", 2)
    done = script(*common)
    assert_complete(done, [1, 2])
    before, one, two, three = (
        mean for mean, _ in done.results["nse_before_and_after_phases"]
    )
    assert one > before - 0.01
    assert three < two - 0.05
    here = done.arrays
    for name, elsewhere in run_elsewhere(script, common):
        arrays = elsewhere.arrays
        assert arrays.keys() == here.keys()
        for key, rows in here.items():
            assert np.array_equal(arrays[key], rows), (name, key)


def run_elsewhere(script, common):
    """Run a script in processes of its own, then on a Dask cluster."""
    yield "workers", script(*common, "--workers", 2, out="workers")
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        yield "cluster", script(*common, "--cluster", address, out="cluster")


@pytest.mark.long
@pytest.mark.compiles
def test_mnist_figure(script):
    done = script("mnist_rate", "--quick", "--runs", 1, "--learner", "fa")
    assert_complete(done, [1])
    (row,) = done.results["learners"].values()
    assert row["settings"]["images"] == 2000
    assert row["final_error_mean_and_sem"][0] < 40
    assert row["angle_last_mean_and_sem"][0] < 85
    assert done.arrays["fa/input_weights"].shape == (784, 1000)
    assert done.arrays["fa/test_error"].shape == (1, 2)


@runtime
def test_half_of_the_mnist_weights_can_be_removed(script):
    done = script(
        *("mnist_rate", "--quick", "--device", "numpy", "--hidden", 12),
        *("--images", 30, "--test-images", 20, "--passes", 1, "--runs", 1),
        *("--eta", "fa=0.001"),
    )
    assert_complete(done, [1])
    rows = rows_of("fig3a", "fig3a", done.results, "x")
    small = "hidden layers 12"
    assert [row.constants for row in rows] == [f"eta = 0.1, {small}", small, small]
    assert rows[0].hours == done.results["run_seconds"] / 3600
    assert list(done.results["learners"]) == list(mnist_rate.LEARNERS)
    zeros = {
        name: (done.arrays[f"{name}/input_weights"] == 0).mean()
        for name in mnist_rate.LEARNERS
    }
    assert zeros["fa, half removed"] == 0.5
    assert zeros["fa"] == zeros["bp"] == 0


@runtime
def test_search_does_not_see_the_test_images(script, monkeypatch):
    from spikefa.training import data

    tested = []
    hold_out = data.hold_out

    def watched(dataset, n):
        tested.append(hold_out(dataset, n))
        return tested[-1]

    monkeypatch.setattr(data, "hold_out", watched)
    monkeypatch.setattr(mnist_rate, "GRID", {"omega": (0.05, 0.1), "beta": (0.5,)})
    done = script(
        *("mnist_rate", "--search", "--quick", "--device", "numpy", "--hidden", 5),
        *("--images", 20, "--test-images", 10, "--runs", 1, "--learner", "bp", "fa"),
    )
    assert done.code == 0, done.stderr
    assert len(done.results["held_out_error_percent"]) == len(tested) == 4
    assert {len(dataset.train_labels) for dataset in tested} == {59_000}


@pytest.fixture
def house_numbers(tmp_path):
    """A folder of small files like those of SVHN."""
    rng = np.random.default_rng(3)
    for name, n in (("train_32x32.mat", 40), ("test_32x32.mat", 20)):
        pixels = rng.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
        labels = (np.arange(n, dtype=np.uint8) % 10 + 1)[:, np.newaxis]
        savemat(tmp_path / name, {"X": pixels, "y": labels})
    return tmp_path


@runtime
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mnist_rate", ("--hidden", 6, "--learner", "fa", "--passes", 1)),
        ("compare", ("--layers", 6, "--outputs-per-class", 2)),
    ],
)
def test_house_numbers_instead_of_mnist(name, options, script, house_numbers):
    done = script(
        *(name, "--quick", "--device", "numpy", "--runs", 1, *options),
        *("--images", 20, "--test-images", 20, "--dataset", "svhn"),
        *("--data", house_numbers),
    )
    assert_complete(done, [1])
    if name == "mnist_rate":
        assert done.arrays["fa/input_weights"].shape == (32 * 32, 6)


@runtime
def test_comparison(script):
    done = script(
        *("compare", "--quick", "--device", "numpy", "--layers", 6, "--images", 20),
        *("--test-images", 10, "--outputs-per-class", 2, "--evaluations", 2),
        *("--eta", "rate=0.03", "--feedback-bits", 8),
    )
    assert_complete(done, [1])
    networks, arrays = done.results["networks"], done.arrays
    assert done.results["images"] == "test"
    assert {kind: row["eta"] for kind, row in networks.items()} == {
        "spiking": 1e-3,
        "rate": 0.03,
    }
    assert arrays["rate/images"][0, -1] == 20
    # A rate is the same in every test; the first test of spikes is that of the curve.
    assert arrays["rate/final_error"][0] == arrays["rate/error"][0, -1]
    spikes = arrays["spiking/spikes_per_image"][0]
    assert networks["rate"]["operations_per_image"] == 784 * 6 + 6 * 20
    assert networks["spiking"]["operations_per_image"] == pytest.approx(
        spikes @ [6, 20]
    )
    inputs = np.minimum(load_dataset("mnist").test_inputs[:20], 0.95).sum(axis=1)
    assert spikes[0] == pytest.approx(5 * inputs.mean(), rel=0.05)
    assert 0 < spikes[1] < 5 * 6
    for row in networks.values():
        assert row["ms_per_image"] > 0 < row["ms_per_test_image"]
    spiking, rate = rows_of("compare", "compare", done.results, "x")
    assert spiking.constants == "eta = 0.001; B in 8 bits"
    assert rate.constants == "eta = 0.03; B in 8 bits"
    assert "4.82e+03 operations" in rate.ours
    assert (spiking.command, spiking.passes, rate.command) == ("x", "1", "")
    settings = done.results["settings"] | {"weight_bits": 16}
    found = done.results | {"settings": settings}
    spiking, rate = rows_of("compare", "compare", found, "x")
    assert spiking.constants.endswith("; B in 8 bits; W read in 16 bits")
    assert rate.constants == "eta = 0.03; B in 8 bits"


@pytest.mark.slow
@runtime
def test_each_kind_finds_its_eta_on_held_out_images(script, monkeypatch):
    from spikefa.sims import compare

    monkeypatch.setattr(compare, "GRID", (1e-2,))
    done = script(
        *("compare", "--quick", "--device", "numpy", "--layers", 6, "--images", 20),
        *("--test-images", 10, "--outputs-per-class", 2, "--search"),
    )
    assert done.code == 0, done.stderr
    assert done.results["settings"]["validation"] == 10_000
    assert sorted(done.results["held_out_error_percent"]) == [
        "rate, eta 0.01",
        "spiking, eta 0.01",
    ]
    for options in (["--eta", "rate=1"], ["--validation", 0]):
        refused = script("compare", "--search", *options, out="refused")
        assert refused.code == 2
        assert "--search tries its own --eta" in refused.stderr


@pytest.mark.parametrize("name", ["compare", "linear", "mnist_rate"])
def test_a_learning_rate_of_the_file_is_not_lost(name, script, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('eta = "0.1*0.5**passes(t)"\n')
    done = script(name, "--quick", "--runs", 1, "--model", path)
    assert done.code == 2
    last = done.stderr.splitlines()[-1]
    assert f"{path}: eta: each learner has its own here; give --eta" in last
