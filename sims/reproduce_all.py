"""Run every figure of the paper and put our numbers beside the paper's.

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

Prints a plan with an estimate of the time, runs what has not been run yet, and writes
``results.md``, ``results.json`` and ``rules.png`` to --out; the pages of the docs show
what --publish has written. A run that has finished is used again; one that was
interrupted goes on from its checkpoint.

Examples::

    python sims/reproduce_all.py --plan              # what there is to do
    python sims/reproduce_all.py                     # a day on one core
    python sims/reproduce_all.py --only fig2 fig5
    python sims/reproduce_all.py --quick             # all parts, in minutes
    python sims/reproduce_all.py --publish docs/figures
"""

import json
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from spikefa.sims.reproduce.plan import FIGURES
from spikefa.sims.reproduce.rows import rows_of
from spikefa.sims.reproduce.table import update_table, write_table

from spikefa import models
from spikefa.analysis import LearningCurve
from spikefa.errors import InputError, SpikefaError
from spikefa.experiments.command_line import Parser, positive_int, run_command
from spikefa.files import replacing

SIMS = Path(__file__).parent

#: Where `models/` is, in a checkout and in an installed copy.
ROOT = Path(models.__file__).parent.parent

#: Written to the folder of every run.
_SETTINGS = "command.txt"

#: Options that say which network it is, and not how large.
_KINDS = ("--rule", "--model", "--shuffle", "--removed", "--network")

_PUBLISH = "write small copies of figures and results there, and rows of the table"

#: An option and its number at the end of every command.
_OWN_OPTIONS = ("--workers", "N")


@dataclass(frozen=True)
class Part:
    """One command, the folder of its results, and its minutes on one core."""

    figure: str
    command: tuple
    folder: Path
    minutes: float

    @property
    def results(self):
        """What the run wrote, or None if it has not finished."""
        try:
            results = json.loads((self.folder / "results.json").read_text())
        except FileNotFoundError:
            return None
        except ValueError as exc:
            raise InputError(f"{self.folder / 'results.json'}: {exc}") from None
        return results if results.get("finished", True) else None

    @property
    def settings(self):
        """The command without what differs from machine to machine."""
        return shlex.join(self.command[: -len(_OWN_OPTIONS)])

    def check(self):
        """Refuse a folder that another command has filled."""
        try:
            settings = (self.folder / _SETTINGS).read_text()
        except FileNotFoundError:
            return
        if settings != self.settings:
            raise InputError(
                f"{self.folder} is of '{settings}', not of '{self.settings}': "
                "remove it or choose another --out"
            )

    @property
    def started(self):
        """Whether there is a checkpoint to go on from, or there are several runs."""
        found = self.folder.glob("checkpoint*.npz")
        return any(found) or (self.folder / "runs.json").exists()


def build_parser():
    """Describe the options."""
    parser = Parser(
        prog="reproduce_all.py",
        description=__doc__.splitlines()[0],
        epilog="Results go to --out: results.md, results.json, rules.png, and a folder "
        "for each run.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="tiny networks: shows that all parts run")
    add("--plan", action="store_true", help="print what there is to do, and stop")
    add("--only", choices=FIGURES, nargs="+", metavar="FIGURE", help=", ".join(FIGURES))
    add("--out", metavar="DIR", help="default: runs/reproduce, or runs/reproduce-quick")
    add("--publish", metavar="DIR", help=_PUBLISH)
    add("--workers", type=positive_int, default=1, metavar="N", help="processes")
    add("--threads", type=positive_int, default=1, metavar="N", help="spiking networks")
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def parts_of(args, out):
    """List the commands of all figures that were asked for."""
    quick = ("--quick",) if args.quick else ()
    own = {
        "linear.py": ("--workers", args.workers),
        "mnist_spiking.py": ("--threads", args.threads),
    }
    parts = []
    for name in args.only or FIGURES:
        for folder, script, options, minutes in FIGURES[name].commands:
            machine = own.get(script, own["linear.py"])
            if args.quick:  # has its own sizes
                options = _without_sizes(options)
            command = (script, *options, *quick, *map(str, machine))
            parts.append(Part(name, command, out / folder, minutes))
    return parts


def _without_sizes(options):
    kept, keep = [], False
    for part in options:
        keep = part in _KINDS if part.startswith("--") else keep
        kept += [part] if keep else []
    return kept


def print_plan(parts, quick):
    """Say what is there already and how long the rest will take."""
    total = 0
    for part in parts:
        state = "there" if part.results else "to go on with" if part.started else ""
        estimate = "" if part.results or quick else f"{part.minutes:5.0f} min"
        total += 0 if part.results else part.minutes
        print(f"{part.figure:8s} {estimate:>9s} {state:14s} {shlex.join(part.command)}")
    if not quick:
        print(f"in all about {total / 60:.1f} hours on one core")


def run(part):
    """Run a part in a process of its own, or let it go on."""
    if part.results:
        return
    part.folder.mkdir(parents=True, exist_ok=True)
    with replacing(part.folder / _SETTINGS, "w") as file:
        file.write(part.settings)
    script, *options = part.command
    options = [ROOT / o if o.startswith("models/") else o for o in options]
    if part.started:
        options = ["--resume"]
    command = [sys.executable, SIMS / script, *options, "--out", part.folder]
    code = _wait(command)
    if code in (-signal.SIGINT, 128 + signal.SIGINT):
        raise KeyboardInterrupt
    if code:
        raise SpikefaError(f"{shlex.join(part.command)} failed (exit code {code})")


def _wait(command):
    """Run a command; it gets Ctrl-C itself, and has to end before this program."""
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def main(args):
    """Print the plan, run what is missing, write the table."""
    name = "reproduce-quick" if args.quick else "reproduce"
    out = Path(args.out) if args.out else Path("runs") / name
    parts = parts_of(args, out)
    for part in parts:
        part.check()
    print_plan(parts, args.quick)
    if args.plan:
        return
    for part in parts:
        print(f"-- {part.figure}: {shlex.join(part.command)}", flush=True)
        run(part)
    collect(parts, out, args.quick, args.publish and Path(args.publish))


def collect(parts, out, quick, publish=None):
    """Write the table and the figures of runs that have finished."""
    from spikefa.figures.spiking import plot_rules, save_figure, save_small_copy

    results, commands, figures = {}, {}, {}
    for part in parts:
        results.setdefault(part.figure, {})[part.folder.name] = part.results
        command = f"python sims/{part.settings}"
        commands.setdefault(part.figure, {})[part.folder.name] = command
        if part.figure not in ("rules", "removed", "choices"):  # many, of one kind
            figures[part.folder.name] = part.folder / "figure.png"
    if "rules" in results:
        save_figure(plot_rules(results["rules"]), out / "rules.png")
        figures["rules"] = out / "rules.png"
    rows = [
        row
        for figure, found in results.items()
        for row in rows_of(figure, found, commands[figure])
    ]
    whole = results.keys() == FIGURES.keys() and not quick
    write_table(rows, out, whole)
    print((out / "results.md").read_text())
    if publish:
        publish.mkdir(parents=True, exist_ok=True)
        if whole:
            write_table(rows, publish, whole)
        elif not quick:  # first, as a table that cannot be read is refused
            update_table(rows, publish)
        for name, figure in figures.items():
            save_small_copy(figure, publish / f"{name}.png")
        for part in parts:
            with replacing(publish / f"{part.folder.name}.json", "w") as file:
                json.dump(small_results(part.results), file)
                file.write("\n")


def small_results(found):
    """Leave out points that were not tested, and where the model file was.

    The points are what makes a ``results.json`` large, and the whole path of a file is
    of no use on other machines.

    Parameters
    ----------
    found : dict

    Returns
    -------
    found : dict
    """
    small = dict(found)
    model = found.get("model")
    if model and Path(model).is_relative_to(ROOT):
        small["model"] = Path(model).relative_to(ROOT).as_posix()
    elif model and Path(model).is_absolute():
        small["model"] = Path(model).name
    if "learning_curve" not in found:
        return small
    curve = found["learning_curve"]
    small["learning_curve"] = [
        point for point in curve if LearningCurve.from_json([point]).tested
    ]
    if "sem" in found:
        small["sem"] = {k: v for k, v in found["sem"].items() if k != "learning_curve"}
    return small


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
