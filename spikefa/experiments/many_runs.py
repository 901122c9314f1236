"""The same training from several seeds: a folder for each, and all of them together."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from ..analysis import mean_and_sem
from ..devices.choice import DeviceChoice
from ..errors import InputError
from ..files import package_versions, replacing
from ..training.checkpoint_file import NAME, PREVIOUS, newest_checkpoint
from ..training.progress import ProgressBar, ProgressFile, counting_tests
from .declaration import OnResume, named
from .described import Described, ModelSource
from .folder import locked_folder
from .parallel import run_all
from .stopping import Interrupted
from .training_run import Experiment

__all__ = [
    "PLAN",
    "read_plan",
    "summarize",
    "train_all",
    "train_seed",
    "write_summary",
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
        description of the first one, see `Described`.

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
    network,
    shown,
    *,
    before,
    source,
    device,
    workers,
    cluster,
    every,
    quiet,
    warn,
):
    """Train once with each seed, or go on with those that have not finished.

    Parameters
    ----------
    settings : Settings
        With the seed of the first run; the others have the numbers after it.
    runs : int
    folder : pathlib.Path
        Exists and is locked; ``seed-1`` and so on are made in it.
    network, shown : callable
        See `Experiment`.
    before : dict or None
        What the folder holds, as `Described` tells it. Nothing is written if this is
        not what the settings ask for.
    source : ModelSource
    device : DeviceChoice
    workers, cluster
        See `run_all`.
    every : dict
        When to write checkpoints, see `Experiment.run`.
    quiet : bool
        Whether to show no progress.
    warn : callable
        Called with a line of text.

    Returns
    -------
    results : list of dict
        What each run wrote to ``results.json``.
    stopped_by : int or None
        The signal that ended it; the results are then not complete.
    """
    what = Described(settings, network, warn, source)
    folders = {
        seed: (folder / f"seed-{seed}").absolute()
        for seed in range(settings.seed, settings.seed + runs)
    }
    for path in folders.values():
        if path.is_symlink():  # whoever made the folder could name any other
            raise InputError(f"{path} is a link, and not followed")
    if before:
        what.check_same(before, folder / PLAN)
        for path in folders.values():
            if checkpoint := _checkpoint(path, warn):
                what.check_learned(checkpoint.meta, checkpoint.path)
    plan = {"runs": runs, "run": what.meta | {"checkpoint_every": list(every.items())}}
    with replacing(folder / PLAN, "w") as file:
        json.dump(plan, file, indent=2, allow_nan=False)
        file.write("\n")
    places = {
        name: value and str(Path(value).absolute())
        for name, value in (("model", settings.model), ("data", settings.data))
    }
    alone = workers == 1 and cluster is None
    shared = {
        "network": network,
        "shown": shown,
        "source": ModelSource(what.meta, trusted=True),  # that of the user, or trusted
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


def train_seed(settings, folder, network, shown, source, device, every, show_progress):
    """Train with one seed, go on with it, or read the results if it has finished.

    Parameters
    ----------
    settings : Settings
    folder : pathlib.Path
    network, shown : callable
        See `Experiment`.
    source : ModelSource
    device : DeviceChoice
    every : dict
        When to write checkpoints, see `Experiment.run`.
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
        device = device or DeviceChoice(settings.device, settings.threads)
        experiment = Experiment(
            settings, network, shown, folder, warn, checkpoint, device, source
        )
        bars = [ProgressBar()] if show_progress else []
        if show_progress:
            print(f"seed {settings.seed}, in {folder}", file=sys.stderr)
        try:
            stopped_by = experiment.run(
                [ProgressFile(folder / "progress.jsonl"), *bars],
                every,
                progress=counting_tests if show_progress else None,
            )
            if stopped_by:
                raise Interrupted(stopped_by)
            experiment.write_figure()
            return json.loads((folder / "results.json").read_text())
        finally:
            for bar in bars:
                bar.close()
            experiment.close()


def _checkpoint(folder, warn):
    """The newest checkpoint of a folder, or None."""
    there = any((folder / name).exists() for name in (NAME, PREVIOUS))
    return newest_checkpoint(folder, warn) if there else None


def _finished_results(folder, settings):
    """Results of a run with these settings, if it has come to its end."""
    try:
        found = json.loads((folder / "results.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    wanted = json.loads(json.dumps(settings.to_dict()))
    # These do not change what a run computes.
    for name in ("preset", *named(settings, OnResume.WARNED)):
        del wanted[name]
    same = all(found.get(name) == value for name, value in wanted.items())
    return found if found.get("finished") and same else None


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
        "final_evaluations": [
            _evaluations_together(of)
            for of in zip(*(r["final_evaluations"] for r in results), strict=True)
        ],
        "ms_per_step": _over([r["ms_per_step"] for r in results], _mean),
        "wall_seconds": sum(found["wall_seconds"] for found in results),
        "versions": package_versions(),
    }


def write_summary(found, folder):
    """Write ``results.json`` of several runs."""
    with replacing(Path(folder) / "results.json", "w") as file:
        json.dump(found, file, indent=2)
        file.write("\n")


def _evaluations_together(of_runs):
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
