"""C++ standalone mode: one program, compiled once and run again for every chunk.

Brian2 writes a program that holds the whole network. Every chunk is a new run of it:
state, seed, number of steps and gates arrive as Brian2 run arguments
(``group.variable=file``), images and labels as its static arrays, and the state is
read back from the results on disk. Two folders of results take turns, so an interrupted
run leaves those of the one before.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from brian2 import NeuronGroup, prefs
from brian2.devices.device import get_device

from ..errors import SpikefaError
from .brian_internals import order_of_clocks, with_arguments
from .cache import trim, using
from .cpp_project import compile_project
from .session import Session

__all__ = ["StandaloneSession"]

_FOLDERS = ("results_a", "results_b")
_EVALUATION_FOLDER = "results_evaluation"
_PREFIX = "spikefa_run_"


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

    #: C++ that seeds the random numbers; ``{seed}`` is the name of the array.
    seeding = (
        "for (int _i = 0; _i < {threads}; _i++)\n"
        "    brian::_random_generators[_i].seed({seed}[0] + _i);"
    )

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
        for variable in self.variables.values():
            # Refractory neurons carry their last spike from one run to the next.
            variable.read_only = False
            device.array_cache[variable] = None
        self._write_program(device)
        self._open = ExitStack()
        self._open.enter_context(using(self.build_dir))
        self._compile(device)
        self._files = {var: device.get_array_filename(var) for var in device.arrays}
        self._files |= {
            var: device.get_array_filename(var) for var in device.dynamic_arrays_2d
        }
        # The program does not know what no equation of the model asks for.
        self._used = set(device.timed_arrays)
        self._process = None
        _remove_abandoned(Path(run_dir or tempfile.gettempdir()))
        self.run_dir = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=run_dir))
        self._owned = _own(self.run_dir)
        _install(self.build_dir, self.run_dir)
        trim()
        self._folders = _FOLDERS
        self._paths = {}
        self.set_state({name: np.zeros(shape) for name, shape in self.shapes.items()})

    def _compile(self, device):
        compile_project(device, self.build_dir)

    def _environment(self):
        """Environment variables of the program."""
        return os.environ | prefs.devices.cpp_standalone.run_environment_variables

    def _complaint(self, text):
        """What is wrong, of all that the program has said: it is silent otherwise."""
        return text.strip()

    def _adapt(self, lines):
        """Change the lines of the program that list what is run in a time step."""
        return lines

    def _write_program(self, device):
        """Let the program take start, length, seed and gates from ``chunk``."""
        net, model = self.network.brian_network, self.network.model
        device.apply_run_args()
        array = {
            name: device.get_array_name(self._chunk.variables[name])
            for name in ("gate", "start", "steps", "seed")
        }
        threads = max(1, prefs.devices.cpp_standalone.openmp_threads)
        seeding = self.seeding.format(seed=array["seed"], threads=threads)
        device.insert_code("main", seeding)
        # The program dies with this process, however that ends.
        device.insert_code("before_start", "prctl(PR_SET_PDEATHSIG, SIGKILL);")
        dt = float(model["dt"])
        net.run(dt * model["dt"] / dt, namespace={})
        queue = device.main_queue
        order_of_clocks(queue, queue.index(("insert_code", seeding)) + 1)
        (lines,) = [run[1] for kind, run in queue if kind == "run_network"]
        lines[:] = with_arguments(
            self._adapt(lines),
            self._gates,
            array["gate"],
            f"{array['steps']}[0] * {dt!r}",
            list(self._set_time(f"{array['start']}[0]")),
        )

    def _set_time(self, start):
        """Let network and clocks start from a time step, the next of their own."""
        net, dt = self.network.brian_network, float(self.network.model["dt"])
        yield f"{net.name}.t = {start} * {dt!r};"
        for clock in sorted(net._clocks, key=lambda clock: clock.name):
            period = round(clock.dt_ / dt)
            now = f"ceil({start} / {period}.0) * {clock.name}.dt[0]"
            yield f"{clock.name}.t[0] = {now};"

    @property
    def _gates(self):
        """Gate by the name of the function that it opens."""
        return {
            f"_run_{code_object.name}": gate
            for brian_object in self.network.brian_network.sorted_objects
            for code_object in brian_object.code_objects
            if (gate := self.network.gates.get(brian_object.name)) is not None
        }

    def get_state(self, names=None):
        return self._read(self._paths, self.variables if names is None else names)

    def _read(self, paths, names):
        return {
            name: np.fromfile(
                self.run_dir / paths[name], self.variables[name].dtype
            ).reshape(self.shapes[name])
            for name in names
        }

    def set_state(self, state):
        for name, value in state.items():
            value = np.asarray(value, dtype=self.variables[name].dtype).ravel()
            self._paths[name] = self._argument_file(name, value)

    def close(self):
        shutil.rmtree(self.run_dir, ignore_errors=True)
        self._owned.close()
        self._open.close()

    @contextmanager
    def _forgetting(self):
        before = self._paths, self._folders, self._step
        # A run reads all its arguments before it writes: one folder is enough.
        self._folders = (_EVALUATION_FOLDER,) * 2
        try:
            yield
        finally:
            self._paths, self._folders, self._step = before

    def _run(self, images, targets, seed, gates, keep_state):
        n = len(images)
        steps = n * self.network.architecture.steps_per_image
        folder = self._folders[0]
        places = self._places(n)
        for stimulus, values in self._stimuli(images, targets):
            self._show(stimulus, values, places)
        gates = gates.astype(self._chunk.variables["gate"].dtype)
        arguments = self._paths | {
            "chunk.gate": self._argument_file("chunk.gate", gates),
            "chunk.start": self._step,
            "chunk.steps": steps,
            "chunk.seed": seed % 2**31,
        }
        self._execute(folder, arguments)
        self._results = self.run_dir / folder
        result = self._result(n)
        result.seconds = float(
            (self._results / "last_run_info.txt").read_text().split()[0]
        )
        after = self._results_of(folder)
        if keep_state:
            self._paths, self._folders = after, self._folders[::-1]
            self._step += steps
        return result

    def _results_of(self, folder):
        """Paths of the state that a run wrote, once all of it is there."""
        paths = {
            name: f"{folder}/{self._files[variable]}"
            for name, variable in self.variables.items()
        }
        for name, path in paths.items():
            item = np.dtype(self.variables[name].dtype).itemsize
            size = item * int(np.prod(self.shapes[name]))
            if (self.run_dir / path).stat().st_size != size:
                raise SpikefaError(
                    f"the compiled network could not write all of {name} to "
                    f"{self.run_dir}; is the disk full?"
                )
        return paths

    def _execute(self, folder, arguments):
        """Run the program once; its standard output goes to a file."""
        results = self.run_dir / folder
        results.mkdir(exist_ok=True)
        command = ["./main", "--results_dir", f"{folder}/"]
        command += [f"{name}={value}" for name, value in arguments.items()]
        with open(results / "stdout.txt", "w") as log:
            code = self._call(command, self._environment(), log)
        self._raise_if_interrupted()
        said = (results / "stdout.txt").read_text(errors="replace")
        complaint = self._complaint(said)
        if code or complaint:
            last = complaint.splitlines()[-1] if complaint else "no message"
            raise SpikefaError(
                f"the compiled network failed (exit code {code}): {last}"
            )

    def _call(self, command, environment, log):
        """Run a command to its end, out of reach of the terminal's Ctrl-C."""
        with subprocess.Popen(
            command,
            cwd=self.run_dir,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as self._process:
            try:
                if self._interrupted:  # before there was anything to kill
                    self._process.kill()
                return self._process.wait()
            except BaseException:
                self._process.kill()
                raise
            finally:
                self._process = None

    def _stop_run(self):
        if process := self._process:
            process.kill()

    def _show(self, stimulus, values, places):
        """Change what the program reads at its start; arguments are read after it."""
        if stimulus not in self._used:
            return
        values = np.asarray(values, dtype=stimulus.values.dtype)
        path = self.run_dir / "static_arrays" / f"{stimulus.name}_values"
        before_the_end = len(stimulus.values) - places[0]
        with open(path, "r+b") as file:
            file.seek(places[0] * values[0].nbytes)
            values[:before_the_end].tofile(file)
            file.seek(0)
            values[before_the_end:].tofile(file)

    def _argument_file(self, name, value, folder="arguments"):
        path = Path(folder) / name
        value.tofile(self.run_dir / path)
        return path

    def _recorded(self, monitor, name):
        variable = monitor.variables[name]
        return np.fromfile(self._results / self._files[variable], variable.dtype)


def _install(build_dir, run_dir):
    """Copy what a run needs, so that several runs can share one build."""
    (run_dir / "arguments").mkdir()
    shutil.copy2(build_dir / "main", run_dir / "main")
    (run_dir / "static_arrays").mkdir()
    for path in (build_dir / "static_arrays").iterdir():
        copy, found = run_dir / "static_arrays" / path.name, path.stat()
        if found.st_blocks:
            shutil.copyfile(path, copy)
        else:  # nothing but a hole, which copies of files do not keep
            copy.touch()
            os.truncate(copy, found.st_size)


def _own(run_dir):
    """Lock a run folder for as long as this process lives."""
    lock = open(run_dir / "locking", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.rename(run_dir / "locking", run_dir / "lock")
    return lock


def _remove_abandoned(parent):
    """Remove the run folders of processes that have ended without `close`."""
    for path in parent.glob(f"{_PREFIX}*/lock"):
        try:
            with open(path) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent, ignore_errors=True)
        except OSError:  # in use, or another user's
            continue
