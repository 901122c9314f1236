"""What the scripts of the rate figures share: options, runs, results on disk."""

import hashlib
import json
import math
import shlex
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from ..devices.choice import DEVICES
from ..errors import InputError
from ..files import package_versions, replacing
from .command_line import (
    Parser,
    add_build_options,
    assignment,
    device_choice,
    nonnegative,
    nonnegative_int,
    pairs,
    positive_int,
    quiet_brian,
)
from .folder import locked_folder, unused_folder

__all__ = [
    "Study",
    "add_run_options",
    "etas",
    "rate_parser",
    "study",
    "with_parameters",
    "with_sem",
]


def rate_parser(script, description, *, runs, quick_runs=2):
    """Describe the options that all rate figures have.

    Parameters
    ----------
    script : str
        Name of the script.
    description : str
        One line.
    runs, quick_runs : int
        Independent runs, and those of ``--quick``.

    Returns
    -------
    parser : Parser
    """
    parser = Parser(
        prog=script,
        description=description,
        epilog="Results go to --out: results.json, arrays.npz, figure.png.",
    )
    parser.set_defaults(default_runs=runs, quick_runs=quick_runs)
    add = parser.add_argument
    add("--quick", action="store_true", help="few examples and runs: a minute at most")
    add("--seed", type=nonnegative_int, default=1, metavar="N", help="of the first run")
    add("--eta", type=_eta, action="append", default=[], metavar="LEARNER=VALUE")
    add("--model", metavar="FILE", help="Python file with equations that you changed")
    add("--device", choices=DEVICES, default="cpp", help="default: cpp")
    add_build_options(add)
    add_run_options(add, runs)
    add("--out", metavar="DIR", help="default: a new folder in runs/")
    add(
        "--resume",
        action="store_true",
        help="do not run again what has been run with the same settings in --out",
    )
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def add_run_options(add, runs):
    """Add the options of independent runs, and of where they run.

    Parameters
    ----------
    add : callable
        Adds an option, such as ``parser.add_argument``.
    runs : int
        How many there are by default.
    """
    add("--runs", type=positive_int, metavar="N", help=f"default: {runs}")
    add("--workers", type=positive_int, default=1, metavar="N", help="processes")
    add("--cluster", metavar="ADDRESS", help="Dask scheduler, such as tcp://host:8786")


def _eta(text):
    name, value = assignment(text)
    return name, float(nonnegative(value))


def etas(args, defaults):
    """Merge the learning rates that were given with those by default.

    Raises
    ------
    InputError
        If one is given for a rule that the script does not use.
    """
    given = pairs(args.eta)
    for name in given:
        if name not in defaults:
            known = ", ".join(defaults)
            raise InputError(f"--eta {name}: no such learner here (known: {known})")
    return defaults | given


def with_parameters(model, **values):
    """Give a model the parameters of a learner.

    Parameters
    ----------
    model : Model
    **values
        Numbers by name.

    Returns
    -------
    model : Model

    Raises
    ------
    InputError
        If the user's file has one too, which would be lost without a word.
    """
    if lost := model.changed(*values):
        instead = "; give --eta LEARNER=VALUE" if "eta" in lost else ""
        raise InputError(
            f"{model.where(*lost)}: each learner has its own here{instead}"
        )
    return model.replace(**values)


def with_sem(mean_and_sem, digits=2):
    """Write a mean and, if there was more than one run, its standard error."""
    mean, sem = mean_and_sem
    return f"{mean:.{digits}f}" + (f" (SEM {sem:.{digits}f})" if sem == sem else "")


class Study:
    """The runs of one figure and the folder that their results go to.

    Parameters
    ----------
    args : argparse.Namespace
        Options of `rate_parser`.
    folder : pathlib.Path

    Attributes
    ----------
    seeds : list of int
        One for each run.
    results : dict
        What ``results.json`` holds.
    arrays : dict of numpy.ndarray
        What ``arrays.npz`` holds.
    """

    def __init__(self, args, folder):
        n = args.runs or (args.quick_runs if args.quick else args.default_runs)
        self.args, self.folder = args, folder
        self.seeds = [args.seed + index for index in range(n)]
        self.started, self.run_seconds = time.monotonic(), 0.0
        self.arrays = {}
        self.results = {
            "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            "quick": args.quick,
            "n_runs": n,
            "seeds": self.seeds,
            "device": args.device,
        }

    def _run(self, function, jobs, label, done):
        """Run all jobs, each with the model file and the device that were asked for."""
        from .parallel import run_all

        args = self.args
        path = args.model and str(Path(args.model).absolute())
        device = device_choice(args, args.device)
        shared = {"model_path": path, "device": device}
        alone = device.build_only  # the first network ends the run
        return run_all(
            _timed,
            [{"function": function, "job": job | shared} for job in jobs],
            workers=1 if alone else args.workers,
            cluster=None if alone else args.cluster,
            label=label,
            done=done,
        )

    def run_groups(self, function, groups, label, together=False):
        """Run every group of settings once with every seed.

        What a run returns is kept in the folder; with ``--resume`` those that have
        been run with the same settings are not run again.

        Parameters
        ----------
        function : callable
            Takes the settings of a group, ``seeds``, ``model_path`` and ``device``;
            returns a dict of arrays for each seed.
        groups : dict of dict
            Keyword arguments by name of the group.
        label : str
        together : bool, optional
            Give a worker several seeds of a group at once, for networks that take
            longer to open than to train.

        Returns
        -------
        curves : dict of dict of numpy.ndarray
            By group and by name, stacked over the runs; kept in `arrays` too.
        """
        import numpy as np

        kept = KeptRuns(self.folder, self.args)
        missing = {
            group: [s for s in self.seeds if not kept.has(settings, s)]
            for group, settings in groups.items()
        }
        size = -(-len(self.seeds) // self.args.workers) if together else 1
        jobs = [
            groups[group] | {"seeds": seeds[start : start + size]}
            for group, seeds in missing.items()
            for start in range(0, len(seeds), size)
        ]
        self._run(function, jobs, label, lambda n, result: kept.add(jobs[n], *result))
        curves = {}
        for group, settings in groups.items():
            runs = [kept.read(settings, seed) for seed in self.seeds]
            self.run_seconds += sum(float(run.pop(_SECONDS)) for run in runs)
            curves[group] = {
                name: np.stack([run[name] for run in runs]) for name in runs[0]
            }
        self.arrays |= {
            f"{group}/{name}": rows
            for group, stacked in curves.items()
            for name, rows in stacked.items()
        }
        return curves

    def write(self, figure):
        """Write the results, the arrays and the figure."""
        import numpy as np

        from ..figures.spiking import save_figure

        self.results |= {
            "wall_seconds": time.monotonic() - self.started,
            "run_seconds": self.run_seconds,
            "versions": package_versions(),
        }
        with replacing(self.folder / "results.json", "w") as file:
            json.dump(_plain(self.results), file, indent=2, allow_nan=False)
            file.write("\n")
        with replacing(self.folder / "arrays.npz") as file:
            np.savez_compressed(file, **self.arrays)
        save_figure(figure, self.folder / "figure.png")
        print(f"see {self.folder}")


#: Name of the seconds that a run took, among its arrays.
_SECONDS = "seconds of the run"


def _timed(function, job):
    """Call a function, in whatever process; return its result and the seconds."""
    start = time.monotonic()
    result = function(**job)
    return result, time.monotonic() - start


class KeptRuns:
    """What runs have returned, in files that are named by all that they depend on.

    Parameters
    ----------
    folder : pathlib.Path
        Of the study.
    args : argparse.Namespace
        Options of `rate_parser`.
    """

    def __init__(self, folder, args):
        self.folder, self.resume = folder / "runs", args.resume
        there = (
            args.model and Path(args.model).is_file()
        )  # or the run says what is wrong
        model = Path(args.model).read_bytes() if there else b""
        self.common = f"{args.device} {hashlib.sha256(model).hexdigest()}"

    def _path(self, settings, seed):
        # How a run shows its progress makes no difference to it.
        matters = {k: v for k, v in settings.items() if k not in _NO_MATTER}
        described = f"{sorted(matters.items())} {seed} {self.common}"
        return (
            self.folder / f"{hashlib.sha256(described.encode()).hexdigest()[:16]}.npz"
        )

    def has(self, settings, seed):
        """Whether there is a run that an earlier part of the study has made."""
        return self.resume and self._path(settings, seed).exists()

    def add(self, job, runs, seconds):
        """Keep what a job has returned: a dict of arrays for each of its seeds."""
        import numpy as np

        self.folder.mkdir(exist_ok=True)
        for seed, run in zip(job["seeds"], runs, strict=True):
            with replacing(self._path(job, seed)) as file:
                np.savez_compressed(file, **run, **{_SECONDS: seconds / len(runs)})

    def read(self, settings, seed):
        """Return the arrays of a run."""
        import numpy as np

        with np.load(self._path(settings, seed), allow_pickle=False) as file:
            return dict(file)


#: Arguments of a run that do not change what it returns.
_NO_MATTER = ("seeds", "show_progress")


@contextmanager
def study(args, name):
    """Open the study of a script in a locked folder.

    Yields
    ------
    study : Study
    """
    quiet_brian()
    device_choice(args, args.device)  # refused before there is a folder
    if args.resume and not args.out:
        raise InputError("--resume needs the folder of the study: --out DIR")
    if args.out:
        out = Path(args.out)
    else:
        out = unused_folder("runs", f"{'quick-' if args.quick else ''}{name}")
    with locked_folder(out) as folder:
        yield Study(args, folder)


def _plain(value):
    """Turn NumPy numbers into Python's, and what is not finite into None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
