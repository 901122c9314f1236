"""Independent runs of an experiment, on the cores of this machine or on a cluster."""

import logging
import sys
from contextlib import contextmanager

from tqdm import tqdm

from ..errors import InputError, SpikefaError

__all__ = ["run_all"]


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
        What a job raises, or if there is no cluster at the address.
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
    with bar, _calling(workers, cluster) as call:
        results = []
        for result in call(function, jobs):
            if done:
                done(len(results), result)
            results.append(result)
            bar.update()
    return results


@contextmanager
def _calling(workers, cluster):
    """Yield a function that calls another one for every job."""
    if cluster is None and workers == 1:
        yield lambda function, jobs: (function(**job) for job in jobs)
        return
    from joblib import Parallel, delayed, parallel_config

    def call(function, jobs):
        parallel = Parallel(return_as="generator", pre_dispatch="all", batch_size=1)
        return parallel(delayed(_quietly)(function, job) for job in jobs)

    if cluster is None:
        with parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1):
            yield call
        return
    with _client(cluster), parallel_config(backend="dask", wait_for_workers_timeout=60):
        yield call


@contextmanager
def _client(address):
    try:
        from distributed import Client
    except ImportError:
        raise SpikefaError(
            "a cluster needs the package 'distributed': pip install spikefa[cluster]"
        ) from None
    try:
        client = Client(address, timeout=10, set_as_default=True)
    except (OSError, ValueError) as exc:
        raise InputError(f"no Dask scheduler at {address}: {exc}") from exc
    with client:
        client.register_plugin(_imports_brian())
        yield client


def _imports_brian():
    """Let workers import Brian2 before they start threads.

    It installs a handler for a signal, which only the main thread may do.
    """
    from distributed import WorkerPlugin

    class ImportsBrian(WorkerPlugin):
        def setup(self, worker):
            import brian2  # noqa: F401

    return ImportsBrian()


def _quietly(function, job):
    """Run a job in a process that may not have imported Brian2 yet."""
    from .command_line import quiet_brian

    quiet_brian()
    # The program that asks has read the data too, and said it.
    logging.getLogger("spikefa.datasets").setLevel(logging.ERROR)
    return function(**job)
