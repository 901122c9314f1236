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

import sys
from dataclasses import asdict, dataclass, replace
from itertools import product

import spikefa
from spikefa import analysis, figures
from spikefa.errors import InputError
from spikefa.experiments.command_line import run_command
from spikefa.experiments.declaration import add_options, given_options
from spikefa.experiments.study import learner_model, study, with_sem
from spikefa.experiments.study_options import (
    COUNT,
    ImageRun,
    etas,
    nonnegative_float,
    rate_parser,
    run_option,
)

#: What the learners differ in.
LEARNERS = {
    "bp": {"rule": "bp", "beta": 0.0},
    "fa": {"rule": "fa"},
    "fa, half removed": {"rule": "fa", "removed": 0.5},
}
ETAS = {"bp": 0.1, "fa": 0.03}

#: Ranges that --search tries, and the training images that it tests with.
GRID = {"omega": (0.02, 0.05, 0.1), "beta": (0.1, 0.5, 1.0)}
VALIDATION = 10_000

#: Images of one run of the network: more would hardly be faster, and take memory.
CHUNK = 10_000

#: Test images whose errors say how well the feedback is aligned.
ALIGNMENT_IMAGES = 1000


#: Settings of --quick.
QUICK = {"images": 2000, "test_images": 1000, "passes": 2}


_NUMBER = {"read": nonnegative_float, "metavar": "X"}


@dataclass(frozen=True, kw_only=True)
class Run(ImageRun):
    """What a learner is trained with."""

    rule: str
    eta: float
    removed: float = 0.0
    validation: int = 0
    passes: int = run_option(12, "passes (--search: 3)", **COUNT)
    hidden: tuple = run_option((1000,), "hidden units", **COUNT)
    omega: float = run_option(0.1, "range of forward weights", **_NUMBER)
    beta: float = run_option(1.0, "range of feedback weights", **_NUMBER)
    gamma: float = run_option(
        1e-6, "weight decay, times eta an image: the paper's alpha", **_NUMBER
    )


def learn(run, seeds, show_progress, model_path, device):
    """Train once with each seed; strings: models/{rate,delta,three_factor}.py."""
    dataset = spikefa.load_dataset(run.dataset, run.data)
    architecture = spikefa.Architecture(
        (dataset.train_images.shape[1], *run.hidden, dataset.n_classes),
        n_classes=dataset.n_classes,
        steps_per_image=1,
        chunk_images=min(CHUNK, run.images or len(dataset.train_labels)),
        sparse=run.removed > 0,
    )
    ranges = {"weight_range": run.omega, "feedback_range": run.beta}
    model = learner_model(
        model_path, eta=run.eta, gamma=run.gamma, rule=run.rule, **ranges
    )
    with spikefa.open_session(architecture, model, run.rule, device=device) as session:
        for seed in seeds:
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
            measuring = spikefa.Measuring(measure)
            bars = [spikefa.ProgressBar()] if show_progress else []
            trainer.train([measuring, spikefa.NumericalGuard(lambda text: None), *bars])
            yield results(trainer, measuring.curves)


def measure(trainer):
    """Measure error and alignment of the feedback: what the figure shows."""
    from spikefa.training.alignment import output_errors, weights

    measured = {"test_error": trainer.evaluation.error_percent}
    W, B = weights(trainer.session)
    if B is not None:
        missing = output_errors(trainer, ALIGNMENT_IMAGES)
        measured |= {
            "angle": analysis.row_angles(missing @ B[-1], missing @ W[-1].T).mean(),
            "weight_angle": analysis.angle(B[-1], W[-1].T),
        }
    return measured


def results(trainer, curves):
    """Add to the curves what there is at the end."""
    return {name: of for name, of in curves.items() if name != "examples"} | {
        "passes": curves["examples"] / trainer.schedule.images,
        "microseconds": 1000 * trainer.ms_per_step,
        "input_weights": trainer.session.get_state(["forward_1.W"])["forward_1.W"],
    }


def build_parser():
    """Describe the options."""
    parser = rate_parser("mnist_rate.py", __doc__.splitlines()[0], runs=20)
    add = add_options(parser, Run)["network and data"]
    add("--learner", choices=LEARNERS, nargs="+", help="default: all")
    add("--search", action="store_true", help="find omega and beta on held-out images")
    return parser


def main(args):
    """Train all learners, or search; write the results."""
    if args.search and (args.omega, args.beta) != (None, None):
        raise InputError("--search tries its own --omega and --beta")
    rates, runs = etas(args, ETAS), {}
    given = (QUICK if args.quick else {}) | given_options(args, Run)
    for name in args.learner or LEARNERS:
        learner = {"eta": rates[LEARNERS[name]["rule"]]} | LEARNERS[name]
        runs[name] = Run(**learner | given)
    with study(args, "mnist_rate") as this:
        (search if args.search else train_all)(this, runs)


def train_all(this, runs):
    """Train every learner with every seed; draw the figure."""
    groups = {n: {"run": r, "show_progress": this.alone} for n, r in runs.items()}
    curves = this.run_groups(learn, groups)
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
    this.write(figures.plot_images(curves, fields, this.dataset.image_shape))


def summarize(curves, run):
    """Make a row of the table for one learner."""
    mean_and_sem = analysis.mean_and_sem
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


def search(this, runs):
    """Try all ranges on held-out training images; print the table."""
    args, groups = this.args, {}
    held_out = {
        "validation": 1000 if args.quick else VALIDATION,
        "passes": args.passes or (1 if args.quick else 3),
    }
    for name, run in runs.items():
        # Without feedback weights there is no beta.
        betas = GRID["beta"] if run.rule != "bp" else (run.beta,)
        for omega, beta in product(GRID["omega"], betas):
            tried = replace(run, omega=omega, beta=beta, **held_out)
            groups[f"{name}, omega {omega}, beta {beta}"] = {
                "run": tried,
                "show_progress": False,
            }
    curves = this.run_groups(learn, groups)
    for group in groups:
        del this.arrays[f"{group}/input_weights"]
    this.results["settings"] = {name: asdict(run) for name, run in runs.items()}
    this.write_search({g: of["test_error"][:, -1].mean() for g, of in curves.items()})


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
