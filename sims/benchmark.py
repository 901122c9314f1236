"""Time a step on every engine against the speed of memory, in one run.

Each configuration is built, then measured in a process of its own, one after the
other; keep the machine idle meanwhile. Everything is a ratio to what was measured in
the same run::

    python sims/benchmark.py                       # paper size
    python sims/benchmark.py --quick               # a minute, for the tests
    python sims/benchmark.py --torch-python python3.11
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from spikefa.cli import Parser, positive_int, run_command
from spikefa.errors import SpikefaError
from spikefa.rate_mnist import CHUNK

HANDWRITTEN = Path(__file__).with_name("handwritten.py")
PAPER = (784, 1500, 1500, 1500, 1000)
RATE = (784, 1000, 10)  # of Fig. 3a, logistic units, one step an image

#: Configurations by name: settings of the architecture and of the session.
CONFIGURATIONS = {
    "stock": {"engine": "stock"},
    "stock, plain subexpressions": {"engine": "stock", "evaluate_once": False},
    "dense": {},
    "dense, 2 threads": {"threads": 2},
    "dense, immediate updates": {"put_off": 0},
    "dense, 8-bit feedback": {"feedback_bits": 8},
    "dense, 8-bit feedback, 2 threads": {"feedback_bits": 8, "threads": 2},
}


def build_parser():
    parser = Parser(prog="benchmark.py", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small networks")
    parser.add_argument("--out", default="runs/benchmark", metavar="DIR")
    parser.add_argument(
        "--images", type=positive_int, metavar="N", help="images per run (default 60)"
    )
    parser.add_argument(
        "--repeats", type=positive_int, default=5, help="runs; their median counts"
    )
    parser.add_argument(
        "--torch-python",
        default=sys.executable,
        metavar="PYTHON",
        help="a Python that has PyTorch (default: this one)",
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help=", ".join(CONFIGURATIONS)
    )
    parser.add_argument("--no-scaling", action="store_true", help="one size only")
    parser.add_argument("--worker", help="used by the program itself")
    parser.add_argument("--debug", action="store_true")
    return parser


# -- one configuration, in a process of its own ---------------------------------------


class PeakMemory:
    """Largest resident memory of this process and the program it runs, sampled."""

    def __init__(self):
        self.peak = 0

    def __enter__(self):
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def __exit__(self, *exc):
        self._done.set()
        self._thread.join()

    def _watch(self):
        import psutil

        this = psutil.Process()
        while not self._done.wait(0.02):
            total = this.memory_info().rss
            for child in this.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if child.exe() != this.exe():  # else still this process's memory
                        total += child.memory_info().rss
            self.peak = max(self.peak, total)


def measure(task):
    """Open a session twice, to build and to start again, and time its runs."""
    import time

    import numpy as np

    from spikefa import (
        Architecture,
        load_model,
        open_session,
        projections,
        set_initial_state,
    )
    from spikefa.cli import quiet_brian
    from spikefa.datasets import load_mnist
    from spikefa.memory_floor import bytes_per_step, copy_bandwidth

    quiet_brian()
    settings = dict(task["settings"])
    threads = settings.pop("threads", 1)
    projections.PUT_OFF = settings.pop("put_off", projections.PUT_OFF)
    data = load_mnist()
    start = time.perf_counter()
    sizes = Architecture(tuple(task["sizes"]), chunk_images=task["images"], **settings)
    build_dir = task["build_dir"]
    with open_session(
        sizes, load_model(), threads=threads, build_dir=build_dir
    ) as session:
        opened = time.perf_counter() - start
        if task["build_only"]:
            return {"build_seconds": opened}
        set_initial_state(session, 1)
        images, labels = data.train_images, data.train_labels
        n = task["images"]
        memory = PeakMemory()
        wall, inner, copies = [], [], []
        for repeat in range(task["repeats"] + 1):
            start = time.perf_counter()
            part = slice(repeat * n, (repeat + 1) * n)
            # Watching takes a part of a core: only the run that does not count.
            with memory if repeat == 0 else contextlib.nullcontext():
                result = session.run(images[part], labels[part], seed=repeat)
            wall.append(time.perf_counter() - start)
            inner.append(result.seconds)
            # Right beside the run: other guests of the machine come and go.
            copies.append(copy_bandwidth(task["working_set"], threads, repeats=7))
        steps = n * sizes.steps_per_image
        # Plain subexpressions are not kept; about half of the neurons spike.
        names = [f"layer_{layer}.phi" for layer in range(1, sizes.n_layers)]
        phi = [
            float(session.get_state([name])[name].mean())
            if name in session.variables
            else 0.5
            for name in names
        ]
    fractions = [float(np.clip(images[:n] / 255, 0, 0.95).mean()), *phi]
    moved = bytes_per_step(task["sizes"], fractions)
    floors = [1e3 * moved["total"] / copy for copy in copies[1:]]
    own = [1e3 * seconds / steps for seconds in inner[1:]]
    return {
        "ms_per_step": float(np.median(own)),
        "ms_per_step_all": own,
        "bytes_per_step": moved,
        "copy_gb_per_s": float(np.median(copies[1:])) / 1e9,
        "floor_ms": float(np.median(floors)),
        "times_floor": float(np.median(np.divide(own, floors))),
        "start_seconds": opened,
        "run_overhead_seconds": float(np.median(wall) - np.median(inner)),
        "peak_mb": memory.peak / 2**20,
    }


def measure_rate(task):
    """Time the training of a rate network, chunk by chunk."""
    import time

    import numpy as np

    from spikefa import Architecture, load_model, open_session, set_initial_state
    from spikefa.cli import quiet_brian
    from spikefa.datasets import load_mnist

    quiet_brian()
    data, n = load_mnist(), task["images"]
    architecture = Architecture(RATE, steps_per_image=1, chunk_images=n)
    model = load_model(graded=True).replace(gamma=1e-6)
    with open_session(architecture, model, build_dir=task["build_dir"]) as session:
        set_initial_state(session, 1)
        wall, inner = [], []
        for repeat in range(task["repeats"] + 1):
            first = repeat * n % len(data.train_labels)
            part = slice(first, first + n)
            start = time.perf_counter()
            result = session.run(
                data.train_images[part], data.train_labels[part], seed=repeat
            )
            wall.append(time.perf_counter() - start)
            inner.append(result.seconds)
    return {
        "images_per_second": n / float(np.median(wall[1:])),
        "images_per_second_without_files": n / float(np.median(inner[1:])),
        "ms_per_step": 1e3 * float(np.median(inner[1:])) / n,
    }


# -- all of them -----------------------------------------------------------------------


def worker(task):
    """Run a measurement in a new process, so that its memory is its own."""
    command = [sys.executable, __file__, "--worker", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SpikefaError(f"{task['name']}: {last}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure_configuration(name, settings, sizes, images, repeats):
    """Build, then measure with nothing left to compile."""
    with tempfile.TemporaryDirectory(prefix="spikefa_benchmark_") as build_dir:
        task = {
            "name": name,
            "settings": settings,
            "sizes": sizes,
            "images": images,
            "repeats": repeats,
            "build_dir": f"{build_dir}/project",
            "working_set": working_set(sizes),
        }
        built = worker(task | {"build_only": True})
        return built | worker(task | {"build_only": False})


def measure_handwritten(library, python, sizes, images, steps, folder):
    """Time the hand-written step; None if the library is not there."""
    import numpy as np

    from spikefa.datasets import load_mnist

    data = load_mnist()
    np.save(folder / "images.npy", data.train_images[:images])
    np.save(folder / "labels.npy", data.train_labels[:images])
    command = [python, HANDWRITTEN, library, "--sizes", *map(str, sizes)]
    command += ["--images", folder / "images.npy", "--labels", folder / "labels.npy"]
    command += ["--steps", str(steps)]
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    except OSError:
        return None
    return json.loads(done.stdout) if done.returncode == 0 else None


def working_set(sizes):
    """Bytes of all weights of a network."""
    pairs = list(zip(sizes, sizes[1:], strict=False))
    return 4 * sum(a * b for a, b in [*pairs, *pairs[1:]])


def show(text):
    print(text, file=sys.stderr, flush=True)


def run_all(args):
    """Measure everything and return the report."""
    import numpy as np

    sizes = (784, 150, 150, 100) if args.quick else PAPER
    images = args.images or (20 if args.quick else 60)
    chosen = args.only or (["stock", "dense"] if args.quick else list(CONFIGURATIONS))
    report = {"sizes": sizes, "images_per_run": images, "configurations": {}}
    for name in chosen:
        show(f"{name} ...")
        n = 8 if "plain" in name else images
        result = measure_configuration(
            name, CONFIGURATIONS[name], sizes, n, args.repeats
        )
        report["configurations"][name] = result
        show(f"    {result['ms_per_step']:.3f} ms per step")
    with tempfile.TemporaryDirectory() as folder:
        for library, python in (
            ("numpy", sys.executable),
            ("torch", args.torch_python),
        ):
            result = measure_handwritten(
                library, python, sizes, images, 5 * images, Path(folder)
            )
            if result:
                report["configurations"][f"hand-written {library}"] = result
            else:
                show(f"no {library} in {python}: left out")
        report["rate"] = rate(args, Path(folder))
    if not args.no_scaling:
        report["scaling"] = scaling(args, images)
    report["machine"] = {"numpy": np.__version__, "python": sys.version.split()[0]}
    return report


def rate(args, folder):
    """Images per second of a rate network, beside a loop in NumPy."""
    show(f"rate network {'-'.join(map(str, RATE))} ...")
    images = 500 if args.quick else CHUNK
    task = {
        "name": "rate",
        "images": images,
        "repeats": args.repeats,
        "build_dir": str(folder / "project"),
    }
    found = {"dense": worker(task)}
    loop = measure_handwritten(
        "numpy-rate", sys.executable, RATE, images, images, folder
    )
    found["hand-written numpy"] = loop | {
        "images_per_second": 1e3 / loop["ms_per_step"]
    }
    return found


def scaling(args, images):
    """Milliseconds per step of the dense engine by the size of the hidden layers."""
    found = {}
    for hidden in (50, 100) if args.quick else (250, 500, 1000, 1500, 2000, 3000):
        show(f"dense, 3 x {hidden} ...")
        sizes = (784, hidden, hidden, hidden, 1000)
        result = measure_configuration("dense", {}, sizes, images, args.repeats)
        found[hidden] = result["ms_per_step"]
    return found


def table(report):
    """Lay the report out as text."""
    lines = [
        f"network {'-'.join(map(str, report['sizes']))}, float32; the floor is the "
        "time that a memory copy",
        "of the bytes of a step took on as many threads, measured beside each run",
        "",
        f"{'':34}{'ms/step':>8}{'floor':>7}{'x floor':>8}{'GB/s':>6}{'MB':>6}"
        f"{'build s':>9}{'start s':>9}",
    ]
    for name, result in report["configurations"].items():
        columns = [
            ("ms_per_step", "8.3f"),
            ("floor_ms", "7.2f"),
            ("times_floor", "8.2f"),
            ("copy_gb_per_s", "6.1f"),
            ("peak_mb", "6.0f"),
            ("build_seconds", "9.1f"),
            ("start_seconds", "9.1f"),
        ]
        cells = [
            format(result[key], form)
            if key in result
            else " " * int(form.split(".")[0])
            for key, form in columns
        ]
        lines.append(f"{name:34}" + "".join(cells))
    lines += ["", f"{'rate ' + '-'.join(map(str, RATE)):34}{'images/s':>8}"]
    lines += [
        f"{name:34}{found['images_per_second']:8.0f}"
        for name, found in report["rate"].items()
    ]
    if "scaling" in report:
        lines += ["", f"{'dense, hidden neurons':34}{'ms/step':>8}"]
        lines += [f"3 x {n:<30}{ms:8.3f}" for n, ms in report["scaling"].items()]
    return "\n".join(line.rstrip() for line in lines)


def main(args):
    if args.worker:
        task = json.loads(args.worker)
        measurement = measure_rate if task["name"] == "rate" else measure
        print(json.dumps(measurement(task)))
        return
    unknown = set(args.only or ()) - set(CONFIGURATIONS)
    if unknown:
        raise SpikefaError(f"unknown configuration: {', '.join(sorted(unknown))}")
    report = run_all(args)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "benchmark.json").write_text(json.dumps(report, indent=1) + "\n")
    text = table(report)
    (out / "benchmark.txt").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
