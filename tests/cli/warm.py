"""Commands in forks of a process that has imported everything.

Importing Brian2 takes seconds, and workers do it too. Whoever kills at random would
hit little else. Here they start at once.
"""

import gc
import os
import runpy
import signal
import sys
import time
import traceback

import psutil
from joblib.externals.loky.backend import fork_exec, resource_tracker
from spikefa.sims import mnist_spiking

from spikefa.experiments import many_runs
from spikefa.experiments.command_line import run_command
from spikefa.experiments.run import Run


class Command:
    """A running ``mnist_spiking.py``, which draws nothing.

    Parameters
    ----------
    log : pathlib.Path
        What it says is added here.
    *options
    """

    def __init__(self, log, *options):
        resource_tracker.ensure_running()  # one for all
        gc.collect()
        gc.freeze()  # every run of a network looks for what can be freed
        self.pid = os.fork()
        if self.pid == 0:
            code = 99
            try:
                code = self._run(log, options)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)

    def _run(self, log, options):
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for standard in (1, 2):
            os.dup2(said, standard)
        sys.stdout, sys.stderr = (open(n, "w", closefd=False) for n in (1, 2))
        sys.modules["__main__"] = mnist_spiking
        fork_exec.fork_exec = _fork_worker
        Run.draw = many_runs.draw_runs = lambda *args, **kwds: None
        parser = mnist_spiking.build_parser()
        return run_command(parser, mnist_spiking.main, list(map(str, options)))

    def wait(self, seconds):
        """Return whether it has ended within some seconds."""
        deadline = time.monotonic() + seconds
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        self.pid = None
        return True

    @property
    def workers(self):
        """The processes that it has started to train in."""
        try:
            children = psutil.Process(self.pid).children()
            return [c for c in children if "tracker" not in " ".join(c.cmdline())]
        except psutil.Error:
            return []

    def kill(self, pid):
        """Kill it or a worker; return whether that was there."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


def _fork_worker(command, keep_fds, env=None):
    """What loky starts in a new interpreter, ``python -m MODULE ...``, in a fork."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        kept = {0, 1, 2, *map(int, keep_fds)}
        for descriptor in set(map(int, os.listdir("/proc/self/fd"))) - kept:
            try:
                os.close(descriptor)
            except OSError:  # that of the list itself
                pass
        os.environ.update(env or {})
        sys.argv = command[2:]
        runpy.run_module(command[2], run_name="__main__", alter_sys=True)
    except SystemExit as exc:
        code = exc.code or 0
    finally:
        os._exit(code)
