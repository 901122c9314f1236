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
import time
from dataclasses import asdict, dataclass, replace

import spikefa
from spikefa import analysis, figures
from spikefa.errors import InputError
from spikefa.experiments.command_line import (
    nonnegative_int,
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
from spikefa.network.architecture import FEEDBACK_BITS, WEIGHT_BITS

KINDS = ("spiking", "rate")
ETAS = dict.fromkeys(KINDS, 1e-3)
SPIKING_RULES = [name for name, rule in RULES.items() if not rule.route.rate_only]

#: Learning rates that --search tries, and the training images that it tests with.
GRID = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
VALIDATION = 10_000

#: Images whose spikes are counted.
COUNTED = 200

#: Settings of --quick.
QUICK = {"layers": (20,), "outputs_per_class": 5, "images": 400, "test_images": 200}


@dataclass(frozen=True, kw_only=True)
class Run(ImageRun):
    """What both networks are trained with."""

    layers: tuple = run_option((500, 500, 500), "units of each hidden layer", **COUNT)
    outputs_per_class: int = run_option(100, "output neurons of each class", **COUNT)
    rule: str = run_option("fa", "learning rule", choices=SPIKING_RULES)
    steps: int = run_option(5, "time steps per image of spiking neurons", **COUNT)
    evaluations: int = run_option(
        1, "tests of the final weights, each with other spikes", **COUNT
    )
    validation: int = run_option(
        0,
        "hold out the last N training images and test with these instead",
        unset=f"0; {VALIDATION} with --search",
        read=nonnegative_int,
        metavar="N",
    )
    feedback_bits: int = run_option(
        32, "bits of a feedback weight", choices=FEEDBACK_BITS
    )
    weight_bits: int = run_option(
        32, "bits of a weight that spikes read; it learns in 32", choices=WEIGHT_BITS
    )


def learn(kind, eta, run, seeds, model_path, device):
    """Train once with each seed; for rates, models/rate.py replaces some strings."""
    dataset, spikes = spikefa.load_dataset(run.dataset, run.data), kind == "spiking"
    outputs = run.outputs_per_class * dataset.n_classes
    architecture = spikefa.Architecture(
        (dataset.train_images.shape[1], *run.layers, outputs),
        n_classes=dataset.n_classes,
        steps_per_image=run.steps if spikes else 1,
        feedback_bits=run.feedback_bits,
        weight_bits=run.weight_bits if spikes else 32,
        chunk_images=min(1000, run.images or len(dataset.train_labels)),
    )
    model = learner_model(model_path, rate=not spikes, eta=eta)
    record = dict.fromkeys(sent_spikes(architecture), True) if spikes else None
    with spikefa.open_session(
        architecture, model, run.rule, device=device, record=record
    ) as session:
        for seed in seeds:
            yield train(session, dataset, run, seed)


def train(session, dataset, run, seed):
    """Train from new weights; return the learning curve, and what an image costs."""
    from spikefa.training.records import Windows
    from spikefa.training.repeated import evaluate_repeatedly

    images = run.images or len(dataset.train_labels) - run.validation
    trainer = spikefa.Trainer(
        session,
        dataset,
        seed=seed,
        epochs=run.passes,
        images=images,
        test_images=run.test_images,
        held_out=run.validation,
        evaluate_every=max(1, images * run.passes // 10),
        windows=Windows(()),  # spikes are counted at the end
    )
    start = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - start
    tested = trainer.curve.tested
    (final,) = evaluate_repeatedly(trainer, run.evaluations)
    return {
        "images": tested.column("images_seen"),
        "error": tested.column(f"{final['images']}_error_percent"),
        "final_error": final["error_percent"]["mean"],
        "ms_per_image": trainer.steps * trainer.ms_per_step,
        "seconds": seconds,
    } | count(trainer)


def sent_spikes(architecture):
    """Name the spikes of all layers that send them to the layer above."""
    return [f"layer_{layer}.spikes" for layer in range(architecture.n_layers)]


def count(trainer):
    """Count spikes and operations of an image that is not learned; take the time."""
    import numpy as np

    session = trainer.session
    architecture = session.network.architecture
    inputs = trainer.dataset.test_inputs[:COUNTED][: session.chunk_images]
    shown = inputs, trainer.dataset.test_labels[: len(inputs)]
    how = {"seed": trainer.seed, "gates": session.learn_nothing}
    with session.evaluating():
        seconds = session.run(*shown, **how, record=False).seconds
    found = {"ms_per_test_image": 1000 * seconds / len(inputs)}
    fan_out = architecture.layer_sizes[1:]
    if session.network.rate:
        sent = np.array(architecture.layer_sizes[:-1])
    else:
        with session.evaluating():
            records = session.run(*shown, **how).records
        spikes = [len(records[name].t) for name in sent_spikes(architecture)]
        found["spikes_per_image"] = sent = np.array(spikes) / len(inputs)
    return found | {"operations_per_image": float(sent @ fan_out)}


def build_parser():
    """Describe the options."""
    parser = rate_parser("compare.py", __doc__.splitlines()[0], runs=3, quick_runs=1)
    add_options(parser, Run)["network and data"](
        "--search", action="store_true", help="find eta on held-out images"
    )
    return parser


def main(args):
    """Train both kinds of networks, or search; write the figure and the table."""
    given = (QUICK if args.quick else {}) | given_options(args, Run)
    rates, run = etas(args, ETAS), Run(**given)
    if args.search and args.validation is None:
        run = replace(run, validation=VALIDATION)
    if args.search and (args.eta or not run.validation):
        raise InputError("--search tries its own --eta, on images that are held out")
    with study(args, "compare") as this:
        this.results["settings"] = asdict(run)
        if args.search:
            search(this, run)
        else:
            compare(this, run, rates)


def compare(this, run, rates):
    """Train a network of each kind with every seed; draw the figure."""
    groups = {
        kind: {"kind": kind, "eta": eta, "run": run} for kind, eta in rates.items()
    }
    curves = this.run_groups(learn, groups)
    images = "validation" if run.validation else "test"
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
    this.write(figures.plot_comparison(curves, table, images))


def summarize(of, eta):
    """Make the row of the table for one kind of network."""
    names = "operations_per_image", "ms_per_test_image", "ms_per_image", "seconds"
    error = analysis.mean_and_sem(of["final_error"])
    row = {"eta": eta, "error_mean_and_sem": error}
    row |= {name: of[name].mean() for name in names}
    if "spikes_per_image" in of:
        row["spikes_per_image"] = of["spikes_per_image"].mean(axis=0)
    return row


def search(this, run):
    """Try learning rates on held-out training images; print the table."""
    groups = {
        f"{kind}, eta {eta:g}": {"kind": kind, "eta": eta, "run": run}
        for kind in KINDS
        for eta in GRID
    }
    curves = this.run_groups(learn, groups)
    this.write_search({g: of["final_error"].mean() for g, of in curves.items()})


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
