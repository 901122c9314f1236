"""Independent runs of an experiment, on the cores of this machine or on a cluster.

Whatever ends a run early, the others are asked to stop too, and write their
checkpoints, before the reason is raised. Workers end with the process that has started
them.
"""

import logging
import os
import pickle
import signal
import sys
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from functools import partial

import psutil
from tqdm import tqdm

from ..errors import InputError, MachineError
from ..training.stopping import SIGNALS, Interrupted, Stop, blocked

__all__ = ["run_all"]

#: Seconds between two looks at whether whoever has started a run is still there.
_INTERVAL = 0.5

#: Seconds that a run may take to write its checkpoint when its parent has gone.
_GRACE = 20


def run_all(
    function,
    jobs,
    *,
    workers=1,
    cluster=None,
    label="runs",
    file=None,
    show=True,
    done=None,
):
    """Call a function for every job, with a progress bar.

    Parameters
    ----------
    function : callable
        Of a module that the workers can import; what it returns depends on its
        arguments alone, so that results are the same wherever it runs.
    jobs : sequence of dict
        Keyword arguments of each call.
    workers : int, optional
        Processes on this machine; 1 stays in this process.
    cluster : str, optional
        Address of a Dask scheduler, whose workers are used instead.
    label : str, optional
        Name on the progress bar.
    file : file, optional
        Where the progress bar goes; default: standard error.
    show : bool, optional
        False: no progress bar, such as where each job has its own.
    done : callable, optional
        Called with the number of a job and its result, in their order.

    Returns
    -------
    results : list
        In the order of the jobs.

    Raises
    ------
    SpikefaError
        What a job raises, if there is no cluster at the address, or if a worker dies.
    Interrupted
        If a signal came; the jobs have stopped. A second one does not wait for them.
    """
    if workers < 1:
        raise InputError(f"workers must be 1 or more, got {workers}")
    file = file or sys.stderr
    bar = tqdm(
        total=len(jobs),
        desc=label,
        unit=" runs",
        file=file,
        disable=not show,
        dynamic_ncols=True,
        mininterval=0.5 if file.isatty() else 10,
    )
    call = _in_turn
    if cluster is not None:
        call = partial(_on_cluster, cluster)
    elif workers > 1:
        call = partial(_in_processes, workers)
    results = []
    with bar:
        for result in call(function, jobs):
            if done:
                done(len(results), result)
            results.append(result)
            bar.update()
    return results


def _in_turn(function, jobs):
    with Stop().active() as stop:
        for job in jobs:
            stop.check()
            yield function(**job)


# Outcomes of a job: its result, what it has raised, or that it was stopped.


def _outcome(function, job, stop):
    """Run a job in a process that may not have imported Brian2 yet."""
    from .command_line import quiet_brian

    quiet_brian()
    # The program that asks has read the data too, and said it.
    logging.getLogger("spikefa.datasets").setLevel(logging.ERROR)
    try:
        with stop.active():
            stop.check()
            return "result", function(**job)
    except Interrupted:
        return "stopped", None
    except BaseException as exc:
        return "error", exc if _can_be_sent(exc) else MachineError(repr(exc))


def _can_be_sent(exc):
    try:
        return bool(pickle.loads(pickle.dumps(exc)))
    except Exception:
        return False


def _results(outcomes, stop, stop_others):
    """Yield results in the order of the jobs; outcomes come in any order.

    If something else comes, the other jobs are stopped, and it is raised.
    """
    error, found, n = None, {}, 0
    for number, (kind, value) in outcomes:
        if kind == "stopped":
            value = MachineError("a run was stopped by a signal to its worker")
        if kind == "result":
            found[number] = value
        elif error is None and stop.number is None:
            error = value
            stop_others()
        while error is None and n in found:
            yield found.pop(n)
            n += 1
    if error is not None:
        raise error
    stop.check()


# Processes of this machine.


def _in_processes(workers, function, jobs):
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.backend import resource_tracker
    from joblib.externals.loky.process_executor import BrokenProcessPool

    resource_tracker.ensure_running()  # which unblocks signals when it starts
    # Not with their first job: this process may end before there is one.
    watched = {"initializer": _watch, "initargs": (os.getpid(),)}
    with (
        Stop().active() as stop,
        stop.stopping(_stop_processes),
        parallel_config("loky", n_jobs=workers, inner_max_num_threads=1, **watched),
    ):
        unordered = {"return_as": "generator_unordered"}
        parallel = Parallel(pre_dispatch="all", batch_size=1, **unordered)
        task, call = delayed(_in_process), uuid.uuid4().hex
        try:
            with blocked():
                outcomes = parallel(
                    task(n, function, job, call) for n, job in enumerate(jobs)
                )
            yield from _results(outcomes, stop, _stop_processes)
        except BrokenProcessPool as exc:
            stop.check()
            raise MachineError(
                "a worker has died: it was killed, or there was no memory left; "
                "--resume goes on from the checkpoints"
            ) from exc


def _stop_processes():
    """Ask the workers to stop, which are children of this process."""
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if any("popen_loky" in word for word in child.cmdline()):
                child.send_signal(signal.SIGTERM)


#: Of a worker: what stops its jobs, and the lock of the one under way.
_stop, _busy = Stop(patient=True), threading.Lock()


def _in_process(number, function, job, call):
    """Run a job in a worker; return its number and its outcome."""
    with _busy:
        _stop.renew(call)
        if signal.getsignal(signal.SIGTERM) != _note:  # its first job
            for sent in SIGNALS:
                signal.signal(sent, _note)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return number, _outcome(function, job, _stop)


def _note(number, frame):
    _stop(number)


def _watch(parent):
    """Let a worker end when the process that has started it has ended."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent):
    """Stop, and end this process, when its parent has ended."""
    while os.getppid() == parent:
        time.sleep(_INTERVAL)
    os.kill(os.getpid(), signal.SIGTERM)
    _busy.acquire(timeout=_GRACE)
    os._exit(1)


# Workers of a Dask cluster. The scheduler cannot be expected to import anything: it
# sees nothing but functions that are sent with their code, and bytes.


def _on_cluster(address, function, jobs):
    name = f"spikefa-{uuid.uuid4().hex}"
    with Stop().active() as stop, _client(address) as client:
        # Dask has it. It sends the code of a function that is in a script.
        from cloudpickle import dumps

        asked = Stop()
        futures = [
            client.submit(_task(), dumps((function, job)), key=f"{name}-{n}", retries=0)
            for n, job in enumerate(jobs)
        ]

        def stop_others():
            asked(signal.SIGTERM)
            client.run(_stop_tasks(), name, on_error="ignore")

        def outcomes():
            waiting = dict(enumerate(futures))
            while waiting:
                gone = client.status not in ("running", "connecting")
                for n in [n for n, f in waiting.items() if gone or f.done()]:
                    yield n, _received(waiting.pop(n), address)
                if stop.number is not None and asked.number is None:
                    stop_others()
                time.sleep(_INTERVAL / 5)

        with stop.stopping(_nothing):
            yield from _results(outcomes(), stop, stop_others)


def _nothing():
    """What happens at a signal: the loop that waits for results looks for it."""


def _received(future, address):
    """Return the outcome that a worker has sent, or what has become of it."""
    if future.status == "finished":
        with suppress(Exception):
            return pickle.loads(future.result(timeout=60))
    if future.status == "error":
        reason = f"a worker of the cluster has failed: {future.exception()!r}"
    else:
        reason = f"the Dask scheduler at {address} has gone"
    text = f"{' '.join(reason.split())}; --resume goes on from the checkpoints"
    return "error", MachineError(text)


def _task():
    def run(content):
        import pickle

        from spikefa.experiments.parallel import _in_thread

        return pickle.dumps(_in_thread(*pickle.loads(content)))

    return run


def _stop_tasks():
    def stop_tasks(name):
        from spikefa.experiments.parallel import _tasks

        for key, stop in list(_tasks.items()):
            if key.startswith(name):
                stop(15)

    return stop_tasks


#: What stops the tasks of a Dask worker, by their keys.
_tasks: dict[str, Stop] = {}


def _in_thread(function, job):
    """Run a job in a thread of a Dask worker; return its outcome."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    _tasks[key] = stop = Stop(patient=True)
    watch = threading.Thread(target=_stop_with, args=(worker, key), daemon=True)
    watch.start()
    try:
        return _outcome(function, job, stop)
    finally:
        del _tasks[key]


def _stop_with(worker, key):
    """Stop a task that nobody waits for any more."""
    while key in _tasks:
        state = worker.state.tasks.get(key)
        if state is None or state.state in ("cancelled", "released", "forgotten"):
            if stop := _tasks.get(key):
                stop(signal.SIGTERM)
            return
        time.sleep(_INTERVAL)


@contextmanager
def _client(address):
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "a cluster needs the package 'distributed': pip install spikefa[cluster]"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are raised
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as exc:
        raise InputError(f"no Dask scheduler at {address}: {exc}") from exc
    with client:
        try:
            client.wait_for_workers(1, timeout=60)
            client.register_plugin(_imports_brian())
        except Interrupted:
            raise
        except Exception as exc:
            reason = " ".join(str(exc).split()) or type(exc).__name__
            raise MachineError(
                f"the workers of the cluster at {address} cannot be used: {reason}"
            ) from exc
        yield client


def _imports_brian():
    """Let workers import Brian2 before they start threads.

    It installs a handler for a signal, which only the main thread may do.
    """
    from distributed import WorkerPlugin

    class ImportsBrian(WorkerPlugin):
        name = "spikefa-imports-brian"

        def setup(self, worker):
            import signal
            import threading

            set_handler = signal.signal
            if threading.current_thread() is not threading.main_thread():
                signal.signal = lambda *args: None  # a worker that is a thread
            try:
                import brian2  # noqa: F401
            finally:
                signal.signal = set_handler

    return ImportsBrian()
