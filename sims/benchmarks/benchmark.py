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
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from spikefa.sims.mnist_rate import CHUNK

from spikefa.errors import InputError, SpikefaError
from spikefa.experiments.command_line import Parser, positive_int, run_command
from spikefa.files import replacing

HANDWRITTEN = Path(__file__).with_name("handwritten.py")
WORKER = Path(__file__).with_name("worker.py")
PAPER = (784, 1500, 1500, 1500, 1000)
RATE = (784, 1000, 10)

#: Configurations by name: settings of the architecture and of the session.
CONFIGURATIONS = {
    "stock": {"engine": "stock"},
    "stock, plain subexpressions": {"engine": "stock", "evaluate_once": False},
    "dense": {},
    "dense, 2 threads": {"threads": 2},
    "dense, immediate updates": {"put_off": 0},
    "dense, mask of present synapses": {"sparse": True},
    "dense, 8-bit feedback": {"feedback_bits": 8},
    "dense, 8-bit feedback, 2 threads": {"feedback_bits": 8, "threads": 2},
    "dense, 8-bit feedback, 16-bit weights": {"feedback_bits": 8, "weight_bits": 16},
    "dense, 8-bit feedback, 16-bit weights, 2 threads": {
        "feedback_bits": 8,
        "weight_bits": 16,
        "threads": 2,
    },
}

#: The same on a graphics card.
CUDA_CONFIGURATIONS = {
    "cuda": {},
    "cuda, immediate updates": {"put_off": 0},
    "cuda, 8-bit feedback": {"feedback_bits": 8},
    "cuda, stock": {"engine": "stock"},
}

#: Ratios that matter: time of the first by time of the second, in the same round.
RATIOS = (
    ("stock", "dense"),
    ("hand-written torch", "dense"),
    ("hand-written numpy", "dense"),
    ("dense", "dense, 2 threads"),
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


def working_set(sizes):
    """Bytes of all weights of a network."""
    pairs = list(zip(sizes, sizes[1:], strict=False))
    return 4 * sum(a * b for a, b in [*pairs, *pairs[1:]])


class Configuration:
    """A session in a process of its own, which makes a run when asked.

    Parameters
    ----------
    name : str
    sizes : tuple of int
    images : int
        Images per run.
    settings : dict
        As in `CONFIGURATIONS`.
    kind : {"spiking", "rate"}
    device : {"cpp", "cuda"}
    """

    def __init__(self, name, sizes, images, settings=(), kind="spiking", device="cpp"):
        self.name = name
        self.task = {
            "kind": kind,
            "device": device,
            "settings": dict(settings),
            "sizes": sizes,
            "images": images,
            "working_set": working_set(sizes),
        }

    def build(self, folder):
        """Compile; say how long that took."""
        self.task["build_dir"] = f"{folder}/{self.name.replace(' ', '_')}"
        self.start()
        seconds = self._answer()["start_seconds"]
        self.end()
        return {"build_seconds": seconds}

    def start(self):
        """Start the process, with nothing left to compile."""
        self._log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, WORKER, json.dumps(self.task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def started(self):
        return self._answer()

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return self._answer()

    def end(self):
        """Let the process end; return what it says of all runs."""
        self.process.stdin.close()
        found = self._answer()
        self.process.wait()
        return found

    def kill(self):
        self.process.kill()
        self.process.wait()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            self._log.seek(0)
            last = (self._log.read().strip().splitlines() or ["no message"])[-1]
            raise SpikefaError(f"{self.name}: {last}")
        return json.loads(line)


class Handwritten:
    """The hand-written step of a library, in a new process for every run.

    Parameters
    ----------
    name, library, python : str
    sizes : tuple of int
    steps : int
    folder : pathlib.Path
        For the images.
    """

    def __init__(self, name, library, python, sizes, steps, folder):
        import numpy as np

        from spikefa.datasets import load_mnist

        data = load_mnist()
        self.name = name
        paths = [folder / f"{library}_{what}.npy" for what in ("images", "labels")]
        np.save(paths[0], data.train_images[:steps])
        np.save(paths[1], data.train_labels[:steps])
        self.command = [python, HANDWRITTEN, library, "--sizes", *map(str, sizes)]
        self.command += ["--images", paths[0], "--labels", paths[1]]
        self.command += ["--steps", str(steps)]

    @cached_property
    def there(self):
        """Whether Python and the library are."""
        try:
            self.run()
        except SpikefaError:
            return False
        return True

    def run(self):
        environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            done = subprocess.run(
                self.command, capture_output=True, text=True, env=environment
            )
        except OSError as exc:
            raise SpikefaError(f"{self.name}: {exc}") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise SpikefaError(f"{self.name}: {last}")
        found = json.loads(done.stdout)
        return found | {"images_per_second": 1e3 / found["ms_per_step"]}


def show(text):
    print(text, file=sys.stderr, flush=True)


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
    report["machine"] = {"numpy": np.__version__, "python": sys.version.split()[0]}
    return report


def configured(args, sizes, images):
    """List what is measured, on the device that was asked for."""
    known, quick = known_configurations(args.device)
    chosen = args.only or (quick if args.quick else list(known))
    plain = "stock, plain subexpressions"  # a run of it takes a minute
    found = [
        Configuration(
            name, sizes, 8 if name == plain else images, known[name], device=args.device
        )
        for name in chosen
    ]
    if args.device == "cpp":
        rate_images = 500 if args.quick else CHUNK
        found.append(Configuration("rate, dense", RATE, rate_images, kind="rate"))
    return found


def known_configurations(device):
    """Return those of a device, and the names of those that --quick measures."""
    if device == "cuda":
        return CUDA_CONFIGURATIONS, ["cuda"]
    return CONFIGURATIONS, ["stock", "dense"]


def handwritten(args, sizes, images, folder):
    """List the hand-written steps whose library is there."""
    here, torch, steps = sys.executable, args.torch_python, 5 * images
    by_hand = [
        ("hand-written numpy", "numpy", here, sizes, steps),
        ("hand-written torch", "torch", torch, sizes, steps),
        ("rate, hand-written numpy", "numpy-rate", here, RATE, 2000),
    ]
    if args.device == "cuda":
        name = "hand-written torch, CUDA graphs"
        by_hand = [(name, "torch-cuda", torch, sizes, steps)]
    by_hand = [Handwritten(*one, folder) for one in by_hand]
    for one in by_hand:
        if not one.there:
            show(f"{one.name} does not run in {one.command[0]}: left out")
    return [one for one in by_hand if one.there]


def scaling(args, images, folder):
    """Milliseconds per step of the dense engine by the size of the hidden layers."""
    sizes = (50, 100) if args.quick else (250, 500, 1000, 1500, 2000, 3000)
    networks = [
        Configuration(f"3 x {n}", (784, n, n, n, 1000), images, device=args.device)
        for n in sizes
    ]
    found = measure(networks, [], args.repeats, folder)
    return {name: of["ms_per_step"] for name, of in found.items()}


COLUMNS = {
    "ms_per_step": ("ms/step", "8.3f"),
    "floor_ms": ("floor", "7.2f"),
    "times_floor": ("x floor", "8.2f"),
    "copy_gb_per_s": ("copy", "6.1f"),
    "read_gb_per_s": ("read", "6.1f"),
    "moved_gb_per_s": ("moved", "6.1f"),
    "peak_mb": ("MB", "6.0f"),
    "build_seconds": ("build s", "9.1f"),
    "start_seconds": ("start s", "9.1f"),
}


def table(report):
    """Lay the report out as text."""
    floor = [
        "time that a memory copy",
        "of the bytes of a step took on as many threads, measured beside each run;",
        "copy, read, moved: GB/s of memory copied, of memory read, and of the step,",
        "which with updates put off moves fewer bytes than the floor",
    ]
    if report["device"] == "cuda":
        floor = [
            "time that the bytes",
            "of a step need at the bandwidth of the card's memory, as its driver says;",
            "copy, moved: GB/s of that memory, and of the step, which with updates put",
            "off moves fewer bytes than the floor",
        ]
    lines = [
        f"network {'-'.join(map(str, report['sizes']))}, float32; the floor is the "
        f"{floor[0]}",
        *floor[1:],
        "",
        f"{'':34}" + "".join(f"{title:>{form[0]}}" for title, form in COLUMNS.values()),
    ]
    rate = {}
    for name, result in report["configurations"].items():
        if name.startswith("rate, "):
            rate[name.removeprefix("rate, ")] = result
            continue
        cells = [
            format(result[key], form) if key in result else " " * int(form[0])
            for key, (_, form) in COLUMNS.items()
        ]
        lines.append(f"{name:34}" + "".join(cells))
    if rate:
        lines += ["", f"{'rate ' + '-'.join(map(str, RATE)):34}{'images/s':>8}"]
    lines += [f"{name:34}{of['images_per_second']:8.0f}" for name, of in rate.items()]
    lines += ["", "time of one by time of the other, median over rounds"]
    lines += [f"{name:60}{ratio:6.2f}" for name, ratio in report["ratios"].items()]
    if "scaling" in report:
        lines += ["", f"{'dense, hidden neurons':34}{'ms/step':>8}"]
        lines += [f"{name:34}{ms:8.3f}" for name, ms in report["scaling"].items()]
    return "\n".join(line.rstrip() for line in lines)


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
