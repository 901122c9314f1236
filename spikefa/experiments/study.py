"""What the scripts of the rate figures share: options, runs, results on disk."""

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
        self.started = time.monotonic()
        self.arrays = {}
        self.results = {
            "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            "quick": args.quick,
            "n_runs": n,
            "seeds": self.seeds,
            "device": args.device,
        }

    def run(self, function, jobs, label):
        """Run all jobs, each with the model file and the device that were asked for.

        Parameters
        ----------
        function : callable
            Takes the keyword arguments of a job, ``model_path`` and ``device``.
        jobs : sequence of dict
        label : str

        Returns
        -------
        results : list
        """
        from .parallel import run_all

        args = self.args
        path = args.model and str(Path(args.model).absolute())
        device = device_choice(args, args.device)
        shared = {"model_path": path, "device": device}
        alone = device.build_only  # the first network ends the run
        return run_all(
            function,
            [job | shared for job in jobs],
            workers=1 if alone else args.workers,
            cluster=None if alone else args.cluster,
            label=label,
        )

    def run_groups(self, function, groups, label, together=False):
        """Run every group of settings once with every seed.

        Parameters
        ----------
        function : callable
            As for `run`; takes seeds too, returns a dict of arrays for each of them.
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

        size = -(-len(self.seeds) // self.args.workers) if together else 1
        jobs = [
            settings | {"seeds": self.seeds[start : start + size]}
            for settings in groups.values()
            for start in range(0, len(self.seeds), size)
        ]
        results = [run for runs in self.run(function, jobs, label) for run in runs]
        curves = {}
        for index, group in enumerate(groups):
            runs = results[index * len(self.seeds) :][: len(self.seeds)]
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
            "versions": package_versions(),
        }
        with replacing(self.folder / "results.json", "w") as file:
            json.dump(_plain(self.results), file, indent=2, allow_nan=False)
            file.write("\n")
        with replacing(self.folder / "arrays.npz") as file:
            np.savez_compressed(file, **self.arrays)
        save_figure(figure, self.folder / "figure.png")
        print(f"see {self.folder}")


@contextmanager
def study(args, name):
    """Open the study of a script in a locked folder.

    Yields
    ------
    study : Study
    """
    quiet_brian()
    device_choice(args, args.device)  # refused before there is a folder
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
