"""Learn a nonlinear function with three and four layers (the paper's Fig. 3c,d).

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

A 30-20-10-10 teacher with tanh units and linear outputs gives the targets. Networks of
30-20-10 and of 30-20-10-10 units learn them by feedback alignment (d2 = B2 e,
d1 = B1 d2) and by backpropagation. If feedback alignment sends useful signals through
two layers, four layers do better than three, and better than four with W0 frozen. The
paper's task, sizes and n = 20; reconstructed: eta, initial weights and the number of
examples.

Examples::

    python sims/deep_nonlinear.py
    python sims/deep_nonlinear.py --quick
    python sims/deep_nonlinear.py --workers 2
"""

import sys

import spikefa
from spikefa.experiments.command_line import run_command
from spikefa.experiments.study import (
    etas,
    rate_parser,
    study,
    with_parameters,
    with_sem,
)

SIZES = {3: (30, 20, 10), 4: (30, 20, 10, 10)}
ETAS = {"fa": 0.01, "bp": 0.01}

#: Layers and frozen layers of every network, by name.
NETWORKS = {
    "three": (3, ()),
    "four": (4, ()),
    "four, W0 frozen": (4, (1,)),
}

#: Examples, and examples between measurements; in full and with --quick.
SCHEDULE = {False: (500_000, 10_000), True: (4000, 1000)}


def network(eta, layers, frozen, chunk, model_path=None):
    """Tanh units, linear outputs; strings: models/{rate,delta,three_factor}.py."""
    hidden = layers - 2
    architecture = spikefa.Architecture(
        SIZES[layers],
        transfers=("hyperbolic",) * hidden + ("linear",),  # phi = tanh(h), phi = h
        vector_target=True,
        biases=False,
        frozen=frozen,
        steps_per_image=1,
        chunk_images=chunk,
    )
    model = spikefa.load_model(model_path, rate=True)
    ranges = {"weight_range": 0.3, "feedback_range": 0.5}
    return architecture, with_parameters(model, eta=eta, gamma=0.0, **ranges)


def measure(trainer):
    """Measure the error, and the angle of the feedback to each hidden layer."""
    from spikefa.analysis import angle
    from spikefa.training.alignment import weights

    measured = {"nse": trainer.evaluation.nse}
    W, B = weights(trainer.session)
    if B is not None:
        for layer, (above, back) in enumerate(zip(W[1:], B, strict=True), 1):
            measured[f"angle_{layer}"] = angle(above, back.T)
    return measured


def learn(rule, eta, layers, frozen, examples, every, seeds, model_path, device):
    """Let a network learn once with each seed; return its curves."""
    from spikefa.datasets.regression import teacher_task
    from spikefa.training.callbacks import Measuring

    curves = []
    built = network(eta, layers, frozen, every, model_path)
    with spikefa.open_session(*built, rule, device=device) as session:
        for seed in seeds:
            task = teacher_task(seed, examples, sizes=SIZES[4])
            measuring = Measuring(measure)
            trainer = spikefa.Trainer(session, task, seed=seed, evaluate_every=every)
            trainer.train([measuring])
            curves.append(measuring.curves)
    return curves


def build_parser():
    """Describe the options."""
    return rate_parser("deep_nonlinear.py", __doc__.splitlines()[0], runs=20)


def compare(better, worse):
    """Test whether one set of errors is lower than another.

    Returns
    -------
    tests : dict
        Two-sided P values of Student's t test as in the paper (unpaired) and paired
        by seed (same task); the difference of the means.
    """
    from scipy import stats

    return {
        "mean_difference": (worse - better).mean(),
        "p_unpaired": stats.ttest_ind(better, worse).pvalue,
        "p_paired": stats.ttest_rel(better, worse).pvalue,
    }


def main(args):
    """Run all networks and write the figure."""
    from spikefa.analysis import mean_and_sem
    from spikefa.figures.rate import plot_deep

    examples, every = SCHEDULE[args.quick]
    rates = etas(args, ETAS)
    shared = {"examples": examples, "every": every}
    groups = {
        f"{rule}, {name}": shared
        | {"rule": rule, "eta": eta, "layers": layers, "frozen": frozen}
        for rule, eta in rates.items()
        for name, (layers, frozen) in NETWORKS.items()
    }
    with study(args, "deep_nonlinear") as this:
        curves = this.run_groups(learn, groups, "networks", together=True)
        final = {group: of["nse"][:, -1] for group, of in curves.items()}
        this.results |= {
            "examples": examples,
            "eta": rates,
            "final_nse_mean_and_sem": {g: mean_and_sem(x) for g, x in final.items()},
        }
        if len(this.seeds) > 1:
            this.results["four_against_three"] = {
                rule: compare(final[f"{rule}, four"], final[f"{rule}, three"])
                for rule in rates
            }
            this.results["four_against_frozen"] = {
                rule: compare(final[f"{rule}, four"], final[f"{rule}, four, W0 frozen"])
                for rule in rates
            }
        report(this.results)
        seen = curves["fa, four"]["examples"][0]
        this.write(plot_deep(seen, curves, list(rates), list(NETWORKS)))


def report(results):
    """Print a line for each network and each test."""
    for group, final in results["final_nse_mean_and_sem"].items():
        print(f"{group:22s} NSE {with_sem(final, digits=4)}")
    for name in ("four_against_three", "four_against_frozen"):
        for rule, tests in results.get(name, {}).items():
            print(f"{rule}, {name.replace('_', ' ')}: P = {tests['p_unpaired']:.2g}")


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
