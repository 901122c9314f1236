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

import sys
from pathlib import Path

from spikefa.sims.reproduce.parts import parts_of
from spikefa.sims.reproduce.plan import FIGURES

from spikefa.experiments.command_line import Parser, positive_int, run_command

_PUBLISH = "write small copies of figures and results there, and rows of the table"


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


def print_plan(parts, quick):
    """Say what is there already and how long the rest will take."""
    total = 0
    for part in parts:
        state = "there" if part.results else "to go on with" if part.started else ""
        estimate = "" if part.results or quick else f"{part.minutes:5.0f} min"
        total += 0 if part.results else part.minutes
        print(f"{part.figure:8s} {estimate:>9s} {state:14s} {part.command}")
    if not quick:
        print(f"in all about {total / 60:.1f} hours on one core")


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
        print(f"-- {part.figure}: {part.command}", flush=True)
        part.run()
    from spikefa.sims.reproduce.publish import publish, write_results

    whole = not args.quick and {part.figure for part in parts} == FIGURES.keys()
    rows = write_results(parts, out, whole)
    print((out / "results.md").read_text())
    if args.publish:
        how = {"whole": whole, "quick": args.quick}
        publish(parts, rows, out, Path(args.publish), **how)


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
