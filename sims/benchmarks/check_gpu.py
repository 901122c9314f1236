"""Check that a graphics card computes what it should, and how fast: a line a check.

After compiling, the checks take less than five minutes; what they found is also in
``check_gpu.json``. The exit code is 1 if one has failed::

    python sims/benchmarks/check_gpu.py  # the paper's network
    python sims/benchmarks/check_gpu.py --only environment      # nothing is compiled
    python sims/benchmarks/check_gpu.py --quick  # a tiny network, for the tests
"""

import json
import sys
import time
from pathlib import Path

from spikefa.sims.benchmarks.check_gpu_bench import QUICK, Bench, Left, Scale
from spikefa.sims.benchmarks.check_gpu_checks import CHECKS

from spikefa.devices.choice import DeviceChoice
from spikefa.errors import InputError, SpikefaError
from spikefa.experiments.command_line import Parser, quiet_brian, run_command
from spikefa.files import replacing


def build_parser():
    parser = Parser(prog="check_gpu.py", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="a tiny network, to try the checks")
    add("--only", nargs="+", metavar="CHECK", help=", ".join(CHECKS))
    add("--out", default="runs/check_gpu", metavar="DIR")
    add("--build-dir", metavar="DIR", help="where programs are built")
    add("--compute-capability", metavar="X.Y", help="default: that of the card")
    add(
        "--reference",
        default="cpp",
        choices=("cpp", "numpy"),
        help="device to compare a training with (default: cpp)",
    )
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def make(name, bench, debug):
    """Make a check; return what the report holds of it."""
    start = time.perf_counter()
    try:
        text, found = CHECKS[name](bench)
        outcome = "ok"
    except Left as exc:
        text, found, outcome = str(exc), {}, "left out"
    except Exception as exc:
        if debug and not isinstance(exc, SpikefaError):
            raise
        text, found, outcome = f"{exc}" or type(exc).__name__, {}, "FAILED"
    return {
        "check": name,
        "outcome": outcome,
        "text": " ".join(text.split()),
        "seconds": time.perf_counter() - start,
        "found": found,
    }


def main(args):
    unknown = set(args.only or ()) - set(CHECKS)
    if unknown:
        raise InputError(f"unknown check: {', '.join(sorted(unknown))}")
    quiet_brian()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    bench = Bench(
        QUICK if args.quick else Scale(),
        DeviceChoice("cuda", args.build_dir, args.compute_capability),
        DeviceChoice(args.reference, args.build_dir),
        out,
    )
    report = []
    with bench.stack:
        for name in [name for name in CHECKS if name in (args.only or CHECKS)]:
            report.append(make(name, bench, args.debug))
            line = report[-1]
            print(f"{line['outcome']:9}{name:14}{line['text']}", flush=True)
            with replacing(out / "check_gpu.json", "w") as file:
                file.write(json.dumps(report, indent=1) + "\n")
            if name in ("environment", "build") and line["outcome"] == "FAILED":
                break  # nothing else can be checked
    return int(any(line["outcome"] == "FAILED" for line in report))


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
