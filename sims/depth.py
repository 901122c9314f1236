"""Deeper and wider networks on MNIST: feedback alignment against the other rules.

Networks of 1 to 6 hidden layers, and of 3 hidden layers of 500 to 3,000 units, learn
from the same number of passes by feedback alignment, backpropagation, direct feedback
alignment, and with the output layer alone. The paper has 3 hidden layers of 1,500
units; whether feedback alignment still reaches the first of many layers it does not
show.

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

With --resume, trainings in --out that have finished are not run again, and those that
were interrupted go on from their checkpoints.

Examples::

    python sims/depth.py --out runs/depth
    python sims/depth.py --out runs/depth --resume
    python sims/depth.py --network rate --out runs/depth-rate
    python sims/depth.py --depths 1 6 --widths 1500 --rules fa bp --passes 1
    python sims/depth.py --quick
"""

import shutil
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

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
from spikefa.learning.rules import RULES

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


def learn(run, seeds, checkpoints, show_progress, model_path, device):
    """Train a network once with each seed; return its curves."""
    dataset = spikefa.load_dataset(run.dataset, run.data)
    built = (*network(run, dataset, model_path), spikefa.get_rule(run.rule))
    curves = []
    with ExitStack() as stack:
        session = stack.enter_context(spikefa.open_session(*built, device=device))
        measures = [spikefa.NumericalGuard(lambda text: None)]
        measures += _compared(session, run, device, stack)
        if show_progress:
            measures.append(spikefa.ProgressBar())
        for seed in seeds:
            folder = Path(checkpoints) / f"{run.name}-{seed}"
            curves.append(train(session, built, dataset, run, seed, folder, measures))
    return curves


def _compared(session, run, device, stack):
    """Compare deltas with those of backpropagation, where that says something."""
    from spikefa.training.callbacks import DeltaAngles
    from spikefa.training.comparison import Comparison, can_be_compared

    if not (run.angle_images and can_be_compared(session.network)):
        return []
    comparison = Comparison(session.network, run.angle_images, device=device)
    return [DeltaAngles(stack.enter_context(comparison), run.angle_images)]


def train(session, built, dataset, run, seed, folder, callbacks):
    """Train from new weights, or from a checkpoint, and test after every pass."""
    import numpy as np

    from spikefa.experiments.checkpointed import train_with_checkpoints
    from spikefa.training.resume import describe_run

    trainer = spikefa.Trainer(
        session,
        dataset,
        seed=seed,
        epochs=run.passes,
        images=run.images,
        test_images=run.test_images,
    )
    meta = describe_run(*built, dataset, seed=seed, images=run.images)
    seconds = train_with_checkpoints(trainer, folder, meta, callbacks)
    tested = trainer.curve.tested
    curves = {
        "images": np.array(tested.column("images_seen")),
        "test_error": np.array(tested.column("test_error_percent")),
        "ms_per_step": np.array(trainer.ms_per_step),
        "seconds": np.array(seconds),
    }
    if tested.measures("delta_angles"):
        curves["delta_angles"] = np.array(tested.column("delta_angles"), dtype=float)
    return curves


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
        checkpoints = (this.folder / "checkpoints").absolute()
        if not args.resume:
            shutil.rmtree(checkpoints, ignore_errors=True)
        shared = {
            "checkpoints": str(checkpoints),
            "show_progress": args.workers == 1 and not args.cluster,
        }
        groups = {run.name: {"run": run} | shared for run in runs.values()}
        curves = this.run_groups(learn, groups, "networks")
        report(this, shapes, runs, curves)


def report(this, shapes, runs, curves):
    """Put the final errors and angles of each sweep into a table and a figure."""
    from spikefa.figures.depth import plot_depth

    table = {
        key: {"layers": run.layers} | summarize(curves[run.name])
        for key, run in runs.items()
    }
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


def summarize(curves):
    """Make a row of the table for the runs of one network."""
    from spikefa.analysis import mean_and_sem

    errors = curves["test_error"][:, -1]
    row = {
        "error_mean_and_sem": mean_and_sem(errors),
        "errors": errors,
        "ms_per_step": curves["ms_per_step"],
        "seconds": curves["seconds"],
    }
    if "delta_angles" in curves:
        row["delta_angles"] = curves["delta_angles"][:, -1].mean(axis=0)
    return row


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
