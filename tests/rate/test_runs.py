"""Runs in this process, in several, and on a cluster."""

import io
import os

import pytest

from spikefa.errors import InputError
from spikefa.experiments.parallel import run_all


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
