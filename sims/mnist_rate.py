"""Train a 784-1000-10 rate network on MNIST (the paper's Fig. 3a,b).

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

Logistic units, one-hot targets, squared error, an image at a time. Three learners:
backpropagation, feedback alignment, and feedback alignment with half of the elements of
W and B removed. The paper has eta = 1e-3, weight decay 1e-6, and stops where
backpropagation starts to overfit; n = 20. Here eta is larger, 0.03 for feedback
alignment and 0.1 for backpropagation, whose errors shrink by a factor psi more on their
way, so that a pass stands for 30 or 100 of the paper's; and the number of passes is
fixed beforehand. Two errors are reported: that after the last pass, and the paper's
way, the lowest of all passes, which is chosen on the test images and therefore a little
too good.

The ranges omega and beta of the weights are the best of ``--search`` (with eta = 0.01
and three passes), which trains on 50,000 of the training images, tests on the other
10,000, and does not see the test set; so was eta found, after five passes.

Examples::

    python sims/mnist_rate.py
    python sims/mnist_rate.py --quick
    python sims/mnist_rate.py --search
    python sims/mnist_rate.py --eta bp=0.001 --passes 200
    python sims/mnist_rate.py --dataset svhn --data ~/svhn
"""

import itertools
import sys
from dataclasses import asdict, dataclass, replace

import spikefa
from spikefa.datasets import DATASETS
from spikefa.errors import InputError
from spikefa.experiments.command_line import nonnegative, positive_int, run_command
from spikefa.experiments.study import (
    etas,
    rate_parser,
    study,
    with_parameters,
    with_sem,
)

#: Learning rule, removed fraction, omega and beta of each learner.
LEARNERS = {
    "bp": ("bp", 0.0, 0.1, 0.0),
    "fa": ("fa", 0.0, 0.1, 1.0),
    "fa, half removed": ("fa", 0.5, 0.1, 1.0),
}
ETAS = {"bp": 0.1, "fa": 0.03}

#: Ranges that --search tries, and the training images that it tests with.
GRID = {"omega": (0.02, 0.05, 0.1), "beta": (0.1, 0.5, 1.0)}
VALIDATION = 10_000

#: Images of one run of the network: more would hardly be faster, and take memory.
CHUNK = 10_000

#: Test images whose errors say how well the feedback is aligned.
ALIGNMENT_IMAGES = 1000


@dataclass(frozen=True)
class Run:
    """What a learner is trained with; None is all images."""

    rule: str
    eta: float
    omega: float
    beta: float
    gamma: float = 1e-6
    removed: float = 0.0
    hidden: tuple = (1000,)
    passes: int = 12
    images: int | None = None
    test_images: int | None = None
    validation: int = 0
    dataset: str = "mnist"
    data: str | None = None


def network(run, dataset, model_path=None):
    """784-1000-10 logistic units; strings: models/{rate,delta,three_factor}.py."""
    architecture = spikefa.Architecture(
        (dataset.train_images.shape[1], *run.hidden, dataset.n_classes),
        n_classes=dataset.n_classes,
        steps_per_image=1,
        chunk_images=min(CHUNK, run.images or len(dataset.train_labels)),
        sparse=run.removed > 0,
    )
    model = spikefa.load_model(model_path, rate=True)
    ranges = {"weight_range": run.omega, "feedback_range": run.beta}
    return architecture, with_parameters(model, eta=run.eta, gamma=run.gamma, **ranges)


def measure(trainer):
    """Measure error and alignment of the feedback: what the figure shows."""
    from spikefa.analysis import angle, row_angles
    from spikefa.training.alignment import output_errors, weights

    measured = {"test_error": trainer.evaluation.error_percent}
    W, B = weights(trainer.session)
    if B is not None:
        missing = output_errors(trainer, ALIGNMENT_IMAGES)
        measured |= {
            "angle": row_angles(missing @ B[-1], missing @ W[-1].T).mean(),
            "weight_angle": angle(B[-1], W[-1].T),
        }
    return measured


def learn(run, seeds, show_progress, model_path, device):
    """Train a learner once with each seed; return its curves."""
    dataset = spikefa.load_dataset(run.dataset, run.data)
    built = network(run, dataset, model_path)
    with spikefa.open_session(*built, run.rule, device=device) as session:
        return [train(session, dataset, run, seed, show_progress) for seed in seeds]


def train(session, dataset, run, seed, show_progress):
    """Train from new weights, test after every pass."""
    import numpy as np

    from spikefa.training.alignment import weights
    from spikefa.training.callbacks import Measuring

    trainer = spikefa.Trainer(
        session,
        dataset,
        seed=seed,
        epochs=run.passes,
        images=run.images,
        test_images=run.test_images,
        held_out=run.validation,
        removed=run.removed,
    )
    measuring = Measuring(measure)
    bars = [spikefa.ProgressBar()] if show_progress else []
    trainer.train([measuring, spikefa.NumericalGuard(lambda text: None), *bars])
    curves = measuring.curves
    examples = curves.pop("examples")
    return curves | {
        "passes": examples / trainer.schedule.images,
        "microseconds": np.array(1000 * trainer.ms_per_step),
        "input_weights": weights(session)[0][0],
    }


def build_parser():
    """Describe the options."""
    parser = rate_parser("mnist_rate.py", __doc__.splitlines()[0], runs=20)
    add = parser.add_argument_group("network and data").add_argument
    add("--learner", choices=LEARNERS, nargs="+", help="default: all")
    add("--hidden", type=positive_int, nargs="+", default=[1000], metavar="N")
    add("--omega", type=nonnegative, metavar="X", help="range of forward weights")
    add("--beta", type=nonnegative, metavar="X", help="range of feedback weights")
    add(
        "--gamma",
        type=nonnegative,
        default="1e-6",
        metavar="X",
        help="weight decay, times eta an image (default: 1e-6, the paper's alpha)",
    )
    add("--passes", type=positive_int, metavar="N", help="default: 12 (--search: 3)")
    add("--images", type=positive_int, metavar="N", help="images per pass")
    add("--test-images", type=positive_int, metavar="N", help="images per evaluation")
    add("--dataset", choices=DATASETS, default="mnist", help="default: mnist")
    add("--data", metavar="DIR", help="folder (or .npz file) of other images")
    add("--search", action="store_true", help="find omega and beta on held-out images")
    return parser


def described_runs(args):
    """Make a run for each learner."""
    rates = etas(args, ETAS)
    quick = {"images": 2000, "test_images": 1000, "passes": 2} if args.quick else {}
    given = {
        name: getattr(args, name)
        for name in ("images", "test_images", "passes")
        if getattr(args, name) is not None
    }
    runs = {}
    for name in args.learner or LEARNERS:
        rule, removed, omega, beta = LEARNERS[name]
        runs[name] = Run(
            rule=rule,
            eta=rates[rule],
            omega=float(args.omega) if args.omega else omega,
            beta=float(args.beta) if args.beta else beta,
            gamma=float(args.gamma),
            removed=removed,
            hidden=tuple(args.hidden),
            dataset=args.dataset,
            data=args.data,
            **{**quick, **given},
        )
    return runs


def summarize(curves, run):
    """Make a row of the table for one learner."""
    from spikefa.analysis import mean_and_sem

    errors = curves["test_error"]
    best = errors.mean(axis=0).argmin()
    row = {
        "settings": asdict(run),
        "final_error_mean_and_sem": mean_and_sem(errors[:, -1]),
        "lowest_error_of_each_run_mean_and_sem": mean_and_sem(errors.min(axis=1)),
        "error_at_best_pass_mean_and_sem": mean_and_sem(errors[:, best]),
        "best_pass": curves["passes"][0, best],
        "final_errors": errors[:, -1],
        "microseconds_per_image": curves["microseconds"],
    }
    if "angle" in curves:
        row["angle_last_mean_and_sem"] = mean_and_sem(curves["angle"][:, -1])
    return row


def main(args):
    """Train all learners, or search; write the results."""
    if args.search and (args.omega or args.beta):
        raise InputError("--search tries its own --omega and --beta")
    runs = described_runs(args)
    with study(args, "mnist_rate") as this:
        # Before there are workers: what is wrong or remarkable is said once.
        dataset = spikefa.load_dataset(args.dataset, args.data)
        if args.search:
            search(this, runs)
        else:
            train_all(this, runs, dataset.image_shape)


def train_all(this, runs, image_shape):
    """Train every learner with every seed."""
    from spikefa.figures.rate import plot_images

    alone = this.args.workers == 1 and not this.args.cluster
    shared = {"show_progress": alone}
    groups = {name: {"run": run} | shared for name, run in runs.items()}
    curves = this.run_groups(learn, groups, "networks")
    fields = {name: of["input_weights"][0] for name, of in curves.items()}
    for name in runs:  # of the first run only: they are large
        this.arrays[f"{name}/input_weights"] = fields[name]
    table = {name: summarize(curves[name], run) for name, run in runs.items()}
    this.results["learners"] = table
    for name, row in table.items():
        final, best = (
            with_sem(row[f"{which}_mean_and_sem"])
            for which in ("final_error", "error_at_best_pass")
        )
        print(
            f"{name:18s} test error {final} % after the last pass; {best} % after the "
            f"best, pass {row['best_pass']:.0f}"
        )
    this.write(plot_images(curves, fields, image_shape))


def search(this, runs):
    """Try all ranges on held-out training images; print the table."""
    from spikefa.figures.rate import plot_search

    args, groups = this.args, {}
    for name, run in runs.items():
        # Without feedback weights there is no beta.
        betas = GRID["beta"] if run.rule != "bp" else (run.beta,)
        for omega, beta in itertools.product(GRID["omega"], betas):
            groups[f"{name}, omega {omega}, beta {beta}"] = {
                "run": replace(
                    run,
                    omega=omega,
                    beta=beta,
                    validation=1000 if args.quick else VALIDATION,
                    passes=args.passes or (1 if args.quick else 3),
                ),
                "show_progress": False,
            }
    curves = this.run_groups(learn, groups, "networks")
    errors = {group: of["test_error"][:, -1].mean() for group, of in curves.items()}
    for group in groups:
        del this.arrays[f"{group}/input_weights"]
    this.results["held_out_error_percent"] = errors
    this.results["settings"] = {name: asdict(run) for name, run in runs.items()}
    for group, error in sorted(errors.items(), key=lambda item: item[1]):
        print(f"{group:45s} {error:.2f} %")
    this.write(plot_search(errors))


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
