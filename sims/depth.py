"""Deeper and wider networks on MNIST: feedback alignment against the other rules.

Networks of 1 to 6 hidden layers, and of 3 hidden layers of 500 to 3,000 units, learn
from the same number of passes by feedback alignment, backpropagation, direct feedback
alignment, and with the output layer alone. The paper has 3 hidden layers of 1,500
units; whether feedback alignment still reaches the first of many layers it does not
show.

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

--search finds the learning rate of each network first: on training images that are held
out, with the first seed, from that of --eta up and down by factors of two as long as
the error falls.

With --resume, trainings in --out that have finished are not run again, and those that
were interrupted go on from their checkpoints.

Examples::

    python sims/depth.py --out runs/depth
    python sims/depth.py --out runs/depth --resume
    python sims/depth.py --network rate --out runs/depth-rate
    python sims/depth.py --depths 1 6 --widths 1500 --rules fa bp --passes 1
    python sims/depth.py --search --runs 3 --rules fa dfa kp bp --widths
    python sims/depth.py --quick
"""

import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import spikefa
from spikefa import analysis, figures
from spikefa.experiments.command_line import (
    nonnegative_int,
    positive_int,
    run_command,
)
from spikefa.experiments.declaration import add_options, given_options
from spikefa.experiments.study import learner_model, study, with_sem
from spikefa.experiments.study_options import (
    COUNT,
    ImageRun,
    etas,
    rate_parser,
    run_option,
)
from spikefa.learning.rules import RULES

DEPTHS = (1, 2, 3, 4, 5, 6)
WIDTHS = (500, 1000, 1500, 3000)

#: Units of each layer where the depth changes, and layers where the width does.
WIDTH, DEPTH = 500, 3

#: Learning rates: errors of backpropagation shrink by psi in every layer.
ETAS = {"fa": 0.01, "bp": 0.1, "dfa": 0.01, "shallow": 0.01, "kp": 0.1}

#: Rules by default.
COMPARED = ("fa", "bp", "dfa", "shallow")

#: Training images that --search tests with, and by what it changes a learning rate.
VALIDATION, FACTOR = 10_000, 2

#: Bits of the feedback weights of rules that have fixed ones.
BITS = 8


#: Settings of --quick, and its width, depths and widths.
QUICK = {
    "images": 200,
    "test_images": 100,
    "passes": 1,
    "outputs_per_class": 5,
    "angle_images": 10,
}
QUICK_SIZES = 20, (1, 2), (20, 30)


@dataclass(frozen=True, kw_only=True)
class Run(ImageRun):
    """What a network is trained with."""

    rule: str
    eta: float
    layers: tuple
    validation: int = 0
    passes: int = run_option(3, "passes", **COUNT)
    network: str = run_option("spiking", "network", choices=("spiking", "rate"))
    outputs_per_class: int = run_option(100, "output neurons of each class", **COUNT)
    angle_images: int = run_option(
        100,
        "images for the angles between deltas and those of backpropagation",
        read=nonnegative_int,
        metavar="N",
    )

    @property
    def name(self):
        """Of its folder."""
        name = f"{self.rule}-{len(self.layers)}x{self.layers[0]}"
        return f"{name}-eta-{self.eta:g}-held-out" if self.validation else name


def learn(run, seeds, checkpoints, show_progress, model_path, device):
    """Train mnist_spiking.py's network; for rates, models/rate.py replaces strings."""
    from spikefa.training.comparison import comparing_deltas
    from spikefa.training.resume import describe_run, train_with_checkpoints

    dataset, rate = spikefa.load_dataset(run.dataset, run.data), run.network == "rate"
    outputs, rule = run.outputs_per_class * dataset.n_classes, RULES[run.rule]
    architecture = spikefa.Architecture(
        (dataset.train_images.shape[1], *run.layers, outputs),
        n_classes=dataset.n_classes,
        steps_per_image=1 if rate else 5,
        chunk_images=min(1000, run.images or len(dataset.train_labels)),
        feedback_bits=BITS if rule.route.small_weights else 32,
    )
    built = architecture, learner_model(model_path, rate, eta=run.eta), rule
    with (
        spikefa.open_session(*built, device=device) as session,
        comparing_deltas(session, run.angle_images, device=device) as measures,
    ):
        bars = [spikefa.ProgressBar()] if show_progress else []
        callbacks = [spikefa.NumericalGuard(lambda text: None), *measures, *bars]
        for seed in seeds:
            trainer = spikefa.Trainer(
                session,
                dataset,
                seed=seed,
                epochs=run.passes,
                images=run.images,
                test_images=run.test_images,
                held_out=run.validation,
            )
            meta = describe_run(*built, dataset, seed=seed, images=run.images)
            folder = Path(checkpoints) / f"{run.name}-{seed}"
            seconds = train_with_checkpoints(trainer, folder, meta, callbacks)
            yield results(trainer, run) | {"seconds": seconds}


def results(trainer, run):
    """Return the errors, and the angles of the deltas if they were measured."""
    import numpy as np

    tested = trainer.curve.tested
    images = "validation" if run.validation else "test"
    curves = {
        "images": tested.column("images_seen"),
        "error": tested.column(f"{images}_error_percent"),
        "ms_per_step": trainer.ms_per_step,
    }
    if tested.measures("delta_angles"):
        curves["delta_angles"] = np.array(tested.column("delta_angles"), dtype=float)
    return curves


def build_parser():
    """Describe the options."""
    parser = rate_parser("depth.py", __doc__.splitlines()[0], runs=1, quick_runs=1)
    add = add_options(parser, Run)["network and data"]
    add("--rules", choices=ETAS, nargs="+", help=f"default: {' '.join(COMPARED)}")
    add("--depths", type=positive_int, nargs="*", metavar="N", help="hidden layers")
    add("--widths", type=positive_int, nargs="*", metavar="N", help="units a layer")
    add("--search", action="store_true", help="find each eta on held-out images first")
    return parser


def shapes_of(args):
    """List the hidden layers of all networks: those of each sweep, by its numbers."""
    width, depths, widths = QUICK_SIZES if args.quick else (WIDTH, DEPTHS, WIDTHS)
    depths = depths if args.depths is None else args.depths
    widths = widths if args.widths is None else args.widths
    return {
        "depth": {n: (width,) * n for n in depths},
        "width": {n: (n,) * (2 if args.quick else DEPTH) for n in widths},
    }


def main(args):
    """Train all networks; write the figure and the table."""
    shapes, rates, runs = shapes_of(args), etas(args, ETAS), {}
    given = (QUICK if args.quick else {}) | given_options(args, Run)
    for layers in (shape for sweep in shapes.values() for shape in sweep.values()):
        for rule in args.rules or COMPARED:  # a network may be in both sweeps
            runs[rule, layers] = Run(rule=rule, eta=rates[rule], layers=layers, **given)
    network = given.get("network", Run.network)
    with study(args, f"depth-{network}") as this:
        this.results["network"] = network
        checkpoints = (this.folder / "checkpoints").absolute()
        if not args.resume:
            shutil.rmtree(checkpoints, ignore_errors=True)
        shared = {"checkpoints": str(checkpoints), "show_progress": this.alone}
        if args.search:
            runs = with_best_etas(this, runs, shared)
        groups = {run.name: {"run": run} | shared for run in runs.values()}
        curves = this.run_groups(learn, groups)
        report(this, shapes, runs, curves)


def with_best_etas(this, runs, shared):
    """Give each network the learning rate that is the best on held-out images."""
    errors = {key: {} for key in runs}
    while untried := [
        (key, replace(run, eta=eta, validation=VALIDATION, angle_images=0))
        for key, run in runs.items()
        for eta in next_etas(errors[key], run.eta)
    ]:
        groups = {run.name: {"run": run} | shared for _, run in untried}
        label = f"{len(groups)} learning rates"
        curves = this.run_groups(learn, groups, label, seeds=this.seeds[:1])
        for key, run in untried:
            errors[key][run.eta] = float(curves[run.name]["error"][0, -1])
    this.results["held_out_error_percent"] = {
        run.name: errors[key] for key, run in runs.items()
    }
    best = {key: min(tried, key=tried.get) for key, tried in errors.items()}
    return {key: replace(run, eta=best[key]) for key, run in runs.items()}


def next_etas(errors, first):
    """List what is to be tried: the neighbours of the best one, unless they have been.

    Parameters
    ----------
    errors : dict of float
        By learning rate, in the order of the tries.
    first : float
        Where the search begins.
    """
    if not errors:
        return [first]
    best = min(errors, key=errors.get)
    return [eta for eta in (best / FACTOR, best * FACTOR) if eta not in errors]


def report(this, shapes, runs, curves):
    """Put the final errors and angles of each sweep into a table and a figure."""
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
        "settings": {run.name: asdict(run) for run in runs.values()},
        "sweeps": sweeps,
    }
    for (rule, shape), row in table.items():
        error = with_sem(row["error_mean_and_sem"])
        sizes = f"{len(shape)} x {shape[0]:<5d} eta {runs[rule, shape].eta:<8g}"
        print(f"{rule:8s} {sizes} test error {error} %")
    this.write(figures.plot_depth(sweeps))


def summarize(curves):
    """Make a row of the table for the runs of one network."""
    errors = curves["error"][:, -1]
    row = {
        "error_mean_and_sem": analysis.mean_and_sem(errors),
        "errors": errors,
        "ms_per_step": curves["ms_per_step"],
        "seconds": curves["seconds"],
    }
    if "delta_angles" in curves:
        row["delta_angles"] = curves["delta_angles"][:, -1].mean(axis=0)
    return row


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
