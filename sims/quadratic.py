"""Watch how weights align while a quadratic function is learned (the paper's Fig. 5).

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

A 20-1000-20 network with tanh units and linear outputs learns y_k = x^T Q_k x.

5a: all weights learn, and for each hidden unit the angle between its weights to the
outputs and its feedback weights is followed.
5c: only W0 learns, then only W, then only W0. The first phase does not lower the error,
but it writes the feedback weights into the activity of the hidden units, from where the
second phase carries them into W. Then the third phase, which does what the first one
did, lowers the error.

Paper: task, sizes and phases. Reconstructed: eta, initial weights, the number of
examples, and that the units have biases (an odd function of x cannot be quadratic).

Examples::

    python sims/quadratic.py
    python sims/quadratic.py --quick
"""

import sys
from itertools import accumulate

import spikefa
from spikefa import analysis, datasets, figures
from spikefa.experiments.command_line import run_command
from spikefa.experiments.study import learner_model, study
from spikefa.experiments.study_options import etas, rate_parser

ETAS = {"fa": 0.001}

#: Examples and the layers that learn from them, in full and with --quick.
PHASES = {
    False: ((20_000, (1,)), (500, (2,)), (20_000, (1,))),
    True: ((2000, (1,)), (100, (2,)), (2000, (1,))),
}
EVERY = 500


def learn(eta, phases, every, seeds, model_path, device):
    """Learn in phases with each seed; strings: models/{rate,delta,three_factor}.py."""
    architecture = spikefa.Architecture(
        (20, 1000, 20),
        transfers=("hyperbolic", "linear"),  # phi = tanh(h), phi = h
        vector_target=True,
        steps_per_image=1,
    )
    ranges = {"weight_range": 0.02, "feedback_range": 0.15}
    model = learner_model(model_path, eta=eta, gamma=0.0, **ranges)
    stages = [spikefa.Stage(examples, layers) for examples, layers in phases]
    with spikefa.open_session(architecture, model, device=device) as session:
        for seed in seeds:
            task = datasets.quadratic_task(seed, sum(n for n, _ in phases))
            trainer = spikefa.Trainer(
                session, task, seed=seed, stages=stages, evaluate_every=every
            )
            measuring = spikefa.Measuring(measure)
            trainer.train([measuring])
            yield measuring.curves


def measure(trainer):
    """Measure error and alignment, for the whole network and for each hidden unit."""
    from spikefa.training.alignment import weights

    (_, W), (B,) = weights(trainer.session)
    missing = trainer.dataset.test_targets - trainer.evaluation.outputs
    return {
        "nse": trainer.evaluation.nse,
        "angle": analysis.row_angles(missing @ B, missing @ W.T).mean(),
        "unit_angles": analysis.row_angles(W, B.T),
    }


def build_parser():
    """Describe the options."""
    return rate_parser("quadratic.py", __doc__.splitlines()[0], runs=5, quick_runs=1)


def main(args):
    """Let networks learn all at once and in phases; write the figure."""
    phases = PHASES[args.quick]
    shared = {"eta": etas(args, ETAS)["fa"], "every": EVERY}
    groups = {
        "together": shared | {"phases": ((phases[0][0], None),)},
        "phases": shared | {"phases": phases},
    }
    with study(args, "quadratic") as this:
        curves = this.run_groups(learn, groups, together=True)
        together, in_phases = curves["together"], curves["phases"]
        measured = in_phases["examples"][0].tolist()
        ends = [
            measured.index(n) for n in accumulate((n for n, _ in phases), initial=0)
        ]
        units = together["unit_angles"]
        this.results |= {
            "eta": shared["eta"],
            "phases": [{"examples": n, "layers": layers} for n, layers in phases],
            "nse_before_and_after_phases": [
                analysis.mean_and_sem(nse) for nse in in_phases["nse"][:, ends].T
            ],
            "nse_together_mean_and_sem": analysis.mean_and_sem(together["nse"][:, -1]),
            "unit_angle_first_and_last": [units[:, 0].mean(), units[:, -1].mean()],
            "units_below_90_degrees_percent": 100 * (units[:, -1] < 90).mean(),
        }
        report(this.results)
        this.write(figures.plot_quadratic(together, in_phases, ends))


def report(results):
    """Print what the phases did."""
    means = [mean for mean, _ in results["nse_before_and_after_phases"]]
    for phase, layer in enumerate(("W0", "W", "W0"), 1):
        print(
            f"phase {phase} ({layer} learns): "
            f"NSE {means[phase - 1]:.3f} -> {means[phase]:.3f}"
        )
    first, last = results["unit_angle_first_and_last"]
    print(
        f"all weights learn: NSE {results['nse_together_mean_and_sem'][0]:.3f}; angle "
        f"between a unit's weights in W and B: {first:.0f} degrees at first, "
        f"{last:.0f} at last"
    )


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
