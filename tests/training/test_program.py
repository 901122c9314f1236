"""A compiled program stays; whoever dies, nothing is lost and nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import psutil
import pytest
from small_task import fingerprint, open_compiled, settle, small_dataset

from spikefa import set_initial_state
from spikefa.devices.cpp import session as cpp_session
from spikefa.devices.session import RunInterrupted
from spikefa.errors import SpikefaError
from spikefa.training.evaluation import evaluate

DATA = small_dataset()


@pytest.fixture
def fresh(session):
    """The session at the start of a training, without a program."""
    session.clear_interrupt()
    if session._program is not None:
        session._program.close()
    session.step = 0
    set_initial_state(session, 1)
    return session


def show(session, n=10, seed=1, **kwds):
    return session.run(DATA.train_inputs[:n], DATA.train_labels[:n], seed=seed, **kwds)


def pid(session):
    return session._program.pid


def everything(result):
    arrays = [result.output]
    for recording in result.records.values():
        arrays += [recording.t, recording.i, recording.values]
    return [array for array in arrays if array is not None]


def story(session, between=lambda: None):
    """Runs of all kinds; return everything that can be seen of them."""
    seen = []
    for seed, n, gates, keep in (
        (1, 10, None, True),
        (2, 30, [1, 0, 1], True),
        (3, 7, None, False),
        (4, 1, [0, 0, 0], True),
        (5, 10, None, True),
    ):
        result = show(session, n, seed, gates=gates, keep_state=keep)
        between()
        seen += everything(result)
        seen += session.get_state().values()
    between()
    evaluation = evaluate(session, DATA.test_inputs, DATA.test_labels, seed=1)
    between()
    session.set_state({"forward_1.W": session.get_state()["forward_1.W"] / 2})
    seen += [evaluation.counts, *everything(show(session))]
    return [*seen, *session.get_state().values()]


def test_one_program_makes_all_runs_as_new_ones_would(fresh):
    expected = story(fresh, between=lambda: fresh._program.close())
    fresh._program.close()
    fresh.step = 0
    set_initial_state(fresh, 1)
    show(fresh, 3)  # what is left of it in memory does not count
    fresh.step = 0
    set_initial_state(fresh, 1)
    first = pid(fresh)
    found = story(fresh)
    assert pid(fresh) == first
    assert len(found) == len(expected) > 100
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def asked(fresh, monkeypatch):
    """Show some images; return the fields of all requests from then on."""
    show(fresh)
    requests, request = [], fresh._program.request

    def noted(fields):
        requests.append(fields)
        return request(fields)

    monkeypatch.setattr(fresh._program, "request", noted)
    return requests


def test_only_what_has_changed_is_written_and_read(fresh, asked):
    show(fresh)
    show(fresh, gates=fresh.learn_nothing, record=False)
    show(fresh)
    learning, testing, again = (
        [field for field in fields if "forward_1.W" in field] for fields in asked
    )
    assert [field.split(">")[0] for field in learning] == ["forward_1.W"]
    assert [field.split(">")[0] for field in again] == ["forward_1.W"]
    assert testing == []
    assert not any("feedback_1.B" in field for fields in asked for field in fields)


def test_an_evaluation_brings_back_only_what_it_has_changed(fresh, asked):
    before = fingerprint(fresh)
    evaluate(fresh, DATA.test_inputs, DATA.test_labels, seed=1)
    assert fingerprint(fresh) == before
    show(fresh)
    changed = [field for field in asked[-1] if "=state/" in field]
    assert any(field.startswith("layer_1.h=") for field in changed)
    assert not any(".W=" in field for field in changed)


def test_a_state_set_in_an_evaluation_is_forgotten_with_it(fresh):
    show(fresh)
    before = fingerprint(fresh)
    with fresh.evaluating():
        for _ in range(3):
            fresh.set_state({"forward_1.W": np.ones(fresh.shapes["forward_1.W"])})
            show(fresh)
    assert fingerprint(fresh) == before


def killed_in_a_run(session, kill):
    """Let something happen while the program runs; return the exception."""

    def wait_and_kill():
        while session._asked is None:
            time.sleep(0.001)
        kill()

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    with pytest.raises(SpikefaError) as raised, stopped(session):
        show(session, 30, seed=3)
    thread.join()
    return raised


@contextmanager
def stopped(session):
    """Hold the program, so that it does not end before it is killed."""
    os.kill(pid(session), signal.SIGSTOP)
    yield


def test_a_program_that_is_killed_in_a_run_costs_the_run_only(fresh):
    show(fresh)
    before, expected = fingerprint(fresh), [*everything(show(fresh, seed=3))]
    after = fingerprint(fresh)
    fresh._program.close()
    fresh.step = 0
    set_initial_state(fresh, 1)
    show(fresh)
    raised = killed_in_a_run(fresh, lambda: os.kill(pid(fresh), signal.SIGKILL))
    assert "exit code -9" in str(raised.value)
    assert fingerprint(fresh) == before
    for one, other in zip(everything(show(fresh, seed=3)), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert fingerprint(fresh) == after


def test_an_interrupted_run_leaves_the_state_and_no_process(fresh):
    show(fresh)
    before, process = fingerprint(fresh), psutil.Process(pid(fresh))
    raised = killed_in_a_run(fresh, fresh.interrupt)
    assert raised.type is RunInterrupted
    assert fingerprint(fresh) == before
    show(fresh)
    assert pid(fresh) != process.pid
    assert not process.is_running()


def again(session, before):
    """Make a run, then the same after something has happened; both show the same."""
    session.step = 0
    set_initial_state(session, 1)
    expected = everything(show(session))
    session.step = 0
    set_initial_state(session, 1)
    before()
    for one, other in zip(everything(show(session)), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_program_that_dies_between_runs_is_not_missed(fresh):
    again(fresh, lambda: os.kill(pid(fresh), signal.SIGKILL))


def test_a_thread_that_has_ended_takes_nothing_along(fresh):
    def show_in_a_thread():
        fresh._program.close()
        thread = threading.Thread(target=show, args=(fresh,), kwargs={"n": 3})
        thread.start()
        thread.join()
        fresh.step = 0
        set_initial_state(fresh, 1)

    again(fresh, show_in_a_thread)


def in_a_fork(function):
    """Call a function in a fork; return the exit code, 1 if it raised an error."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = function() or 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_has_a_program_of_its_own(fresh, tmp_path):
    show(fresh)
    first = pid(fresh)

    def run_elsewhere():
        settle(fresh, tmp_path)
        show(fresh)
        other = pid(fresh)
        fresh._program.close()
        return other == first

    assert in_a_fork(run_elsewhere) == 0
    show(fresh)
    assert pid(fresh) == first


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_uses_and_removes_nothing_of_its_parent(fresh):
    show(fresh)
    before, folder = fingerprint(fresh), sorted(fresh.run_dir.rglob("*"))
    state = fresh.get_state()

    def use_and_close():
        for use in (
            lambda: show(fresh),
            fresh.get_state,
            lambda: fresh.set_state(state),
            fresh.restart,
        ):
            with pytest.raises(SpikefaError, match="a fork: open one here"):
                use()
        fresh.close()

    assert in_a_fork(use_and_close) == 0
    assert (fingerprint(fresh), sorted(fresh.run_dir.rglob("*"))) == (before, folder)
    show(fresh)


def test_what_the_program_complains_of_ends_the_run(fresh):
    show(fresh)
    fresh._paths["layer_1.h"] = "state/gone"
    with pytest.raises(SpikefaError, match="state/gone"):
        show(fresh)
    assert not fresh._program.alive


def test_a_name_that_the_program_does_not_know_ends_the_run(fresh, monkeypatch):
    opened = fresh._opened
    monkeypatch.setattr(fresh, "_opened", lambda gates: [*opened(gates), "readout.nil"])
    with pytest.raises(SpikefaError, match=r"There is no readout\.nil"):
        show(fresh)


def test_a_closed_session_leaves_nothing():
    with open_compiled() as session:
        set_initial_state(session, 1)
        session.run(DATA.train_inputs[:2], DATA.train_labels[:2], seed=1)
        process, folder = psutil.Process(pid(session)), session.run_dir
    assert not process.is_running()
    assert not folder.exists()
    with pytest.raises(SpikefaError, match="the session is closed"):
        show(session)
    session.close()


SCRIPT = """
import os, signal, sys
sys.path.insert(0, {folder!r})
from small_task import open_compiled, small_dataset
from spikefa import set_initial_state
session = open_compiled()
set_initial_state(session, 1)
data = small_dataset()
session.run(data.train_inputs[:2], data.train_labels[:2], seed=1)
print(session._program.pid, flush=True)
{end}
"""


@pytest.mark.long
@pytest.mark.parametrize(
    "end",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        pytest.param("os._exit(0)", marks=pytest.mark.slow),
        pytest.param("pass", marks=pytest.mark.slow),
    ],
)
def test_a_process_that_ends_anyhow_takes_its_program_along(end):
    source = SCRIPT.format(folder=os.path.dirname(__file__), end=end)
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    number = int(done.stdout)
    deadline = time.monotonic() + 5
    while runs(number):
        assert time.monotonic() < deadline, "the program lives on"
        time.sleep(0.02)


def runs(number):
    """Whether there is such a process; one that nobody has waited for does not run."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_run_folders_of_other_machines_stay(tmp_path, monkeypatch):
    """A shared disk may have locks that only one machine sees."""
    for machine in ("here", "there", ""):
        folder = tmp_path / f"spikefa_run_{machine}"
        folder.mkdir()
        (folder / "lock").write_text(machine)
    monkeypatch.setattr(cpp_session, "_machine", lambda: "here")
    cpp_session._remove_abandoned(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"spikefa_run_there", "spikefa_run_"}
