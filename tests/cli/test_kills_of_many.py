"""Several runs whose processes are killed at random end with the same bits."""

import os
import random
import signal
import subprocess
import time
from contextlib import contextmanager

import psutil
import pytest

from spikefa.training.checkpoint_file import newest_checkpoint

pytestmark = pytest.mark.slow

SEEDS = (1, 2, 3)
OPTIONS = ("--quick", "--device", "numpy", "--layers", 8, "--images", 200)
OPTIONS += ("--chunk-images", 20, "--test-images", 10, "--evaluate-every", 100)
OPTIONS += ("--epochs", 4, "--checkpoint-every", 20, "--runs", len(SEEDS))


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


def finished(folder):
    return (folder / "results.json").exists()


def victims(running):
    """The process that was started, and its workers."""
    processes = psutil.Process(running.pid).children(recursive=True)
    return [running.pid, *(p.pid for p in processes if "popen_loky" in p.cmdline())]


def kill_until_finished(process, folder, how, kills, moments):
    """Kill a process at random moments, and go on; return how often that was."""
    killed, options = 0, OPTIONS
    while not finished(folder):
        running = process(*options, *how, "--out", folder.name)
        if killed < kills:
            with_luck = moments.uniform(0, 12)
            try:
                running.wait(with_luck)
            except subprocess.TimeoutExpired:
                os.kill(moments.choice(victims(running)), signal.SIGKILL)
                killed += 1
        _, said = running.communicate(timeout=600)
        assert "Traceback" not in said
        deadline = time.monotonic() + 60
        while any("spikefa" in line for line in held(folder)):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        if (folder / "runs.json").exists():
            options = ("--resume",)
    return killed


def held(folder):
    """Workers that still write to a folder."""
    for lock in folder.glob("seed-*/.lock"):
        try:
            process = psutil.Process(int(lock.read_text()))
            if process.status() != psutil.STATUS_ZOMBIE:
                yield " ".join(process.cmdline()) + " spikefa"
        except (ValueError, psutil.Error):
            continue


@contextmanager
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as found:
        yield found.scheduler_address


@pytest.mark.timeout(7200)
def test_a_hundred_kills_of_workers_and_of_those_who_wait(process, command, tmp_path):
    assert command(*OPTIONS, "--out", "here").code == 0
    expected, kills, n = weights(tmp_path / "here"), 0, 0
    moments = random.Random(1)
    number = int(os.environ.get("SPIKEFA_KILLS", 100))
    while kills < number:
        folder, n = tmp_path / f"killed {n}", n + 1
        how = ("--workers", 2)
        kills += kill_until_finished(process, folder, how, number - kills, moments)
        assert weights(folder) == expected
    print(f"{kills} kills in {n} folders, all with the same bits")


@pytest.mark.timeout(7200)
def test_kills_of_those_who_wait_for_a_cluster(process, command, tmp_path):
    assert command(*OPTIONS, "--out", "here").code == 0
    expected, moments = weights(tmp_path / "here"), random.Random(2)
    with cluster() as address:
        folder, how = tmp_path / "cluster", ("--cluster", address)
        number = int(os.environ.get("SPIKEFA_KILLS", 100)) // 5
        kills = kill_until_finished(process, folder, how, number, moments)
    assert weights(folder) == expected
    print(f"{kills} kills, all with the same bits")
