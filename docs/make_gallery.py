"""Train with each model file of the gallery, and write what came out.

``python docs/make_gallery.py`` runs the commands in `RUNS` on MNIST, about a minute
each, and writes ``examples/models/gallery.json`` and the figures of the page. Names of
model files as arguments run only those.
"""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

DOCS = Path(__file__).parent
MODELS = DOCS / "examples" / "models"

_SIZES = "--layers 100 --outputs-per-class 5 --images 10000 --test-images 1000"

#: What each file is run with, besides the sizes.
RUNS = {
    "lif": "",
    "adaptive_lif": "",
    "izhikevich": "--steps 40 --test-steps 40",
    "adex": "--steps 40 --test-steps 40",
    "conductances": "--steps 10 --test-steps 10",
    "heterogeneous": "",
    "multiplicative_noise": "--steps 10 --test-steps 10",
    "eligibility": "",
    "dropout": "",
    "stdp": "",
    "eligibility_steps": "",
    "local_fields": "",
    "reward": "",
    "winner_take_all": "",
    "apical": "",
    "softmax": "",
}


def command(name):
    """Return what is typed to train with a model file."""
    options = " ".join(f"{_SIZES} {RUNS[name]}".split())
    return (
        f"python sims/mnist_spiking.py --model docs/examples/models/{name}.py {options}"
    )


def train(name, out):
    """Run the command of a model file.

    Returns
    -------
    results : dict
        Its ``results.json``.
    """
    words = [sys.executable, *shlex.split(command(name))[1:], "--out", str(out)]
    subprocess.run(words, check=True, cwd=DOCS.parent, stderr=subprocess.DEVNULL)
    return json.loads((out / "results.json").read_text())


def draw(results, records, path):
    """Draw the error while learning, and the PSP of a hidden neuron at the end."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 1.8), dpi=80, layout="constrained")
    curve, psp = figure.subplots(1, 2)
    seen = [entry["images_seen"] for entry in results["learning_curve"]]
    errors = [entry["online_error_percent"] for entry in results["learning_curve"]]
    curve.plot(seen, errors)
    curve.plot(seen[-1], results["test_error_percent"], "o")
    curve.set(xlabel="images", ylabel="error (%)", ylim=(0, 100))
    h = records["layer_1.h"][-10 * results["steps"] :, 0]
    psp.plot(np.arange(len(h)), h)
    psp.set(xlabel="time step (ten images)", ylabel="h of a neuron")
    figure.savefig(path)


def main(names):
    """Train, and write the results of these files beside those of the others."""
    kept = {}
    if (MODELS / "gallery.json").exists():
        rows = json.loads((MODELS / "gallery.json").read_text())
        kept = {row["file"].removesuffix(".py"): row for row in rows}
    (DOCS / "figures" / "models").mkdir(exist_ok=True)
    for name in names or RUNS:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "run")
            results = train(name, out)
            with np.load(out / "records.npz") as records:
                draw(results, records, DOCS / "figures" / "models" / f"{name}.png")
        kept[name] = {
            "file": f"{name}.py",
            "command": command(name),
            "images": results["images_seen"],
            "seed": results["seed"],
            "test_error_percent": results["test_error_percent"],
        }
        print(name, results["test_error_percent"])
        rows = [kept[name] for name in RUNS if name in kept]
        (MODELS / "gallery.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
