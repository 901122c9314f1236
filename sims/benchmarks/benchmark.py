"""Time a step on every engine against the speed of memory, in one run.

Each configuration is built, then measured in a process of its own. The processes take
turns, a run each in every round, so that a ratio compares runs that follow each other;
the first round does not count. Keep the machine idle meanwhile. Everything is a ratio
to what was measured in the same run::

    python sims/benchmarks/benchmark.py  # paper size
    python sims/benchmarks/benchmark.py --quick  # two minutes, for the tests
    python sims/benchmarks/benchmark.py --torch-python python3.11
    python sims/benchmarks/benchmark.py --device cuda  # on a graphics card
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from spikefa.sims.benchmarks.benchmark_table import table
from spikefa.sims.benchmarks.configurations import (
    CONFIGURATIONS,
    CUDA_CONFIGURATIONS,
    PAPER,
    Configuration,
    configured,
    handwritten,
    known_configurations,
    show,
)

from spikefa.errors import InputError
from spikefa.experiments.command_line import Parser, positive_int, run_command
from spikefa.files import replacing

#: Ratios that matter: time of the first by time of the second, in the same round.
RATIOS = (
    ("stock", "dense"),
    ("hand-written torch", "dense"),
    ("hand-written numpy", "dense"),
    ("dense", "dense, 2 threads"),
    ("dense", "dense, 16-bit feedback"),
    ("dense", "dense, 8-bit feedback"),
    ("dense, 2 threads", "dense, 16-bit feedback, 2 threads"),
    ("dense, 2 threads", "dense, 8-bit feedback, 2 threads"),
    ("dense, 8-bit feedback", "dense, 8-bit feedback, 2 threads"),
    ("dense, 8-bit feedback", "dense, 8-bit feedback, 16-bit weights"),
    ("rate, hand-written numpy", "rate, dense"),
    ("cuda, stock", "cuda"),
    ("cuda, immediate updates", "cuda"),
    ("cuda", "cuda, 8-bit feedback"),
    ("hand-written torch, CUDA graphs", "cuda"),
)


def build_parser():
    parser = Parser(prog="benchmark.py", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="small networks")
    add("--out", default="runs/benchmark", metavar="DIR")
    add("--images", type=positive_int, metavar="N", help="images per run (default 60)")
    add("--repeats", type=positive_int, default=5, help="rounds; medians count")
    add(
        "--torch-python",
        default=sys.executable,
        metavar="PYTHON",
        help="a Python that has PyTorch (default: this one)",
    )
    add("--device", choices=("cpp", "cuda"), default="cpp", help="default: cpp")
    names = ", ".join([*CONFIGURATIONS, *CUDA_CONFIGURATIONS])
    add("--only", nargs="+", metavar="NAME", help=names)
    add("--no-scaling", action="store_true", help="one size only")
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def measure(configurations, handwritten, repeats, folder):
    """Build all, then let them take turns.

    Returns
    -------
    found : dict of dict
        By name: medians over the counted rounds, every round, and the rest.
    """
    import numpy as np

    found = {}
    for one in configurations:
        show(f"{one.name}: building")
        found[one.name] = one.build(folder)
    rounds = {one.name: [] for one in (*configurations, *handwritten)}
    with ExitStack() as processes:
        for one in configurations:
            one.start()
            processes.callback(one.kill)
            found[one.name] |= one.started()
        for number in range(repeats + 1):
            show(f"round {number} of {repeats}" if number else "warming up")
            for one in (*configurations, *handwritten):
                rounds[one.name].append(one.run())
        for one in configurations:
            found[one.name] |= one.end()
    for name, runs in rounds.items():
        medians = {
            key: float(np.median([run[key] for run in runs[1:]])) for key in runs[0]
        }
        found[name] = found.get(name, {}) | medians | {"rounds": runs[1:]}
    return found


def ratios(found):
    """Divide times of the same round; the medians of `RATIOS`."""
    import numpy as np

    result = {}
    for slow, fast in RATIOS:
        if slow in found and fast in found:
            # Images a second of rate networks count files and the start of programs.
            a, b = (
                [1 / run["images_per_second"] for run in found[name]["rounds"]]
                if name.startswith("rate")
                else [run["ms_per_step"] for run in found[name]["rounds"]]
                for name in (slow, fast)
            )
            result[f"{slow} / {fast}"] = float(np.median(np.divide(a, b)))
    return result


def run_all(args):
    """Measure everything and return the report."""
    import numpy as np

    sizes = (784, 150, 150, 100) if args.quick else PAPER
    images = args.images or (20 if args.quick else 60)
    with tempfile.TemporaryDirectory(prefix="spikefa_benchmark_") as folder:
        by_hand = handwritten(args, sizes, images, Path(folder))
        found = measure(configured(args, sizes, images), by_hand, args.repeats, folder)
        report = {
            "sizes": sizes,
            "device": args.device,
            "images_per_run": images,
            "configurations": found,
            "ratios": ratios(found),
        }
        if not args.no_scaling:
            report["scaling"] = scaling(args, images, folder)
    report["machine"] = {
        "processor": processor(),
        "compiler": compiler(),
        "numpy": np.__version__,
        "python": sys.version.split()[0],
    }
    return report


def processor():
    """Name the processor, and the longest vectors that it has."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", text, re.MULTILINE))
    flags = fields.get("flags", "").split()
    longest = next((name for name in ("avx512f", "avx2") if name in flags), "no AVX2")
    kind = "family {cpu family}, model {model}".format_map(defaultdict(str, fields))
    return f"{fields.get('model name', platform.machine())} ({kind}, {longest})"


def compiler():
    """Say which compiler there is, in its own words."""
    command = [*os.environ.get("CXX", "g++").split(), "--version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True).stdout
    except OSError:
        return "none"
    return said.partition("\n")[0]


def scaling(args, images, folder):
    """Milliseconds per step of the dense engine by the size of the hidden layers."""
    sizes = (50, 100) if args.quick else (250, 500, 1000, 1500, 2000, 3000)
    networks = [
        Configuration(f"3 x {n}", (784, n, n, n, 1000), images, device=args.device)
        for n in sizes
    ]
    found = measure(networks, [], args.repeats, folder)
    return {name: of["ms_per_step"] for name, of in found.items()}


def main(args):
    unknown = set(args.only or ()) - set(known_configurations(args.device)[0])
    if unknown:
        raise InputError(f"unknown configuration: {', '.join(sorted(unknown))}")
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    report = run_all(args)
    text = table(report)
    for name, content in (("json", json.dumps(report, indent=1)), ("txt", text)):
        with replacing(out / f"benchmark.{name}", "w") as file:
            file.write(content + "\n")
    print(text)


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
