"""kill -9 at random moments costs nothing but time.

A fork of this process trains with the compiled network and writes a checkpoint after
every chunk, about half of its time. It is killed at a random moment and another fork
goes on from what it finds, until the training ends.
"""

import os
import random
import signal
import time
import traceback
from pathlib import Path

import psutil
import pytest
from small_task import fingerprint, settle, small_trainer

from spikefa.experiments.folder import locked_folder
from spikefa.training.checkpoint_file import NAME, RUN_KEYS, newest_checkpoint
from spikefa.training.resume import CheckpointCallback, restore

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

#: Seconds within which a kill comes; a training takes about this long.
LATEST = 0.5


def train(session, folder):
    """Train in a folder, from its checkpoint if there is one; return the exit code."""
    with locked_folder(folder):
        settle(session, folder)
        trainer = small_trainer(session)
        if (folder / NAME).exists() or list(folder.glob("checkpoint.prev*")):
            restore(trainer, newest_checkpoint(folder, lambda text: None))
        meta = dict.fromkeys(RUN_KEYS, "")
        trainer.train([CheckpointCallback(folder, meta, every_images=1)])
        (folder / "fingerprint").write_text(fingerprint(session))
        (folder / "curve").write_text(
            repr([e | {"ms_per_step": 0} for e in trainer.curve.to_json()])
        )
    return 0


def fork(session, folder):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = train(session, folder)
        except BaseException:
            (folder / "traceback").write_text(traceback.format_exc())
        finally:
            os._exit(code)
    return pid


def wait(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def train_with_kills(session, folder, moments):
    """Train to the end; return the number of kills."""
    kills = 0
    while True:
        pid = fork(session, folder)
        time.sleep(moments.uniform(0, LATEST))
        os.kill(pid, signal.SIGKILL)
        code = wait(pid)
        assert not (folder / "traceback").exists(), (folder / "traceback").read_text()
        assert code in (0, -signal.SIGKILL)
        if code == 0:
            return kills
        kills += 1
        if kills % 20 == 0:  # however slow the machine is, there is progress
            pid = fork(session, folder)
            time.sleep(2 * LATEST)
            os.kill(pid, signal.SIGKILL)
            if wait(pid) == 0:
                return kills


def kill_many_times(session, tmp_path, number, seed):
    reference = tmp_path / "reference"
    assert wait(fork(session, reference)) == 0
    expected = [(reference / name).read_text() for name in ("fingerprint", "curve")]
    moments, kills, runs = random.Random(seed), 0, 0
    while kills < number:
        folder = tmp_path / f"run {runs}"
        kills += train_with_kills(session, folder, moments)
        runs += 1
        found = [(folder / name).read_text() for name in ("fingerprint", "curve")]
        assert found == expected
    assert_no_orphans(tmp_path)
    return kills, runs


def assert_no_orphans(folder):
    """The compiled program dies with the process that started it."""
    time.sleep(0.2)
    for process in psutil.process_iter(["cwd"]):
        cwd = process.info["cwd"]
        assert cwd is None or not Path(cwd).is_relative_to(folder)


def test_some_kills(session, tmp_path):
    kill_many_times(session, tmp_path, 6, seed=1)


@pytest.mark.slow
def test_five_hundred_kills(session, tmp_path):
    kills, runs = kill_many_times(session, tmp_path, 500, seed=2)
    print(f"{kills} kills in {runs} runs, all resumed bit for bit")
