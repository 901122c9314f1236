"""Compare a spiking network with a rate network of the same sizes on MNIST.

Both learn by the same rule from the same images in the same order, and are built from
the same strings: the rate network sends phi(h) where the spiking network sends spikes
drawn from it, and keeps nothing from one time step to the next (tau = 1), so that a
single step shows an image where the spiking network takes five.

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

Examples::

    python sims/compare.py                              # 3 x 500 units, a pass
    python sims/compare.py --quick
    python sims/compare.py --layers 1000 --rule bp
    python sims/compare.py --eta rate=0.01
"""

import sys

import spikefa
from spikefa.datasets import DATASETS
from spikefa.experiments.command_line import positive_int, run_command
from spikefa.experiments.study import etas, rate_parser, study, with_sem
from spikefa.rules import RULES

KINDS = ("spiking", "rate")
ETAS = dict.fromkeys(KINDS, 1e-3)


def network(kind, eta, settings, dataset, model_path=None):
    """Equal sizes and rule; for rates, models/rate.py replaces a few of the strings."""
    outputs = settings["outputs_per_class"] * dataset.n_classes
    architecture = spikefa.Architecture(
        (dataset.train_images.shape[1], *settings["layers"], outputs),
        n_classes=dataset.n_classes,
        steps_per_image=settings["steps"] if kind == "spiking" else 1,
        chunk_images=min(1000, settings["images"] or len(dataset.train_labels)),
    )
    model = spikefa.load_model(model_path, rate=kind == "rate")
    return architecture, model.replace(eta=eta)


def learn(kind, eta, settings, seeds, model_path, device):
    """Train a network once with each seed; return what the figure shows."""
    dataset = spikefa.load_dataset(settings["dataset"], settings["data"])
    built = network(kind, eta, settings, dataset, model_path)
    with spikefa.open_session(*built, settings["rule"], device=device) as session:
        return [train(session, dataset, settings, seed) for seed in seeds]


def train(session, dataset, settings, seed):
    """Train from new weights; return the learning curve and the time that it took."""
    import time

    import numpy as np

    images = settings["images"] or len(dataset.train_labels)
    trainer = spikefa.Trainer(
        session,
        dataset,
        seed=seed,
        epochs=settings["passes"],
        images=images,
        test_images=settings["test_images"],
        evaluate_every=max(1, images * settings["passes"] // 10),
    )
    start = time.monotonic()
    trainer.train()
    tested = trainer.curve.tested
    return {
        "images": np.array(tested.column("images_seen")),
        "test_error": np.array(tested.column("test_error_percent")),
        "ms_per_image": np.array(trainer.steps * trainer.ms_per_step),
        "seconds": np.array(time.monotonic() - start),
    }


def build_parser():
    """Describe the options."""
    parser = rate_parser("compare.py", __doc__.splitlines()[0], runs=3, quick_runs=1)
    add = parser.add_argument_group("network and data").add_argument
    add("--layers", type=positive_int, nargs="+", metavar="N", help="hidden neurons")
    add("--outputs-per-class", type=positive_int, metavar="N", help="default: 100")
    add(
        "--rule",
        choices=[r for r in RULES if not RULES[r].route.rate_only],
        default="fa",
    )
    add("--steps", type=positive_int, default=5, metavar="N", help="of spiking neurons")
    add("--passes", type=positive_int, default=1, metavar="N", help="default: 1")
    add("--images", type=positive_int, metavar="N", help="images per pass")
    add("--test-images", type=positive_int, metavar="N", help="images per evaluation")
    add("--dataset", choices=DATASETS, default="mnist", help="default: mnist")
    add("--data", metavar="DIR", help="folder (or .npz file) of other images")
    return parser


def settings_of(args):
    """Collect what both networks share."""
    small = args.quick
    return {
        "layers": args.layers or ([20] if small else [500, 500, 500]),
        "outputs_per_class": args.outputs_per_class or (5 if small else 100),
        "rule": args.rule,
        "steps": args.steps,
        "passes": args.passes,
        "images": args.images or (400 if small else None),
        "test_images": args.test_images or (200 if small else None),
        "dataset": args.dataset,
        "data": args.data,
    }


def main(args):
    """Train both kinds of networks; write the figure and the table."""
    from spikefa.analysis import mean_and_sem
    from spikefa.figures.rate import plot_comparison

    settings, rates = settings_of(args), etas(args, ETAS)
    groups = {
        kind: {"kind": kind, "eta": rates[kind], "settings": settings} for kind in KINDS
    }
    with study(args, "compare") as this:
        curves = this.run_groups(learn, groups, "networks")
        table = {
            kind: {
                "eta": rates[kind],
                "test_error_mean_and_sem": mean_and_sem(of["test_error"][:, -1]),
                "ms_per_image": of["ms_per_image"].mean(),
                "seconds": of["seconds"].mean(),
            }
            for kind, of in curves.items()
        }
        this.results |= {"settings": settings, "networks": table}
        for kind, row in table.items():
            error = with_sem(row["test_error_mean_and_sem"])
            print(
                f"{kind:8s} test error {error} % after "
                f"{curves[kind]['images'][0, -1]} images, "
                f"{row['ms_per_image']:.3f} ms per image"
            )
        this.write(plot_comparison(curves))


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
