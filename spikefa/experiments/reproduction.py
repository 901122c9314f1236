"""Which commands make the figures of the paper, and what is read from their results.

Used by ``sims/reproduce_all.py``. Errors are those at the end of training.
"""

import json
from dataclasses import dataclass, replace

from ..analysis import LearningCurve
from ..files import replacing
from ..rules import RULES as ALL_RULES

__all__ = ["FIGURES", "RULES", "Figure", "Row", "rows_of", "write_table"]

#: Rules that the spiking network is compared under.
RULES = tuple(name for name, rule in ALL_RULES.items() if not rule.route.rate_only)

#: Learning rate of a rule, the best of some after 12,000 images, and of those for which
#: another one was better: backpropagation, because its errors shrink by psi in every
#: layer.
ETA = 0.01
ETAS = {"bp": 0.1, "kp": 0.1}


#: What the paper leaves open or can be read in two ways, and the options that try it.
CHOICES = {
    "default": ("as it is by default", ()),
    "error-spikes": (
        "output error from spikes, not from their probability",
        ("--model", "models/error_spikes.py"),
    ),
    "linear": (
        "phi_d the identity, not tanh",
        ("--model", "models/third_factor_linear.py"),
    ),
    "boxcar": ("psi a boxcar", ("--model", "models/psi_boxcar.py")),
    "biases": ("biases do not learn", ("--model", "models/biases_fixed.py")),
    "shuffled-once": ("images shuffled once", ("--shuffle", "once")),
    "never-shuffled": ("images in the order of the file", ("--shuffle", "never")),
}


@dataclass(frozen=True)
class Figure:
    """Commands that belong together.

    Parameters
    ----------
    title : str
    commands : tuple
        Folder, script, options and minutes on one core of each.
    """

    title: str
    commands: tuple


@dataclass(frozen=True)
class Row:
    """A line of the table of results."""

    figure: str
    what: str
    paper: str
    ours: str
    seeds: str
    command: str = ""


_PAPER_SIZE = ("--preset", "paper", "--feedback-bits", "8")

#: Minutes are those of one core of a recent server processor.
FIGURES = {
    "fig2": Figure("linear network", (("fig2", "linear.py", (), 2),)),
    "fig3a": Figure(
        "rate networks on MNIST",
        (("fig3a", "mnist_rate.py", ("--runs", "5"), 9),),
    ),
    "fig3d": Figure("three and four layers", (("fig3d", "deep_nonlinear.py", (), 6),)),
    "fig4": Figure(
        "spiking network, 3 x 1500",
        (
            ("fig4", "mnist_spiking.py", (*_PAPER_SIZE, "--epochs", "28"), 95),
            (
                "fig4-eta",
                "mnist_spiking.py",
                (*_PAPER_SIZE, "--epochs", "10", "--eta", "0.01"),
                35,
            ),
        ),
    ),
    "fig5": Figure("quadratic network", (("fig5", "quadratic.py", (), 1),)),
    "rules": Figure(
        "spiking network, 3 x 500, all rules",
        tuple(
            (
                f"rules-{rule}",
                "mnist_spiking.py",
                ("--rule", rule, "--epochs", "5", "--eta", str(ETAS.get(rule, ETA))),
                4,
            )
            for rule in RULES
        ),
    ),
    "choices": Figure(
        "spiking network, 3 x 500, what the paper leaves open",
        tuple(
            (f"choices-{name}", "mnist_spiking.py", ("--epochs", "3", *options), 2)
            for name, (_, options) in CHOICES.items()
        ),
    ),
}


def rows_of(figure, results, commands):
    """Read the numbers of a figure from its results.

    Parameters
    ----------
    figure : str
        Key of `FIGURES`.
    results : dict of dict
        What each command wrote to ``results.json``, by folder name.
    commands : list of str
        The commands, in the same order.

    Returns
    -------
    rows : list of Row
        A row names its command; of several rows of one command, the first.
    """
    rows = list(_READERS[figure](results))
    commands = [*commands, *[""] * (len(rows) - len(commands))]
    return [
        replace(row, command=command)
        for row, command in zip(rows, commands, strict=True)
    ]


def _fig2(results):
    found = results["fig2"]
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
            ours += f", below {found['goal_nse']} after {_mean(reached):.0f} examples"
        yield Row("2", f"linear network, {_title(rule)}", paper, ours, seeds)
    first, last = (found[f"angle_{when}_mean_and_sem"][0] for when in ("first", "last"))
    ours = f"{first:.0f}° at first, {last:.0f}° at last"
    yield Row("2", "angle between B e and Wᵀe", "from 90° down", ours, seeds)


def _fig3a(results):
    found = results["fig3a"]
    papers = {"bp": "2.4 %", "fa": "2.1 %", "fa, half removed": "2.4 %"}
    for name, row in found["learners"].items():
        final = _with_sem(row["final_error_mean_and_sem"])
        best = _with_sem(row["error_at_best_pass_mean_and_sem"])
        passes = row["settings"]["passes"]
        yield Row(
            "3a",
            f"784-1000-10 on MNIST, {name}",
            papers[name],
            f"{final} % after {passes} passes ({best} % at the best, pass "
            f"{row['best_pass']:.0f}, chosen on the test images as in the paper)",
            _seeds(found),
        )


def _fig3d(results):
    found = results["fig3d"]
    for rule, paper in (("fa", "P = 9e-13"), ("bp", "P = 3e-12")):
        three, four = (
            found["final_nse_mean_and_sem"][f"{rule}, {layers}"][0]
            for layers in ("three", "four")
        )
        ours = f"NSE {four:.3g} against {three:.3g}"
        if tests := found.get("four_against_three"):
            ours += f", P = {tests[rule]['p_unpaired']:.1g}"
        what = f"four layers better than three, {_title(rule)}"
        yield Row("3d", what, paper, ours, _seeds(found))


def _fig4(results):
    for found in results.values():
        hidden = " x ".join(str(n) for n in found["layer_sizes"][1:-1])
        eta = found["parameters"].get("eta")
        what = f"spiking network on MNIST, hidden layers {hidden}"
        yield Row(
            "4",
            what if eta is None else f"{what}, eta = {eta}",
            "1.8 %",
            _spiking(found),
            str(found["seed"]),
        )


def _fig5(results):
    found = results["fig5"]
    nse = [mean for mean, _ in found["nse_before_and_after_phases"]]
    for phase, paper in ((1, "learns nothing"), (3, "learns")):
        yield Row(
            "5",
            f"quadratic network, phase {phase} (only W0 learns)",
            paper,
            f"NSE {nse[phase - 1]:.3f} to {nse[phase]:.3f}",
            _seeds(found),
        )


def _rules(results):
    for folder, found in results.items():
        rule = folder.removeprefix("rules-")
        angles = LearningCurve.from_json(found["learning_curve"])[-1].feedback_angles
        ours = _spiking(found)
        if angles:
            ours += "; angles " + ", ".join(f"{angle:.0f}°" for angle in angles)
        what = f"spiking network, {_title(rule)}"
        yield Row("(rules)", what, "", ours, str(found["seed"]))


def _choices(results):
    for folder, found in results.items():
        title, _ = CHOICES[folder.removeprefix("choices-")]
        what = f"spiking network, {title}"
        yield Row("(choices)", what, "", _spiking(found), str(found["seed"]))


_READERS = {
    "fig2": _fig2,
    "fig3a": _fig3a,
    "fig3d": _fig3d,
    "fig4": _fig4,
    "fig5": _fig5,
    "rules": _rules,
    "choices": _choices,
}


def _spiking(found):
    passes = found["images_seen"] / (found["images"] or 60_000)
    return (
        f"{found['test_error_percent']:.2f} % after {passes:.0f} passes "
        f"({found['test_error_last_step_percent']:.2f} % by the last step alone)"
    )


def _title(rule):
    return ALL_RULES[rule].title


def _seeds(found):
    first, last = found["seeds"][0], found["seeds"][-1]
    return str(first) if first == last else f"{first} to {last}"


def _mean(values):
    return sum(values) / len(values)


def _with_sem(mean_and_sem):
    mean, sem = mean_and_sem
    return f"{mean:.2f}" if sem is None else f"{mean:.2f} ± {sem:.2f}"


def write_table(rows, folder):
    """Write ``results.md`` and ``results.json``.

    Parameters
    ----------
    rows : list of Row
    folder : pathlib.Path
    """
    header = ["Figure", "What", "Paper", "Here", "Seeds", "Command"]
    lines = [header, ["---"] * len(header)]
    lines += [list(vars(row).values()) for row in rows]
    with replacing(folder / "results.md", "w") as file:
        file.writelines(f"| {' | '.join(line)} |\n" for line in lines)
    with replacing(folder / "results.json", "w") as file:
        json.dump([vars(row) for row in rows], file, indent=2)
        file.write("\n")
