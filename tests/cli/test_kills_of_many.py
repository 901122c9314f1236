"""Several runs whose processes are killed at random end with the same bits."""

import fcntl
import os
import random
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from warm import Command

from spikefa.training.checkpoint_file import newest_checkpoint

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

SEEDS = (1, 2, 3)
OPTIONS = ("--quick", "--device", "numpy", "--layers", 8, "--data", "small.npz")
OPTIONS += ("--images", 60, "--chunk-images", 6, "--steps", 2, "--test-steps", 2)
OPTIONS += ("--test-images", 10, "--checkpoint-every", 6, "--runs", len(SEEDS))

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        for line in sys.stdin:
            pids = [nanny.pid for nanny in cluster.workers.values()]
            print(*(pid for pid in pids if pid), flush=True)
"""


@pytest.fixture
def expected(command, tmp_path):
    """Weights of runs one after the other, in this process; it has then all imports."""
    random = np.random.default_rng(1)
    parts = {f"x_{n}": random.integers(0, 256, (200, 4, 4)) for n in ("train", "test")}
    parts = {name: part.astype(np.uint8) for name, part in parts.items()}
    labels = {f"y_{n}": np.arange(200) % 10 for n in ("train", "test")}
    np.savez(tmp_path / "small.npz", **parts, **labels)
    outcome = command(*OPTIONS, "--out", "here")
    assert outcome.code == 0, outcome.err
    return weights(tmp_path / "here")


def weights(folder):
    return {
        seed: {
            name: array.tobytes()
            for name, array in newest_checkpoint(folder / f"seed-{seed}", print).arrays(
                "state/"
            )
        }
        for seed in SEEDS
    }


def wait_for_the_end(processes):
    """Wait until workers have ended, whose parent has."""
    deadline = time.monotonic() + 60
    while any(map(alive, processes)):
        assert time.monotonic() < deadline, "a worker trains on"
        time.sleep(0.02)


def alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_for_the_folders(folder):
    """Wait until no worker of a cluster writes to a folder any more."""
    deadline = time.monotonic() + 60
    for path in folder.glob("seed-*/.lock"):
        with open(path) as lock:
            while not is_free(lock):
                assert time.monotonic() < deadline, "a worker trains on"
                time.sleep(0.02)


def is_free(lock):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def kill_until_finished(how, others, folder, kills, moments, latest):
    """Kill processes at random moments, and go on; return how often that was."""
    killed, options, log = 0, OPTIONS, folder.with_suffix(".log")
    while not (folder / "results.json").exists():
        running = Command(log, *options, *how, "--out", folder.name)
        while killed < kills and not running.wait(moments.uniform(0, latest)):
            workers = running.workers
            victims = [*others(), *(w.pid for w in workers)]
            victims += [running.pid] * max(1, len(victims))  # it is half of the time
            killed += running.kill(moments.choice(victims))
            if not running.wait(0.2):
                continue  # a worker was killed
            wait_for_the_end(workers)
            break
        else:
            assert running.pid is None or running.wait(600)
        wait_for_the_folders(folder)
        assert "Traceback" not in log.read_text(), log.read_text()
        if (folder / "runs.json").exists():
            options = ("--resume",)
    return killed


def kill_many_times(how, others, expected, tmp_path, seed):
    """Kill what trains until that has been often enough; compare the weights."""
    moments, log = random.Random(seed), tmp_path / "log"
    for name in ("first", "alone"):  # workers of a cluster import at the first
        started = time.monotonic()
        assert Command(log, *OPTIONS, *how, "--out", name).wait(600)
        latest = time.monotonic() - started
        assert weights(tmp_path / name) == expected, log.read_text()
    kills, n, number = 0, 0, int(os.environ.get("SPIKEFA_KILLS", 100))
    while kills < number:
        folder, n = tmp_path / f"killed {n}", n + 1
        left = number - kills
        kills += kill_until_finished(how, others, folder, left, moments, latest)
        assert weights(folder) == expected
        with open(tmp_path.with_suffix(".kills"), "a") as file:
            print(f"{kills} kills, {n} folders, within {latest:.1f} s each", file=file)
    print(f"{kills} kills in {n} folders, all with the same bits")


def test_kills_of_workers_and_of_those_who_wait(expected, tmp_path):
    kill_many_times(("--workers", 2), list, expected, tmp_path, seed=1)


def test_kills_of_a_cluster_and_of_those_who_wait(expected, tmp_path):
    pytest.importorskip("distributed")
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as cluster:

        def workers():
            print(file=cluster.stdin, flush=True)
            return list(map(int, cluster.stdout.readline().split()))

        address = cluster.stdout.readline().strip()
        kill_many_times(("--cluster", address), workers, expected, tmp_path, seed=2)
