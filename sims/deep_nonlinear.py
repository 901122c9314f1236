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
from spikefa import analysis, datasets, figures
from spikefa.experiments.command_line import run_command
from spikefa.experiments.study import learner_model, study, with_sem
from spikefa.experiments.study_options import etas, rate_parser

SIZES = {3: (30, 20, 10), 4: (30, 20, 10, 10)}
ETAS = {"fa": 0.01, "bp": 0.01}

#: Layers and frozen layers of every network, by name.
NETWORKS = {
    "three": (3, ()),
    "four": (4, ()),
    "four, W0 frozen": (4, (1,)),
}

#: Pairs of networks whose final errors are compared, by name of the result.
COMPARED = {
    "four_against_three": ("four", "three"),
    "four_against_frozen": ("four", "four, W0 frozen"),
}

#: Examples, and examples between measurements; in full and with --quick.
SCHEDULE = {False: (500_000, 10_000), True: (4000, 1000)}


def learn(rule, eta, layers, frozen, examples, every, seeds, model_path, device):
    """Learn once with each seed; strings: models/{rate,delta,three_factor}.py."""
    architecture = spikefa.Architecture(
        SIZES[layers],
        # phi = tanh(h) in hidden layers, phi = h in the last one
        transfers=("hyperbolic",) * (layers - 2) + ("linear",),
        vector_target=True,
        biases=False,
        frozen=frozen,
        steps_per_image=1,
        chunk_images=every,
    )
    ranges = {"weight_range": 0.3, "feedback_range": 0.5}
    model = learner_model(model_path, eta=eta, gamma=0.0, rule=rule, **ranges)
    with spikefa.open_session(architecture, model, rule, device=device) as session:
        for seed in seeds:
            task = datasets.teacher_task(seed, examples, sizes=SIZES[4])
            trainer = spikefa.Trainer(session, task, seed=seed, evaluate_every=every)
            measuring = spikefa.Measuring(measure)
            trainer.train([measuring])
            yield measuring.curves


def measure(trainer):
    """Measure the error, and the angle of the feedback to each hidden layer."""
    from spikefa.training.alignment import weights

    measured = {"nse": trainer.evaluation.nse}
    W, B = weights(trainer.session)
    for layer, (above, back) in enumerate(zip(W[1:], B or (), strict=False), 1):
        measured[f"angle_{layer}"] = analysis.angle(above, back.T)
    return measured


def build_parser():
    """Describe the options."""
    return rate_parser("deep_nonlinear.py", __doc__.splitlines()[0], runs=20)


def main(args):
    """Let all networks learn; write the tests and the figure."""
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
        curves = this.run_groups(learn, groups, together=True)
        final = {group: of["nse"][:, -1] for group, of in curves.items()}
        this.results |= {
            "examples": examples,
            "eta": rates,
            "final_nse_mean_and_sem": {
                group: analysis.mean_and_sem(nse) for group, nse in final.items()
            },
        }
        for name, (better, worse) in COMPARED.items() if len(this.seeds) > 1 else ():
            this.results[name] = {
                rule: compare(final[f"{rule}, {better}"], final[f"{rule}, {worse}"])
                for rule in rates
            }
        report(this.results)
        this.write(figures.plot_deep(curves, list(rates), list(NETWORKS)))


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


def report(results):
    """Print a line for each network and each test."""
    for group, final in results["final_nse_mean_and_sem"].items():
        print(f"{group:22s} NSE {with_sem(final, digits=4)}")
    for name in COMPARED:
        for rule, tests in results.get(name, {}).items():
            print(f"{rule}, {name.replace('_', ' ')}: P = {tests['p_unpaired']:.2g}")


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
