"""Deeper and wider networks on MNIST: feedback alignment against the other rules.

Networks of 1 to 6 hidden layers, and of 3 hidden layers of 500 to 3,000 units, learn
from the same number of passes by feedback alignment, backpropagation, direct feedback
alignment, and with the output layer alone. The paper has 3 hidden layers of 1,500
units; whether feedback alignment still reaches the first of many layers it does not
show.

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

Every training has a folder of its own in --out. The same command with the same --out
uses those that have finished again, and goes on with those that were interrupted.

Examples::

    python sims/depth.py --out runs/depth
    python sims/depth.py --network rate --out runs/depth-rate
    python sims/depth.py --depths 1 6 --widths 1500 --rules fa bp --passes 1
    python sims/depth.py --quick
"""

import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import spikefa
from spikefa.datasets import DATASETS
from spikefa.experiments.command_line import (
    nonnegative_int,
    positive_int,
    run_command,
)
from spikefa.experiments.study import (
    etas,
    rate_parser,
    study,
    with_parameters,
    with_sem,
)
from spikefa.rules import RULES

DEPTHS = (1, 2, 3, 4, 5, 6)
WIDTHS = (500, 1000, 1500, 3000)

#: Units of each layer where the depth changes, and layers where the width does.
WIDTH, DEPTH = 500, 3

#: Learning rates: errors of backpropagation shrink by psi in every layer.
ETAS = {"fa": 0.01, "bp": 0.1, "dfa": 0.01, "shallow": 0.01}

#: Bits of the feedback weights of rules that have fixed ones.
BITS = 8


@dataclass(frozen=True)
class Run:
    """What a network is trained with; None is all images."""

    network: str
    rule: str
    eta: float
    layers: tuple
    passes: int = 3
    outputs_per_class: int = 100
    images: int | None = None
    test_images: int | None = None
    angle_images: int = 100
    dataset: str = "mnist"
    data: str | None = None

    @property
    def name(self):
        """Of its folder."""
        return f"{self.rule}-{len(self.layers)}x{self.layers[0]}"


def network(run, dataset, model_path=None):
    """The network of mnist_spiking.py; for rates, models/rate.py replaces strings."""
    outputs = run.outputs_per_class * dataset.n_classes
    rate = run.network == "rate"
    small = RULES[run.rule].route.small_weights
    architecture = spikefa.Architecture(
        (dataset.train_images.shape[1], *run.layers, outputs),
        n_classes=dataset.n_classes,
        steps_per_image=1 if rate else 5,
        chunk_images=min(1000, run.images or len(dataset.train_labels)),
        feedback_bits=BITS if small else 32,
    )
    model = spikefa.load_model(model_path, rate=rate)
    return architecture, with_parameters(model, eta=run.eta)


def learn(run, seed, folder, show_progress, model_path, device):
    """Train a network, or read what it was like; return its results."""
    from spikefa.experiments.kept import KeptTraining
    from spikefa.training.callbacks import DeltaAngles
    from spikefa.training.checkpoints import describe_run
    from spikefa.training.comparison import Comparison, can_be_compared

    kept = KeptTraining(folder, asdict(run) | {"seed": seed, "model": model_path})
    if kept.results:
        return kept.results
    dataset = spikefa.load_dataset(run.dataset, run.data)
    built = (*network(run, dataset, model_path), spikefa.get_rule(run.rule))
    with ExitStack() as stack:
        session = stack.enter_context(spikefa.open_session(*built, device=device))
        trainer = spikefa.Trainer(
            session,
            dataset,
            seed=seed,
            epochs=run.passes,
            images=run.images,
            test_images=run.test_images,
        )
        callbacks = [spikefa.NumericalGuard(lambda text: None)]
        if run.angle_images and can_be_compared(session.network):
            n_images = min(run.angle_images, trainer.test_images)
            comparison = Comparison(session.network, n_images, device=device)
            callbacks.append(DeltaAngles(stack.enter_context(comparison), n_images))
        if show_progress:
            callbacks.append(spikefa.ProgressBar())
        meta = describe_run(*built, dataset, seed=seed, images=run.images)
        return kept.train(trainer, meta, callbacks)


def build_parser():
    """Describe the options."""
    parser = rate_parser("depth.py", __doc__.splitlines()[0], runs=1, quick_runs=1)
    add = parser.add_argument_group("networks and data").add_argument
    add("--network", choices=("spiking", "rate"), default="spiking")
    add("--rules", choices=ETAS, nargs="+", help="default: all")
    add("--depths", type=positive_int, nargs="*", metavar="N", help="hidden layers")
    add("--widths", type=positive_int, nargs="*", metavar="N", help="units a layer")
    add("--outputs-per-class", type=positive_int, metavar="N", help="default: 100")
    add("--passes", type=positive_int, metavar="N", help="default: 3")
    add("--images", type=positive_int, metavar="N", help="images per pass")
    add("--test-images", type=positive_int, metavar="N", help="images per evaluation")
    add("--angle-images", type=nonnegative_int, metavar="N", help="default: 100")
    add("--dataset", choices=DATASETS, default="mnist", help="default: mnist")
    add("--data", metavar="DIR", help="folder (or .npz file) of other images")
    return parser


def shapes_of(args):
    """List the hidden layers of all networks: those of each sweep, by its numbers."""
    width, depths, widths = WIDTH, DEPTHS, WIDTHS
    if args.quick:
        width, depths, widths = 20, (1, 2), (20, 30)
    depths = depths if args.depths is None else args.depths
    widths = widths if args.widths is None else args.widths
    return {
        "depth": {n: (width,) * n for n in depths},
        "width": {n: (n,) * (2 if args.quick else DEPTH) for n in widths},
    }


def runs_of(args, shapes):
    """Make a run for each rule and each network; a network may be in both sweeps."""
    rates = etas(args, ETAS)
    quick = {"images": 200, "test_images": 100, "passes": 1, "outputs_per_class": 5}
    chosen = quick | {"angle_images": 10} if args.quick else {}
    for name in (*quick, "angle_images"):
        if getattr(args, name) is not None:
            chosen[name] = getattr(args, name)
    shared = {"network": args.network, "dataset": args.dataset, "data": args.data}
    layers = dict.fromkeys(s for sweep in shapes.values() for s in sweep.values())
    return {
        (rule, shape): Run(rule=rule, eta=rates[rule], layers=shape, **shared, **chosen)
        for shape in layers
        for rule in args.rules or ETAS
    }


def main(args):
    """Train all networks; write the figure and the table."""
    shapes = shapes_of(args)
    runs = runs_of(args, shapes)
    with study(args, f"depth-{args.network}") as this:
        spikefa.load_dataset(args.dataset, args.data)  # said once, before workers
        alone = args.workers == 1 and not args.cluster
        jobs = [
            {
                "run": run,
                "seed": seed,
                "folder": str((this.folder / f"{run.name}-{seed}").absolute()),
                "show_progress": alone,
            }
            for run in runs.values()
            for seed in this.seeds
        ]
        results = iter(this.run(learn, jobs, "networks"))
        found = {key: [next(results) for _ in this.seeds] for key in runs}
        report(this, shapes, runs, found)


def report(this, shapes, runs, found):
    """Put the final errors and angles of each sweep into a table and a figure."""
    from spikefa.figures.depth import plot_depth

    table = {key: summarize(results) for key, results in found.items()}
    rules = list(dict.fromkeys(rule for rule, _ in runs))
    sweeps = {
        sweep: {
            rule: {number: table[rule, shape] for number, shape in of_sweep.items()}
            for rule in rules
        }
        for sweep, of_sweep in shapes.items()
        if of_sweep
    }
    this.results |= {
        "network": this.args.network,
        "settings": {run.name: asdict(run) for run in runs.values()},
        "sweeps": sweeps,
    }
    for (rule, shape), row in table.items():
        error = with_sem(row["error_mean_and_sem"])
        print(f"{rule:8s} {len(shape)} x {shape[0]:<5d} test error {error} %")
    this.write(plot_depth(sweeps))


def summarize(results):
    """Make a row of the table for the runs of one network."""
    import numpy as np

    from spikefa.analysis import LearningCurve, mean_and_sem

    curves = [LearningCurve.from_json(run["learning_curve"]) for run in results]
    last = [curve.tested[-1] for curve in curves]
    row = {
        "error_mean_and_sem": mean_and_sem([p.test_error_percent for p in last]),
        "errors": [p.test_error_percent for p in last],
        "ms_per_step": [run["ms_per_step"] for run in results],
        "wall_seconds": [run["wall_seconds"] for run in results],
    }
    if all(p.delta_angles for p in last):
        angles = np.array([p.delta_angles for p in last], dtype=float)
        row["delta_angles"] = angles.mean(axis=0)
    return row


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
