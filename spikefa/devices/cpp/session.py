"""C++ standalone mode: one program, compiled once, that makes a run for every chunk.

Brian2 writes a program that holds the whole network; it stays in memory and is asked
for runs. A request sets number of steps, seed, gates, what is shown, and the state as
far as the program does not have it. What a run has changed of the state is written to
files, never to those of the state before: nothing is lost if the program or this
process dies at any moment, and another program goes on from the files.
"""

import errno
import fcntl
import os
import platform
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
from brian2 import NeuronGroup, StateMonitor, prefs
from brian2.devices.device import get_device

from ...brian import owned
from ...errors import MachineError, SpikefaError
from ...files import lock as lock_file
from ..cache import trim, using
from ..session import Session
from .main_loop import MainLoop
from .program import Program
from .project import compile_project

__all__ = ["StandaloneSession"]

_PREFIX = "spikefa_run_"
_FOLDERS = ("state", "results", "arguments")


class StandaloneSession(Session):
    """A compiled network and the folder that it runs in.

    Parameters
    ----------
    network : FeedbackNetwork
        Built while the standalone device is active.
    build_dir : path
        Where to compile. If it holds a build of the same network, nothing is
        compiled again.
    run_dir : path, optional
        Parent of the folder in which chunks run, removed on `close`; default: the
        folder for temporary files.

    Raises
    ------
    SpikefaError
        If there is no compiler or the project does not compile.
    """

    main_loop = MainLoop

    def __init__(self, network, build_dir, run_dir=None):
        super().__init__(network)
        self.build_dir = Path(build_dir)
        device = get_device()
        self._chunk = NeuronGroup(
            network.n_layers + 1 + len(network.records),
            "gate : 1\nstart : 1 (shared)\nsteps : integer (shared)\n"
            "seed : integer (shared)",
            name="chunk",
            dtype={"start": np.float64},  # holds integers to 2**53
        )
        owned(network.brian_network, self._chunk)
        for variable in self.variables.values():
            # Refractory neurons carry their last spike from one run to the next.
            variable.read_only = False
            device.array_cache[variable] = None
        self._recordings = _recordings(network)
        written = {
            f"{monitor.name}.{name}": monitor.variables[name]
            for monitor, names in self._recordings.values()
            for name in names
        }
        self.main_loop(network, self._chunk, self.variables | written).write()
        self._program, self._asked, self._launcher = None, None, ()
        #: Files of the state: now, to come back to, and what the program has in memory.
        self._paths, self._kept, self._held = {}, [], {}
        self._open = ExitStack()
        self._open.enter_context(using(self.build_dir))
        self._owner = None
        try:
            self._settle(Path(run_dir or tempfile.gettempdir()))
            with _writing_to(self.run_dir.parent):
                self._compile(device)
                zeros = {name: np.zeros(shape) for name, shape in self.shapes.items()}
                self._write_state(zeros)
        except BaseException:
            self.close()
            raise
        # The program does not know what no equation of the model asks for.
        self._used = set(device.timed_arrays)
        trim()

    def _settle(self, parent):
        """Make a folder to run in, which is of this process alone."""
        _remove_abandoned(parent)
        with _writing_to(parent):
            if os.statvfs(parent).f_flag & os.ST_NOEXEC:  # known before it is compiled
                raise PermissionError(errno.EACCES, "mounted so that no program runs")
            self.run_dir = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            self._owner = os.getpid()
            self._open.enter_context(_own(self.run_dir))
            for name in _FOLDERS:
                (self.run_dir / name).mkdir()

    def _check_owner(self):
        """Refuse what would use or change the files of another process."""
        if self._owner is None:
            raise SpikefaError("the session is closed")
        if self._owner != os.getpid():
            raise SpikefaError(
                f"the session is that of process {self._owner}, of which this one is "
                "a fork: open one here"
            )

    def _compile(self, device):
        compile_project(device, self.build_dir, self.run_dir)

    def environment(self):
        """Environment variables of the program.

        What would let OpenMP write to standard error in a run is left out.
        """
        inherited = {n: v for n, v in os.environ.items() if n != "OMP_DISPLAY_AFFINITY"}
        return inherited | prefs.devices.cpp_standalone.run_environment_variables

    def _complaint(self, said, errors, answered):
        """What is wrong, of all that the program has said: it is silent otherwise."""
        return f"{said}\n{errors}".strip()

    def get_state(self, names=None):
        self._check_owner()
        return {
            name: np.fromfile(
                self.run_dir / self._paths[name], self.variables[name].dtype
            ).reshape(self.shapes[name])
            for name in (self.variables if names is None else names)
        }

    def _write_state(self, state):
        self._check_owner()
        for name, value in state.items():
            path = self._free_path(name)
            self._held.pop(name, None)
            value = np.asarray(value, dtype=self.variables[name].dtype)
            value.ravel().tofile(self.run_dir / path)
            self._paths[name] = path

    def _free_path(self, name):
        """File for new values of a state variable, where no others are needed."""
        taken = {paths.get(name) for paths in (self._paths, *self._kept)}
        numbers = range(len(taken) + 1)
        return next(p for n in numbers if (p := f"state/{name}.{n}") not in taken)

    def close(self):
        if self._owner != os.getpid():  # closed, or of the process that has forked
            return
        self._owner = None
        if self._program is not None:
            self._program.close()
        shutil.rmtree(self.run_dir, ignore_errors=True)
        self._open.close()

    @contextmanager
    def _forgetting(self):
        before = self._paths, self._step
        self._kept.append(self._paths)
        self._paths = dict(self._paths)
        try:
            yield
        finally:
            self._kept.pop()
            self._paths, self._step = before

    def run(self, *args, **kwds):
        self._check_owner()
        before = self._paths, self._step
        try:
            with _writing_to(self.run_dir):
                return super().run(*args, **kwds)
        except BaseException:
            self._paths, self._step = before
            raise

    def _run(self, images, targets, seed, gates, keep_state):
        n = len(images)
        self._steps_shown = steps = n * self.network.architecture.steps_per_image
        places = self._places(n)
        shown = [
            field
            for stimulus, values in self._stimuli(images, targets, gates)
            if stimulus in self._used
            for field in self._show(stimulus, values, places)
        ]
        gate = gates.astype(self._chunk.variables["gate"].dtype)
        gate.tofile(self.run_dir / "arguments" / "gate")
        chunk = {"start": self._step, "steps": steps, "seed": seed % 2**31}
        chunk |= {"gate": "arguments/gate"}
        after = {name: self._free_path(name) for name in self._changed_by(gates)}
        seconds = self._ask(
            [f"chunk.{name}={value}" for name, value in chunk.items()]
            + shown
            + [f"{name}>{path}" for name, path in after.items()]
            + [f"{name}>results/{name}" for name in self._opened(gates)],
            after,
        )
        result = self._result(n)
        result.seconds = seconds
        if keep_state:
            self._paths = self._paths | after
            self._step += steps
        return result

    def _opened(self, gates):
        """Names of what the monitors record in a run."""
        for gate, (monitor, names) in self._recordings.items():
            if gate is None or gates[gate]:
                yield from (f"{monitor.name}.{name}" for name in names)

    def _ask(self, fields, after):
        """Ask the program for a run, after which files hold what it has in memory."""
        program = self._running()
        fields += [
            f"{name}={path}"
            for name, path in self._paths.items()
            if self._held.get(name) != path
        ]
        self._asked = program
        try:
            if self._interrupted:  # before there was anything to kill
                program.kill()
            try:
                seconds = program.request(fields)
            except SpikefaError:
                self._raise_if_interrupted()
                raise
            self._raise_if_interrupted()
            self._check_sizes(after)
        except BaseException:
            self._held = {}
            raise
        finally:
            self._asked = None
        self._held = self._paths | after
        return seconds

    def _running(self):
        """Return the program, started if it is not there, or not any more."""
        if self._program is None or not self._program.alive:
            if self._program is not None:
                self._program.close()
            self._held = {}
            self._program = Program(
                self.run_dir, self.environment(), self._complaint, self._launcher
            )
        return self._program

    def restart(self, *launcher):
        """Let a new program make the next run; the state stays.

        Parameters
        ----------
        *launcher : str
            A command that runs it, such as a debugger.
        """
        self._check_owner()
        if self._program is not None:
            # What a debugger has to say comes at the end.
            self._program.close(seconds=60 if self._launcher else 5)
        self._launcher = launcher

    def _check_sizes(self, paths):
        """Refuse a state that could not all be written."""
        for name, path in paths.items():
            item = np.dtype(self.variables[name].dtype).itemsize
            size, file = item * int(np.prod(self.shapes[name])), self.run_dir / path
            found = file.stat().st_size if file.exists() else 0
            self._check_written(name, found, size)

    def _stop_run(self):
        if program := self._asked:
            program.kill()

    def _show(self, stimulus, values, places):
        """Change the files of what is shown; return what lets the program read them."""
        rings, tables = stimulus.stored(values)
        files = {key: f"static_arrays/{stimulus.name}_{key}" for key in stimulus.arrays}
        for key, table in tables.items():
            table.tofile(self.run_dir / files[key])
        before_the_end = len(stimulus.values) - places[0]
        for key, rows in rings.items():
            if rows is None:  # memory that no file is read into costs nothing
                os.truncate(self.run_dir / files.pop(key), 0)
                continue
            with open(self.run_dir / files[key], "r+b") as ring:
                ring.seek(places[0] * rows[0].nbytes)
                rows[:before_the_end].tofile(ring)
                ring.seek(0)
                rows[before_the_end:].tofile(ring)
        return [f"{stimulus.name}_{key}<{file}" for key, file in files.items()]

    def _recorded(self, monitor, name):
        found = self._from_results(monitor, name)
        if isinstance(monitor, StateMonitor):
            expected = self._steps_shown * (1 if name == "t" else len(monitor.record))
        else:
            expected = self._from_results(monitor, "N").sum()  # one number
        self._check_written(f"{monitor.name}.{name}", len(found), expected)
        return found

    def _from_results(self, monitor, name):
        file = self.run_dir / "results" / f"{monitor.name}.{name}"
        return np.fromfile(file, monitor.variables[name].dtype)

    def _check_written(self, name, found, expected):
        """Brian2's programs do not notice that a disk is full."""
        if found != expected:
            raise MachineError(
                f"the compiled network could not write all of {name} to "
                f"{self.run_dir}; is the disk full?"
            )


def _recordings(network):
    """Monitors and what is read of them, by gate; the readout has none."""
    found = {None: (network.readout, list(network.readout.record_variables))}
    for name, monitor in network.monitors.items():
        variable = network.records[name].variable
        names = ["t", "i", "N"] if variable == "spikes" else ["t", variable]
        found[network.gates[monitor.name]] = monitor, names
    return found


@contextmanager
def _writing_to(folder):
    """Say in one line that something cannot be written, or is gone."""
    try:
        yield
    except FileNotFoundError as exc:
        raise MachineError(f"{exc.filename} was removed while it was in use") from exc
    except OSError as exc:  # those of NumPy have no words for it
        reason = exc.strerror or "is the disk full?"
        raise MachineError(
            f"cannot run the compiled network in {folder}: {reason}; TMPDIR names "
            "another folder"
        ) from exc


def _own(run_dir):
    """Lock a run folder for as long as this process lives, and say on which machine."""
    with ExitStack() as opened:
        # Without a buffer: what did not fit would be written again when it is closed.
        lock = opened.enter_context(open(run_dir / "locking", "wb", buffering=0))
        lock_file(lock, fcntl.LOCK_EX)
        lock.write(_machine().encode())
        os.rename(run_dir / "locking", run_dir / "lock")
        opened.pop_all()
    return lock


def _machine():
    """Name the running kernel: on shared disks locks may be those of one machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return platform.node()


def _remove_abandoned(parent):
    """Remove the run folders of processes that have ended without `close`."""
    for path in parent.glob(f"{_PREFIX}*/lock"):
        with suppress(OSError, ValueError), open(path, "r+") as lock:
            here = lock.read() == _machine()
            # In use, if this raises an error.
            if here and lock_file(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(path.parent, ignore_errors=True)
