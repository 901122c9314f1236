"""What the table of results says of each figure, read from the results of the runs.

Errors are those at the end of training. Each row says whether its constants are the
paper's.
"""

from dataclasses import replace
from pathlib import Path
from statistics import fmean

from spikefa.sims.reproduce.plan import CHOICES
from spikefa.sims.reproduce.table import PAPERS, Row

from spikefa.analysis import LearningCurve
from spikefa.learning.rules import RULES

__all__ = ["rows_of", "spiking_constants"]


def rows_of(figure, folder, found, command):
    """Read the numbers of a command from its results.

    Parameters
    ----------
    figure : str
        Key of `FIGURES`.
    folder : str
        Name of the folder.
    found : dict
        What the command wrote to ``results.json`` there.
    command : str

    Returns
    -------
    rows : list of Row
        The first names the command and what it took.
    """
    first, *others = _READERS[figure](folder, found)
    hours = found.get("run_seconds", found.get("wall_seconds"))
    hours = None if hours is None else hours / 3600
    return [replace(first, command=command, hours=hours), *others]


#: Of the figures whose eta the paper found by hand and does not state.
_AS_STATED = f"{PAPERS}; eta by hand, as there"


def _fig2(folder, found):
    seeds = _seeds(found)
    for rule, paper in (
        ("bp", "learns"),
        ("fa", "as fast as backpropagation"),
        ("node", "much slower"),
        ("shallow", "fails"),
    ):
        row = found["learners"][rule]
        reached = [n for n in row["examples_to_goal"] if n is not None]
        ours = f"NSE {row['final_nse_mean']:.2g}"
        if reached:
            ours += f", below {found['goal_nse']} after {fmean(reached):.0f} examples"
        what = f"linear network, {_title(rule)}"
        yield Row("2", what, paper, ours, _AS_STATED, seeds)
    first, last = (found[f"angle_{when}_mean_and_sem"][0] for when in ("first", "last"))
    ours = f"{first:.0f}° at first, {last:.0f}° at last"
    what = "angle between B e and Wᵀe"
    yield Row("2", what, "from 90° down", ours, _AS_STATED, seeds)


def _fig3a(folder, found):
    papers = {"bp": "2.4 %", "fa": "2.1 %", "fa, half removed": "2.4 %"}
    for name, row in found["learners"].items():
        settings = row["settings"]
        final = _with_sem(row["final_error_mean_and_sem"])
        best = _with_sem(row["error_at_best_pass_mean_and_sem"])
        stated = {"eta": 1e-3, "gamma": 1e-6}
        other = [f"{k} = {settings[k]}" for k in stated if settings[k] != stated[k]]
        if list(settings["hidden"]) != [1000]:
            other.append(_hidden(settings["hidden"]))
        yield Row(
            "3a",
            f"784-1000-10 on MNIST, {name}",
            papers[name],
            f"{final} % ({best} % at the best pass, {row['best_pass']:.0f}, chosen on "
            "the test images as in the paper)",
            ", ".join(other) or PAPERS,
            _seeds(found),
            str(settings["passes"]),
        )


def _fig3d(folder, found):
    for rule, paper in (("fa", "P = 9e-13"), ("bp", "P = 3e-12")):
        three, four = (
            found["final_nse_mean_and_sem"][f"{rule}, {layers}"][0]
            for layers in ("three", "four")
        )
        ours = f"NSE {four:.3g} against {three:.3g}"
        if tests := found.get("four_against_three"):
            ours += f", P = {tests[rule]['p_unpaired']:.1g}"
        what = f"four layers better than three, {_title(rule)}"
        yield Row("3d", what, paper, ours, _AS_STATED, _seeds(found))


def _fig4(folder, found):
    yield _spiking_row("4", "spiking network on MNIST", "1.8 %", found)


def _fig5(folder, found):
    nse = [mean for mean, _ in found["nse_before_and_after_phases"]]
    for phase, paper in ((1, "learns nothing"), (3, "learns")):
        yield Row(
            "5",
            f"quadratic network, phase {phase} (only W0 learns)",
            paper,
            f"NSE {nse[phase - 1]:.3f} to {nse[phase]:.3f}",
            _AS_STATED,
            _seeds(found),
        )


def _compare(folder, found):
    settings = found["settings"]
    for kind, row in found["networks"].items():
        bits = _bits(settings | ({} if kind == "spiking" else {"weight_bits": 32}))
        error = _with_sem(row["error_mean_and_sem"])
        yield Row(
            "(compare)",
            f"{kind} network, {_hidden(settings['layers'])}",
            "",
            f"{error} % {found['images']} error; an image: "
            f"{row['operations_per_image']:.3g} operations, "
            f"{row['ms_per_test_image']:.2g} ms to test, "
            f"{row['ms_per_image']:.2g} ms to learn",
            "; ".join([f"eta = {row['eta']}", *bits]),
            _seeds(found),
            str(settings["passes"]),
        )


def _rules(folder, found):
    last = LearningCurve.from_json(found["learning_curve"])[-1]
    note = ""
    for words, angles in (
        ("; deltas to those of backpropagation ", last.delta_angles),
        ("; B to transposed W ", last.feedback_angles),
    ):
        if angles:
            note += words + ", ".join(f"{angle:.0f}°" for angle in angles)
    if last.teaching_percent:
        least = min(last.teaching_percent)
        note += f"; eᵀWBe > 0 for {least:.4g} % of the images (fewest, by layer)"
    rule = folder.removeprefix("rules-")
    what = f"spiking network, {_title(rule)}"
    yield _spiking_row("(rules)", what, "", found, note)


def _removed(folder, found):
    yield _spiking_row("(removed)", "spiking network, half removed", "", found)


def _choices(folder, found):
    title, _ = CHOICES[folder.removeprefix("choices-")]
    yield _spiking_row("(choices)", f"spiking network, {title}", "", found)


def _depth(folder, found):
    settings = found["settings"].values()
    runs = {(run["rule"], *run["layers"]): run for run in settings}
    how = ", the best on held-out images" if "held_out_error_percent" in found else ""
    for sweep, by_rule in found["sweeps"].items():
        for rule, by_number in by_rule.items():
            numbers = ", ".join(by_number)
            these = [runs[rule, *of["layers"]] for of in by_number.values()]
            layers, passes = these[0]["layers"], these[0]["passes"]
            etas = [str(run["eta"]) for run in these]
            etas = etas[:1] if len(set(etas)) == 1 else etas
            sizes = {
                "depth": f"{numbers} hidden layers of {layers[0]} units",
                "width": f"{len(layers)} hidden layers of {numbers} units",
            }
            errors = (_with_sem(r["error_mean_and_sem"]) for r in by_number.values())
            yield Row(
                "(depth)",
                f"{found['network']} network, {_title(rule)}, {sizes[sweep]}",
                "",
                f"{', '.join(errors)} %",
                f"eta = {', '.join(etas)}{how}",
                _seeds(found),
                f"{passes} of {these[0]['images'] or 'all'} images",
            )


_READERS = {
    "fig2": _fig2,
    "fig3a": _fig3a,
    "fig3d": _fig3d,
    "fig4": _fig4,
    "fig5": _fig5,
    "compare": _compare,
    "depth": _depth,
    "rules": _rules,
    "removed": _removed,
    "choices": _choices,
}


def _spiking_row(figure, what, paper, found, note=""):
    """Make the row of a training of the spiking network."""
    learned = found["images"] or 60_000 - found.get("validation", 0)
    return Row(
        figure,
        what,
        paper,
        _spiking_errors(found) + note,
        spiking_constants(found),
        _seeds(found),
        f"{found['images_seen'] / learned:.0f}",
    )


def spiking_constants(found):
    """Say which constants of a training of the spiking network are not the paper's.

    Parameters
    ----------
    found : dict
        Of ``results.json``.

    Returns
    -------
    constants : str
        Begins with `PAPERS` if none is.
    """
    other = [f"{name} = {value}" for name, value in found["parameters"].items()]
    if model := found.get("model"):
        other.append(Path(model).name)
    hidden = found["layer_sizes"][1:-1]
    if hidden != [1500] * 3:
        other.append(_hidden(hidden))
    if found.get("rule", "fa") != "fa":
        other.append(f"rule {found['rule']}")
    if removed := found.get("removed"):
        other.append(f"{removed:.0%} of W and B removed")
    if shift := found.get("shift"):
        other.append(f"images shifted by at most {shift} pixel{'s' * (shift > 1)}")
    if rotate := found.get("rotate"):
        other.append(f"images rotated by at most {rotate:g}°")
    steps = found.get("steps", 5), found.get("test_steps", 5)
    if steps != (5, 5):
        other.append(f"{steps[0]} and {steps[1]} steps an image")
    return "; ".join([", ".join(other) or PAPERS, *_bits(found)])


def _bits(found):
    bits = {"B in {} bits": "feedback_bits", "W read in {} bits": "weight_bits"}
    return [t.format(n) for t, name in bits.items() if (n := found.get(name, 32)) < 32]


def _spiking_errors(found):
    """Write the errors of the final weights, and of averaged ones, if there are any."""
    errors = _errors(found["final_evaluations"])
    if averaged := found.get("averaged_evaluations"):
        passes = f"{found['average']:g} pass{'es' * (found['average'] != 1)}"
        errors += f"; averaged over the last {passes}: {_errors(averaged)}"
    return errors


def _errors(tests):
    """Write the errors of the same weights, over several tests, if there were."""
    parts = []
    for of in tests:
        kinds = of["error_percent"], of["last_step_error_percent"]
        error, last = (f"{kind['mean']:.2f}{_spread(kind)} %" for kind in kinds)
        images = " of held-out images" if of["images"] == "validation" else ""
        steps = f" with {of['steps']} steps" if len(tests) > 1 else ""
        parts.append(f"{error}{images}{steps} ({last} by the last step alone)")
    return ", ".join(parts)


def _spread(kind):
    """Write a standard error over runs, or a deviation over tests."""
    if kind.get("sem") is not None:
        return f" ± {kind['sem']:.2f}"
    return "" if kind.get("sd") is None else f" (SD {kind['sd']:.2f})"


def _hidden(sizes):
    return "hidden layers " + " x ".join(map(str, sizes))


def _title(rule):
    return RULES[rule].title


def _seeds(found):
    seeds = found.get("seeds") or [found["seed"]]
    return str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"


def _with_sem(mean_and_sem):
    mean, sem = mean_and_sem
    return f"{mean:.2f}" if sem is None else f"{mean:.2f} ± {sem:.2f}"
