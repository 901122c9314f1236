"""The same training from several seeds: a folder for each, and means over all."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from ..analysis import LearningCurve, mean_and_sem
from ..errors import InputError
from ..files import package_versions, replacing
from ..training.checkpoint_file import (
    NAME,
    PREVIOUS,
    making_sense,
    newest_checkpoint,
)
from ..training.resume import check_same_run
from ..training.stopping import Interrupted
from .declaration import OnResume, named
from .folder import locked_folder
from .model_source import ModelSource
from .parallel import run_all
from .run import Run, describe

__all__ = [
    "PLAN",
    "draw_runs",
    "read_plan",
    "summarize",
    "train_all",
    "train_seed",
    "write_results",
]

#: Says in a folder which runs are in it.
PLAN = "runs.json"


def read_plan(folder):
    """Return the settings and the number of runs of a folder, or None.

    Parameters
    ----------
    folder : path

    Returns
    -------
    plan : dict or None
        ``settings``, as `Settings.to_dict` gives them, ``runs``, and ``run``, the
        description of the first one, see `describe`.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(folder) / PLAN
    try:
        plan = json.loads(path.read_text())
        run = dict(plan["run"])
        found = {"settings": dict(run["settings"]), "runs": int(plan["runs"])}
        return found | {"run": run}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as exc:
        raise InputError(f"{path}: is no plan of runs ({exc})") from None


def train_all(
    settings,
    runs,
    folder,
    experiment,
    *,
    before,
    source,
    device,
    workers,
    cluster,
    every,
    quiet,
):
    """Train once with each seed, or go on with those that have not finished.

    Parameters
    ----------
    settings : Settings
        With the seed of the first run; the others have the numbers after it.
    runs : int
    folder : pathlib.Path
        Exists and is locked; ``seed-1`` and so on are made in it.
    experiment : callable
        See `run_training`.
    before : dict or None
        What the folder holds, see `read_plan`. Nothing is written if this is not what
        the settings ask for.
    source : ModelSource
    device : DeviceChoice
    workers, cluster
        See `run_all`.
    every : dict
        When to write checkpoints, see `Run`.
    quiet : bool
        Whether to show no progress.

    Returns
    -------
    results : list of dict
        What each run wrote to ``results.json``.
    stopped_by : int or None
        The signal that ended it; the results are then not complete.
    """
    first = describe(settings, experiment, source=source, every=every)
    folders = {
        seed: (folder / f"seed-{seed}").absolute()
        for seed in range(settings.seed, settings.seed + runs)
    }
    for path in folders.values():
        if path.is_symlink():  # whoever made the folder could name any other
            raise InputError(f"{path} is a link, and not followed")
    if before:
        check_same_run(before, first.meta, folder / PLAN)
        for path in folders.values():
            if checkpoint := _checkpoint(path, first.warn):
                first.check_learned(checkpoint)
    plan = {"runs": runs, "run": first.meta}
    with replacing(folder / PLAN, "w") as file:
        json.dump(plan, file, indent=2, allow_nan=False)
        file.write("\n")
    places = {
        name: value and str(Path(value).absolute())
        for name, value in (("model", settings.model), ("data", settings.data))
    }
    alone = workers == 1 and cluster is None
    shared = {
        "experiment": experiment,
        "source": ModelSource(first.meta, trusted=True),  # that of the user, or trusted
        "device": device,
        "every": every,
        "show_progress": alone and not quiet,
    }
    jobs = [
        {"settings": replace(settings, seed=seed, **places), "folder": path, **shared}
        for seed, path in folders.items()
    ]
    try:
        results = run_all(
            train_seed,
            jobs,
            workers=workers,
            cluster=cluster,
            show=not (quiet or alone),
        )
    except Interrupted as exc:
        return [], exc.number
    return results, None


def train_seed(settings, folder, experiment, source, device, every, show_progress):
    """Train with one seed, go on with it, or read the results if it has finished.

    Parameters
    ----------
    settings : Settings
    folder : pathlib.Path
    experiment : callable
        See `run_training`.
    source : ModelSource
    device : DeviceChoice
    every : dict
        When to write checkpoints, see `Run`.
    show_progress : bool

    Returns
    -------
    results : dict
        Of ``results.json``.

    Raises
    ------
    Interrupted
        If a signal has stopped the run.
    """

    def warn(text):
        print(f"warning: seed {settings.seed}: {text}", file=sys.stderr)

    with locked_folder(folder) as folder:
        if found := _finished_results(folder, settings):
            return found
        checkpoint = _checkpoint(folder, warn)
        run = Run(
            settings,
            folder,
            device,
            checkpoint,
            source,
            every=every,
            show_progress=show_progress,
            warn=warn,
        )
        if show_progress:
            print(f"seed {settings.seed}, in {folder}", file=sys.stderr)
        experiment(settings, run)
        return json.loads((folder / "results.json").read_text())


def _checkpoint(folder, warn):
    """The newest checkpoint of a folder, or None."""
    there = any((folder / name).exists() for name in (NAME, PREVIOUS))
    return newest_checkpoint(folder, warn) if there else None


def _finished_results(folder, settings):
    """Results of a run with these settings, if it has come to its end."""
    path = folder / "results.json"
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    wanted = json.loads(json.dumps(settings.to_dict()))
    # These do not change what a run computes.
    for name in ("preset", *named(settings, OnResume.WARNED)):
        del wanted[name]
    with making_sense(path):
        same = all(found.get(name) == value for name, value in wanted.items())
        if not (found.get("finished") and same):
            return None
        summarize([found])  # can be put together with others
        LearningCurve.from_json(found["learning_curve"], found["at_start"])
    return found


def summarize(results):
    """Put the results of several runs together.

    Parameters
    ----------
    results : list of dict
        What each wrote.

    Returns
    -------
    found : dict
        The same names as those of one run, with means over the runs; ``sem`` has
        standard errors of errors and of the learning curve.
    """
    first = results[0]
    measured = [name for name in first if name.endswith("error_percent")]
    measured += [name for name in first if name.endswith("last_step_percent")]
    curves = [found["learning_curve"] for found in results]
    names = (*dict.fromkeys(measured), "at_start")
    return {
        **first,
        **{name: _over([r.get(name) for r in results], _mean) for name in names},
        "seeds": [found["seed"] for found in results],
        "n_runs": len(results),
        "learning_curve": _over(curves, _mean),
        "sem": {
            **{name: _over([r[name] for r in results], _sem) for name in measured},
            "learning_curve": _over(curves, _sem),
        },
        **{
            name: [
                _evaluations_of_runs(of)
                for of in zip(*(found[name] for found in results), strict=True)
            ]
            for name in ("final_evaluations", "averaged_evaluations")
            if name in first
        },
        "ms_per_step": _over([r["ms_per_step"] for r in results], _mean),
        "wall_seconds": sum(found["wall_seconds"] for found in results),
        "versions": package_versions(),
    }


def write_results(results, folder):
    """Write what several runs show: ``results.json`` and ``figure.png``.

    Parameters
    ----------
    results : list of dict
        What each wrote.
    folder : pathlib.Path

    Returns
    -------
    found : dict
        See `summarize`.

    Raises
    ------
    CheckpointError
        If what was found in the folders does not fit together.
    """
    with making_sense(folder):
        found = summarize(results)
    with replacing(folder / "results.json", "w") as file:
        json.dump(found, file, indent=2)
        file.write("\n")
    draw_runs(results, found, folder)
    return found


def draw_runs(results, found, folder):
    """Draw the learning curves of several runs, and their mean: ``figure.png``."""
    from ..figures.runs import plot_runs
    from ..figures.spiking import save_figure

    *curves, mean = (
        LearningCurve.from_json(of["learning_curve"], of["at_start"])
        for of in (*results, found)
    )
    save_figure(plot_runs(curves, mean), folder / "figure.png")


def _evaluations_of_runs(of_runs):
    found = {"steps": of_runs[0]["steps"], "images": of_runs[0]["images"]}
    for kind in ("error_percent", "last_step_error_percent"):
        means = [of[kind]["mean"] for of in of_runs]
        found[kind] = {"mean": _mean(means), "sem": _sem(means), "all": means}
    return found


def _over(values, function):
    """Apply a function to what is at the same place in several nested values."""
    first = values[0]
    if any(value is None for value in values):
        return None
    if isinstance(first, dict):
        names = dict.fromkeys(name for value in values for name in value)
        return {n: _over([value.get(n) for value in values], function) for n in names}
    if isinstance(first, list):
        return [_over(list(of), function) for of in zip(*values, strict=True)]
    return function(values) if isinstance(first, float) else first


def _mean(values):
    return float(mean_and_sem(values)[0])


def _sem(values):
    sem = float(mean_and_sem(values)[1])
    return sem if sem == sem else None
