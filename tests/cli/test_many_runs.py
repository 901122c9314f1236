"""Several seeds of one training: what each writes, and what all of them show."""

import json
import os
import signal
import time

import numpy as np
import psutil
import pytest
from spikefa.sims import mnist_spiking

from spikefa.experiments import many_runs
from spikefa.experiments.run import Stopped
from spikefa.training.checkpoint_file import newest_checkpoint

#: One pass over 200 images, in two chunks.
BRIEF = ("--quick", "--epochs", 1)


def results(folder):
    return json.loads((folder / "results.json").read_text())


def measured(folder):
    """All that does not depend on the machine."""
    found = results(folder)
    curve = [entry | {"ms_per_step": 0} for entry in found["learning_curve"]]
    return curve, found["final_evaluations"], found["at_start"]


def weights(folder):
    arrays = newest_checkpoint(folder, print).arrays("state/")
    return {name: array.tobytes() for name, array in arrays}


@pytest.mark.long
def test_each_seed_is_a_run_of_its_own(command, tmp_path):
    angles = ("--angle-images", 5)
    outcome = command(*BRIEF, *angles, "--runs", 2, "--seed", 3, "--out", "all")
    assert outcome.code == 0, outcome.err
    assert "(SEM " in outcome.out
    assert "after 200 images, 2 runs, tests of 5 steps" in outcome.out
    assert command(*BRIEF, *angles, "--seed", 4, "--out", "one").code == 0
    assert measured(tmp_path / "all" / "seed-4") == measured(tmp_path / "one")
    assert weights(tmp_path / "all" / "seed-4") == weights(tmp_path / "one")
    third, fourth = (results(tmp_path / "all" / f"seed-{seed}") for seed in (3, 4))
    together = results(tmp_path / "all")
    assert (together["seeds"], together["n_runs"]) == ([3, 4], 2)
    errors = [found["test_error_percent"] for found in (third, fourth)]
    assert errors[0] != errors[1]
    assert together["test_error_percent"] == pytest.approx(np.mean(errors))
    sem = abs(errors[0] - errors[1]) / 2  # of two
    assert together["sem"]["test_error_percent"] == pytest.approx(sem)
    (of,) = together["final_evaluations"]
    assert of["error_percent"]["all"] == errors
    assert of["error_percent"]["sem"] == pytest.approx(sem)
    for index, point in enumerate(together["learning_curve"]):
        points = [found["learning_curve"][index] for found in (third, fourth)]
        for name in ("images_seen", "online_error_percent"):
            mean = np.mean([p[name] for p in points])
            assert point[name] == pytest.approx(mean)
        angles = np.mean([p["feedback_angles"] for p in points], axis=0)
        assert point["feedback_angles"] == pytest.approx(angles)
    starts = [found["at_start"]["delta_angles"] for found in (third, fourth)]
    mean = np.mean(starts, axis=0)
    assert together["at_start"]["delta_angles"] == pytest.approx(mean)
    assert (tmp_path / "all" / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_runs_become_more_and_none_is_trained_twice(command, tmp_path, monkeypatch):
    assert command(*BRIEF, "--runs", 2, "--out", "x").code == 0
    before = weights(tmp_path / "x" / "seed-2")
    opened, experiment = [], mnist_spiking.experiment

    def watched(settings, run):
        if run.compiles:  # and is not only described
            opened.append(settings.seed)
        return experiment(settings, run)

    monkeypatch.setattr(mnist_spiking, "experiment", watched)
    assert command("--resume", "--runs", 3, "--out", "x").code == 0
    assert opened == [3]
    assert results(tmp_path / "x")["seeds"] == [1, 2, 3]
    assert weights(tmp_path / "x" / "seed-2") == before
    found = results(tmp_path / "x")
    assert command("--resume", "--out", "x").code == 0
    assert opened == [3]
    assert results(tmp_path / "x") == found


@pytest.mark.slow
def test_runs_go_on_from_their_checkpoints(command, tmp_path):
    assert command(*BRIEF, "--runs", 2, "--out", "x").code == 0
    assert command("--resume", "--epochs", 2, "--out", "x").code == 0
    assert results(tmp_path / "x")["images_seen"] == 400
    assert command("--quick", "--epochs", 2, "--seed", 2, "--out", "two").code == 0
    assert weights(tmp_path / "x" / "seed-2") == weights(tmp_path / "two")


def test_a_signal_stops_those_that_have_not_started_too(command, monkeypatch):
    started, experiment = [], mnist_spiking.experiment

    def stopped(settings, run):
        if not run.compiles:
            experiment(settings, run)
        started.append(settings.seed)
        raise Stopped(signal.SIGTERM, 0)

    monkeypatch.setattr(mnist_spiking, "experiment", stopped)
    outcome = command(*BRIEF, "--runs", 3, "--out", "x")
    assert outcome.code == 128 + signal.SIGTERM
    assert started == [1]
    assert "stopped; to go on: " in outcome.err
    assert outcome.err.rstrip().endswith("--resume --out x")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", 2], "--workers is for several runs: --runs N"),
        (["--cluster", "tcp://127.0.0.1:9"], "--cluster is for several runs"),
        (["--runs", 2, "--evaluate", "x"], "--evaluate is for a single run"),
        (["--runs", 2, "--resume", "--out", "x"], "needs the folder of several runs"),
        (["--runs", 0], "1 or more"),
        (["--runs", 2, "--images", 60_001], "60001 images asked for"),
    ],
)
def test_what_is_refused(command, options, words):
    quick = [] if "--resume" in options or "--evaluate" in options else ["--quick"]
    outcome = command(*quick, *options)
    assert outcome.code == 2
    assert words in outcome.err.splitlines()[-1]


def test_a_folder_of_other_runs_is_refused(command, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / many_runs.PLAN).write_text('{"settings": {}, "runs": 2}')
    for options in (["--runs", 2], []):
        outcome = command("--quick", *options, "--out", "x")
        assert outcome.code == 2
        assert "holds other runs" in outcome.err
    (tmp_path / "x" / many_runs.PLAN).write_text("{")
    outcome = command("--resume", "--out", "x")
    assert outcome.code == 2
    assert "is no plan of runs" in outcome.err


@pytest.mark.slow
def test_workers_and_a_cluster_compute_the_same(command, process, tmp_path):
    runs = (*BRIEF, "--runs", 2)
    assert command(*runs, "--out", "here").code == 0
    assert command(*runs, "--workers", 2, "--out", "workers").code == 0
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        # The experiment is then in a script, which the workers cannot import.
        running = process(*runs, "--cluster", address, "--out", "cluster")
        _, err = running.communicate(timeout=600)
        assert running.returncode == 0, err
    for name in ("workers", "cluster"):
        assert measured(tmp_path / name) == measured(tmp_path / "here"), name
        for seed in ("seed-1", "seed-2"):
            assert weights(tmp_path / name / seed) == weights(tmp_path / "here" / seed)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workers_stop_at_a_signal_and_can_go_on(process, command, tmp_path, number):
    brief = ["--quick", "--test-images", 10, "--evaluate-every", 10**6, "--runs", 2]
    running = process(*brief, "--epochs", 3000, "--workers", 2, "--out", "x")
    progress = [tmp_path / "x" / f"seed-{s}" / "progress.jsonl" for s in (1, 2)]
    for _ in range(1200):
        if all(path.exists() for path in progress):
            break
        assert running.poll() is None, running.communicate()
        time.sleep(0.1)
    time.sleep(2)
    if number == signal.SIGINT:  # as a terminal does
        for child in psutil.Process(running.pid).children(recursive=True):
            if child.name() != "main":  # the compiled programs are out of its reach
                os.kill(child.pid, number)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 128 + number
    assert "Traceback" not in err
    for path in progress:
        assert json.loads(path.read_text().splitlines()[-1])["event"] == "end"
    done = [newest_checkpoint(p.parent, print).meta["position"] for p in progress]
    longer = ["--epochs", max(position["chunk"] for position in done) // 2 + 1]
    assert command("--resume", *longer, "--out", "x").code == 0
    assert command(*brief[:-2], *longer, "--out", "y").code == 0
    assert weights(tmp_path / "x" / "seed-1") == weights(tmp_path / "y")
