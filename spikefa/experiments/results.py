"""What ``results.json`` of a training holds, and what of it is printed."""

from ..analysis import CurvePoint
from ..files import package_versions
from .study import with_sem

__all__ = ["summary", "training_results"]


def training_results(settings, trainer, tests, seconds):
    """Put together what ``results.json`` holds.

    Parameters
    ----------
    settings : Settings
    trainer : Trainer
    tests : dict or None
        ``final_evaluations`` of the weights, and ``averaged_evaluations`` if they are
        averaged, see `evaluate_repeatedly`; None: not yet.
    seconds : float
        That the run has taken.

    Returns
    -------
    results : dict
    """
    architecture = trainer.session.network.architecture
    return settings.to_dict() | {
        "layer_sizes": list(architecture.layer_sizes),
        "finished": trainer.finished and tests is not None,
        "images_seen": trainer.images_seen,
        **_last_errors(trainer, (tests or {}).get("final_evaluations")),
        **(tests or {"final_evaluations": None}),
        "at_start": trainer.curve.at_start.to_json(),
        "learning_curve": trainer.curve.to_json(),
        "ms_per_step": trainer.ms_per_step,
        "wall_seconds": seconds,
        "versions": package_versions(),
    }


def _last_errors(trainer, tests):
    """The latest errors, by names that say on which images."""
    images, kinds = trainer.data.tested, ("", "_last_step")
    names = [f"{images}_error{kind}_percent" for kind in kinds]
    for found in tests or ():
        if found["steps"] == trainer.test_steps:
            of_kinds = found["error_percent"], found["last_step_error_percent"]
            first = [of["all"][0] for of in of_kinds]
            return dict(zip(names, first, strict=True))
    tested = trainer.curve.tested
    last = tested[-1] if tested else CurvePoint(0)
    return {name: getattr(last, name) for name in names}


def summary(results, folder):
    """Say what the errors of the final weights are, and where the rest is.

    Parameters
    ----------
    results : dict
        Of one training, or of several.
    folder : path

    Returns
    -------
    text : str
        A line for each number of time steps that was tested with; then the same for
        averaged weights, if there are any.
    """
    lines = []
    tests = [("", found) for found in results["final_evaluations"]]
    averaged = results.get("averaged_evaluations", ())
    tests += [("of averaged weights ", found) for found in averaged]
    for of, found in tests:
        kinds = found["error_percent"], found["last_step_error_percent"]
        error, last = map(_with_spread, kinds)
        n, n_runs = len(found["error_percent"]["all"]), results.get("n_runs", 1)
        how = f", {n} tests of {found['steps']} steps an image" if n > 1 else ""
        if n_runs > 1:
            how = f", {n_runs} runs, tests of {found['steps']} steps an image"
        lines.append(
            f"{found['images']} error {of}{error} % ({last} % by the last step alone) "
            f"after {results['images_seen']} images{how}"
        )
    speed = results["ms_per_step"]
    lines[-1] += f", {speed:.2f} ms per step" if speed else ""
    return "\n".join([*lines[:-1], f"{lines[-1]}; see {folder}"])


def _with_spread(found):
    """Write a mean and how values spread: over tests of a run, or over runs."""
    if "sem" in found:
        return with_sem((found["mean"], found["sem"]))
    sd = found["sd"]
    return f"{found['mean']:.2f}" + ("" if sd is None else f" ± {sd:.2f}")
