"""Runs in this process, in several, and on a cluster."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from spikefa.errors import InputError, MachineError
from spikefa.experiments.parallel import run_all
from spikefa.training.stopping import Interrupted, stopping_on_signals


def square(x):
    return x * x, os.getpid()


def fail(x):
    if x == 2:
        raise InputError("two is not allowed")
    return x


JOBS = [{"x": x} for x in range(6)]


def test_results_come_in_the_order_of_the_jobs():
    bar = io.StringIO()
    results = run_all(square, JOBS, label="squares", file=bar)
    assert [value for value, _ in results] == [0, 1, 4, 9, 16, 25]
    assert {pid for _, pid in results} == {os.getpid()}
    assert "squares: 100%" in bar.getvalue()
    assert "6/6" in bar.getvalue()


def test_workers_are_other_processes():
    results = run_all(square, JOBS, workers=2, file=io.StringIO())
    assert [value for value, _ in results] == [0, 1, 4, 9, 16, 25]
    assert os.getpid() not in {pid for _, pid in results}


@pytest.mark.long
def test_cluster_has_the_same_results():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        results = run_all(
            square, JOBS, cluster=cluster.scheduler_address, file=io.StringIO()
        )
        with pytest.raises(InputError, match="two is not allowed"):
            run_all(fail, JOBS, cluster=cluster.scheduler_address, file=io.StringIO())
    assert [value for value, _ in results] == [0, 1, 4, 9, 16, 25]
    assert os.getpid() not in {pid for _, pid in results}


@pytest.mark.parametrize("workers", [1, 2])
def test_error_of_a_job_is_that_of_all(workers):
    with pytest.raises(InputError, match="two is not allowed"):
        run_all(fail, JOBS, workers=workers, file=io.StringIO())


def test_no_workers_are_refused():
    with pytest.raises(InputError, match="workers must be 1 or more"):
        run_all(square, JOBS, workers=0)


class Training:
    """Trains until it is stopped, and says in a folder how it has ended."""

    def __init__(self, folder, x):
        self.file, self.stopped = Path(folder) / str(x), threading.Event()
        self.stop = self.stopped.set

    def run(self):
        with stopping_on_signals(self) as stop:
            self.file.write_text(str(os.getpid()))
            while not self.stopped.wait(0.05):
                pass
        self.file.with_suffix(".saved").touch()
        stop.check()


def train(x, folder, what=None):
    """Train; the second of two waits for the first, and does something."""
    if x == 1 and what:
        while not (Path(folder) / "0").exists():
            time.sleep(0.05)
        what()
    Training(folder, x).run()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def refuse():
    raise InputError("one is not allowed")


def trainings(folder, what=None):
    return [{"x": x, "folder": str(folder), "what": what} for x in (0, 1)]


def test_an_error_lets_the_others_save_what_they_have(tmp_path):
    with pytest.raises(InputError, match="one is not allowed"):
        run_all(train, trainings(tmp_path, refuse), workers=2, file=io.StringIO())
    assert (tmp_path / "0.saved").exists()


def test_a_worker_that_is_killed_is_said_in_a_line(tmp_path):
    with pytest.raises(MachineError, match="a worker has died") as raised:
        run_all(train, trainings(tmp_path, die), workers=2, file=io.StringIO())
    assert raised.value.exit_code == 1


@pytest.fixture
def in_a_terminal():
    """Let SIGHUP end a program, as it does in a terminal: nohup has it ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("in_a_terminal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_signal_lets_all_save_what_they_have(number, workers, tmp_path):
    last = tmp_path / str(workers - 1)

    def send():
        while not last.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(Interrupted) as raised:
        run_all(train, trainings(tmp_path), workers=workers, file=io.StringIO())
    thread.join()
    assert raised.value.number == number
    assert len(list(tmp_path.glob("*.saved"))) == workers


ORPHANS = """
import sys
sys.path.insert(0, {here!r})
from test_runs import run_all, train, trainings
run_all(train, trainings({folder!r}), {how})
"""


def start(folder, how):
    """Start two trainings in another process; wait until they have started."""
    source = ORPHANS.format(
        here=str(Path(__file__).parent), folder=str(folder), how=how
    )
    running = subprocess.Popen([sys.executable, "-c", source], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 300
    while len(list(folder.glob("?"))) < 2:
        assert running.poll() is None, running.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return running


def saved(folder, seconds=60):
    """Wait until both trainings have saved what they have."""
    deadline = time.monotonic() + seconds
    while len(list(folder.glob("*.saved"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_workers_end_with_their_parent(tmp_path):
    running = start(tmp_path, "workers=2")
    workers = [psutil.Process(int(p.read_text())) for p in tmp_path.glob("?")]
    running.kill()
    running.communicate()
    saved(tmp_path)
    _, left = psutil.wait_procs(workers, timeout=60)
    assert not left


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_tasks_of_a_cluster_end_with_those_who_wait(cluster, tmp_path, number):
    running = start(tmp_path, f"cluster={cluster.scheduler_address!r}")
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    saved(tmp_path)
    if number == signal.SIGINT:
        assert b"Interrupted: stopped by signal 2" in said


@pytest.mark.slow
def test_a_scheduler_that_goes_is_missed(cluster, tmp_path):
    running = start(tmp_path, f"cluster={cluster.scheduler_address!r}")
    cluster.close()
    _, said = running.communicate(timeout=120)
    assert b"MachineError: the Dask scheduler at" in said
