"""Compare a spiking network with a rate network of the same sizes on MNIST.

Both learn by the same rule from the same images in the same order, and are built from
the same strings: the rate network sends phi(h) where the spiking network sends spikes
drawn from it, and keeps nothing from one time step to the next (tau = 1), so that a
single step shows an image where the spiking network takes five. Each has its own eta;
``--search`` tries several on training images that are held out.

Compared are errors, operations and times. An operation is a weight that is added to a
drive: one for each synapse of a neuron that spikes, and for the rate network one for
each synapse (it multiplies as well). Times are those of this machine, per image of a
test and per image that is learned.

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

Examples::

    python sims/compare.py                              # 3 x 500 units, a pass
    python sims/compare.py --quick
    python sims/compare.py --layers 1000 --rule bp
    python sims/compare.py --search --validation 10000
    python sims/compare.py --layers 1500 1500 1500 --passes 20 --eta rate=0.03
"""

import sys

import spikefa
from spikefa.datasets import DATASETS
from spikefa.errors import InputError
from spikefa.experiments.command_line import (
    nonnegative_int,
    positive_int,
    run_command,
)
from spikefa.experiments.declaration import add_option
from spikefa.experiments.settings import Settings
from spikefa.experiments.study import (
    etas,
    rate_parser,
    study,
    with_parameters,
    with_sem,
)
from spikefa.learning.rules import RULES

KINDS = ("spiking", "rate")
ETAS = dict.fromkeys(KINDS, 1e-3)

#: Learning rates that --search tries, and the training images that it tests with.
GRID = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
VALIDATION = 10_000

#: Images whose spikes are counted.
COUNTED = 200


def network(kind, eta, settings, dataset, model_path=None):
    """Equal sizes and rule; for rates, models/rate.py replaces a few of the strings."""
    outputs = settings["outputs_per_class"] * dataset.n_classes
    spikes = kind == "spiking"
    architecture = spikefa.Architecture(
        (dataset.train_images.shape[1], *settings["layers"], outputs),
        n_classes=dataset.n_classes,
        steps_per_image=settings["steps"] if spikes else 1,
        feedback_bits=settings["feedback_bits"],
        weight_bits=settings["weight_bits"] if spikes else 32,
        chunk_images=min(1000, settings["images"] or len(dataset.train_labels)),
    )
    model = spikefa.load_model(model_path, rate=not spikes)
    return architecture, with_parameters(model, eta=eta)


def sending_layers(architecture):
    """Name the layers whose neurons send something to the layer above."""
    return [f"layer_{layer}" for layer in range(architecture.n_layers)]


def learn(kind, eta, settings, seeds, model_path, device):
    """Train a network once with each seed; return what the figure shows."""
    dataset = spikefa.load_dataset(settings["dataset"], settings["data"])
    built = network(kind, eta, settings, dataset, model_path)
    layers = sending_layers(built[0]) if kind == "spiking" else []
    opened = spikefa.open_session(
        *built,
        settings["rule"],
        device=device,
        record={f"{layer}.spikes": True for layer in layers},
    )
    with opened as session:
        return [train(session, dataset, settings, seed) for seed in seeds]


def train(session, dataset, settings, seed):
    """Train from new weights; return the learning curve and the time that it took."""
    import time

    import numpy as np

    from spikefa.training.records import Windows
    from spikefa.training.repeated import evaluate_repeatedly

    held_out = settings["validation"]
    images = settings["images"] or len(dataset.train_labels) - held_out
    trainer = spikefa.Trainer(
        session,
        dataset,
        seed=seed,
        epochs=settings["passes"],
        images=images,
        test_images=settings["test_images"],
        held_out=held_out,
        evaluate_every=max(1, images * settings["passes"] // 10),
        windows=Windows(()),  # spikes are counted at the end
    )
    start = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - start
    tested = trainer.curve.tested
    (final,) = evaluate_repeatedly(trainer, settings["evaluations"])
    return {
        "images": np.array(tested.column("images_seen")),
        "error": np.array(tested.column(f"{final['images']}_error_percent")),
        "final_error": np.array(final["error_percent"]["mean"]),
        "ms_per_image": np.array(trainer.steps * trainer.ms_per_step),
        "seconds": np.array(seconds),
    } | count(session, trainer)


def count(session, trainer):
    """Count spikes and operations of an image that is not learned; take the time."""
    import numpy as np

    architecture = session.network.architecture
    inputs = trainer.dataset.test_inputs[:COUNTED][: session.chunk_images]
    shown = inputs, trainer.dataset.test_labels[: len(inputs)]
    how = {"seed": trainer.seed, "gates": session.learn_nothing}
    with session.evaluating():
        seconds = session.run(*shown, **how, record=False).seconds
    found = {"ms_per_test_image": np.array(1000 * seconds / len(inputs))}
    fan_out = architecture.layer_sizes[1:]
    if session.network.rate:
        sent = np.array(architecture.layer_sizes[:-1])
    else:
        with session.evaluating():
            records = session.run(*shown, **how).records
        layers = sending_layers(architecture)
        spikes = [len(records[f"{layer}.spikes"].t) for layer in layers]
        found["spikes_per_image"] = sent = np.array(spikes) / len(inputs)
    return found | {"operations_per_image": np.array(sent @ fan_out, dtype=float)}


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
    add(
        "--evaluations",
        type=positive_int,
        default=1,
        metavar="N",
        help="tests of the final weights, each with other spikes; default: 1",
    )
    add(
        "--validation",
        type=nonnegative_int,
        metavar="N",
        help="hold out the last N training images and test with these instead; default "
        f"of --search: {VALIDATION}",
    )
    add("--search", action="store_true", help="find eta on held-out images")
    for name in ("feedback_bits", "weight_bits"):
        add_option(add, Settings, name)
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
        "evaluations": args.evaluations,
        "validation": (VALIDATION if args.search else 0)
        if args.validation is None
        else args.validation,
        "feedback_bits": args.feedback_bits or 32,
        "weight_bits": args.weight_bits or 32,
        "dataset": args.dataset,
        "data": args.data,
    }


def main(args):
    """Train both kinds of networks, or search; write the figure and the table."""
    settings, rates = settings_of(args), etas(args, ETAS)
    if args.search and (args.eta or not settings["validation"]):
        raise InputError("--search tries its own --eta, on images that are held out")
    with study(args, "compare") as this:
        this.results["settings"] = settings
        if args.search:
            return search(this, settings)
        compare(this, settings, rates)


def compare(this, settings, rates):
    """Train a network of each kind with every seed."""
    from spikefa.figures.rate import plot_comparison

    groups = {
        kind: {"kind": kind, "eta": rates[kind], "settings": settings} for kind in KINDS
    }
    curves = this.run_groups(learn, groups, "networks")
    images = "validation" if settings["validation"] else "test"
    table = {kind: summarize(of, rates[kind]) for kind, of in curves.items()}
    this.results |= {"images": images, "networks": table}
    for kind, row in table.items():
        error = with_sem(row["error_mean_and_sem"])
        print(
            f"{kind:8s} {images} error {error} % after "
            f"{curves[kind]['images'][0, -1]} images; an image: "
            f"{row['operations_per_image']:.3g} operations, "
            f"{row['ms_per_test_image']:.3f} ms to test, "
            f"{row['ms_per_image']:.3f} ms to learn"
        )
    this.write(plot_comparison(curves, table, images))


def summarize(of, eta):
    """Make the row of the table for one kind of network."""
    from spikefa.analysis import mean_and_sem

    names = "operations_per_image", "ms_per_test_image", "ms_per_image", "seconds"
    row = {"eta": eta, "error_mean_and_sem": mean_and_sem(of["final_error"])}
    row |= {name: of[name].mean() for name in names}
    if "spikes_per_image" in of:
        row["spikes_per_image"] = of["spikes_per_image"].mean(axis=0)
    return row


def search(this, settings):
    """Try learning rates on held-out training images; print the table."""
    from spikefa.figures.rate import plot_search

    groups = {
        f"{kind}, eta {eta:g}": {"kind": kind, "eta": eta, "settings": settings}
        for kind in KINDS
        for eta in GRID
    }
    curves = this.run_groups(learn, groups, "networks")
    errors = {group: of["final_error"].mean() for group, of in curves.items()}
    this.results["held_out_error_percent"] = errors
    for group, error in sorted(errors.items(), key=lambda item: item[1]):
        print(f"{group:25s} {error:.2f} %")
    this.write(plot_search(errors))


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
