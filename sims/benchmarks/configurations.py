"""What ``benchmark.py`` measures: sessions and hand-written steps, in own processes."""

import json
import subprocess
import sys
import tempfile
from functools import cached_property
from pathlib import Path

from spikefa.sims.mnist_rate import CHUNK

from spikefa.errors import SpikefaError

__all__ = [
    "PAPER",
    "RATE",
    "Configuration",
    "Handwritten",
    "configured",
    "handwritten",
    "known_configurations",
    "show",
]

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
    "dense, 16-bit feedback": {"feedback_bits": 16},
    "dense, 16-bit feedback, 2 threads": {"feedback_bits": 16, "threads": 2},
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
