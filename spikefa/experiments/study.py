"""The runs of the rate figures: started, kept, and written to a folder."""

import json
import math
import shlex
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import batched
from pathlib import Path
from zipfile import BadZipFile

from ..errors import InputError
from ..files import package_versions, replacing
from .command_line import device_choice, positive_int, quiet_brian
from .folder import locked_folder, unused_folder

__all__ = ["Study", "add_run_options", "learner_model", "study", "with_sem"]


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


def learner_model(path, rate=True, rule="fa", **values):
    """Load a model and give it the parameters of a learner.

    Parameters
    ----------
    path : str or None
        The user's model file.
    rate : bool, optional
        Whether neurons send rates, see `load_model`.
    rule : str, optional
    **values
        Parameters by name; a range of feedback weights is left out where the rule has
        no such weights.

    Returns
    -------
    model : Model

    Raises
    ------
    InputError
        If the user's file has one of them too, which would be lost without a word.
    """
    from ..equations.model import load_model
    from ..learning.rules import get_rule

    model = load_model(path, rate=rate)
    if lost := model.changed(*values):
        instead = "; give --eta LEARNER=VALUE" if "eta" in lost else ""
        raise InputError(
            f"{model.where(*lost)}: each learner has its own here{instead}"
        )
    if not get_rule(rule).route.drawn:
        values.pop("feedback_range", None)
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
    dataset : Dataset, optional
        That the networks learn from, if it is one.

    Attributes
    ----------
    seeds : list of int
        One for each run.
    alone : bool
        Whether runs come one after the other in this process, and show their progress.
    results : dict
        What ``results.json`` holds.
    arrays : dict of numpy.ndarray
        What ``arrays.npz`` holds.
    """

    def __init__(self, args, folder, dataset=None):
        n = args.runs or (args.quick_runs if args.quick else args.default_runs)
        self.args, self.folder, self.dataset = args, folder, dataset
        self.seeds = [args.seed + index for index in range(n)]
        self.alone = args.workers == 1 and not args.cluster
        self.started, self.run_seconds = time.monotonic(), 0.0
        self.arrays = {}
        self.results = {
            "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            "quick": args.quick,
            "n_runs": n,
            "seeds": self.seeds,
            "device": args.device,
        }

    def run_groups(
        self, function, groups, label="networks", together=False, seeds=None
    ):
        """Run every group of settings once with every seed.

        What a run returns is kept in the folder; with ``--resume`` those that have
        been run with the same settings are not run again.

        Parameters
        ----------
        function : callable
            Takes the settings of a group, ``seeds``, ``model_path`` and ``device``;
            returns or yields a dict of numbers and arrays for each seed.
        groups : dict of dict
            Keyword arguments by name of the group.
        label : str, optional
            On the progress bar.
        together : bool, optional
            Give a worker several seeds of a group at once, for networks that take
            longer to open than to train.
        seeds : list of int, optional
            Default: all seeds of the study.

        Returns
        -------
        curves : dict of dict of numpy.ndarray
            By group and by name, stacked over the runs; kept in `arrays` too.
        """
        import numpy as np

        kept, seeds = KeptRuns(self), seeds or self.seeds
        size = -(-len(seeds) // self.args.workers) if together else 1
        jobs = [
            settings | {"seeds": list(some)}
            for settings in groups.values()
            for some in batched([s for s in seeds if not kept.has(settings, s)], size)
        ]
        self._run(function, jobs, label, lambda n, result: kept.add(jobs[n], *result))
        curves = {}
        for group, settings in groups.items():
            runs = [kept.read(settings, seed) for seed in seeds]
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

    def _run(self, function, jobs, label, done):
        """Run all jobs, each with the model file and the device that were asked for."""
        from .parallel import run_all

        args = self.args
        path = args.model and str(Path(args.model).absolute())
        device = device_choice(args, args.device)
        shared = {"model_path": path, "device": device}
        here = device.build_only  # the first network ends the run
        run_all(
            _timed,
            [{"function": function, "job": _anywhere(job) | shared} for job in jobs],
            workers=1 if here else args.workers,
            cluster=None if here else args.cluster,
            label=label,
            done=done,
        )

    def write_search(self, errors):
        """Print and write the errors on held-out images of what was tried.

        Parameters
        ----------
        errors : dict of float
            Percent, by the name of the group.
        """
        from ..figures.rate import plot_search

        self.results["held_out_error_percent"] = errors
        width = max(map(len, errors))
        for group, error in sorted(errors.items(), key=lambda item: item[1]):
            print(f"{group:{width}s} {error:.2f} %")
        self.write(plot_search(errors))

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
    """Call a function, in whatever process; return its results and the seconds."""
    start = time.monotonic()
    return list(function(**job)), time.monotonic() - start


class KeptRuns:
    """What runs have returned, in files that are named by all that they depend on.

    Arrays, and not the pickles of `joblib.Memory`: a folder may be somebody else's.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study):
        args = study.args
        self.folder, self.resume = study.folder / "runs", args.resume
        self.common = args.device, _contents(args.model)
        if study.dataset:
            self.common += (study.dataset.fingerprint,)

    def _path(self, settings, seed):
        import joblib

        matters = {k: v for k, v in settings.items() if k not in _NO_MATTER}
        return self.folder / f"{joblib.hash((matters, seed, self.common))}.npz"

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
        """Return the arrays of a run; refuse a file that holds something else."""
        import numpy as np

        path = self._path(settings, seed)
        try:
            with np.load(path, allow_pickle=False) as file:
                return dict(file)
        except (EOFError, ValueError, BadZipFile) as exc:
            raise InputError(f"{path}: not a run of arrays ({exc}); remove it") from exc


#: Arguments of a run that do not change what it returns.
_NO_MATTER = ("checkpoints", "seeds", "show_progress")


def _contents(path):
    """What is in a model file, if there is one: the run says what is wrong with it."""
    return Path(path).read_bytes() if path and Path(path).is_file() else b""


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
    dataset = None
    if hasattr(args, "dataset"):  # what is remarkable is said once, before workers
        from ..datasets import load_dataset
        from .study_options import ImageRun

        dataset = load_dataset(args.dataset or ImageRun.dataset, args.data)
    if args.out:
        out = Path(args.out)
    else:
        out = unused_folder("runs", f"{'quick-' if args.quick else ''}{name}")
    with locked_folder(out) as folder:
        yield Study(args, folder, dataset)


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


def _anywhere(job):
    """Name the data of a job so that a worker in another folder finds them."""
    run = job.get("run")
    if not getattr(run, "data", None):
        return job
    return job | {"run": replace(run, data=str(Path(run.data).absolute()))}
