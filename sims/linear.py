"""Learn a linear function with four learning rules (the paper's Fig. 2).

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

A 30-20-10 linear network learns y* = T x. All rules get the same examples in the same
order and start from the same weights. The paper finds each eta by manual search; those
below are about two thirds of the smallest with which one of 20 runs diverged (0.012 for
feedback alignment, 0.015 for backpropagation, 7e-4 for node perturbation). Shallow
learning has the eta of backpropagation. As 20 hidden units carry 20 of the 30 input
dimensions, no shallow learner can get below a third; with an eta a hundred times larger
it comes near.

Examples::

    python sims/linear.py
    python sims/linear.py --quick
    python sims/linear.py --workers 2 --runs 20
    python sims/linear.py --eta shallow=3
"""

import sys

import spikefa
from spikefa import analysis, datasets, figures
from spikefa.experiments.command_line import run_command
from spikefa.experiments.study import learner_model, study
from spikefa.experiments.study_options import etas, rate_parser

ETAS = {"fa": 0.007, "bp": 0.01, "node": 5e-4, "shallow": 0.01}
GOAL = 0.01

#: Examples, and examples between measurements; in full and with --quick.
SCHEDULE = {False: (2000, 25), True: (800, 100)}


def learn(rule, eta, examples, every, seeds, model_path, device):
    """Learn once with each seed; strings: models/{rate,delta,three_factor}.py."""
    architecture = spikefa.Architecture(
        (30, 20, 10),
        transfers=("linear", "linear"),  # phi = h
        vector_target=True,
        biases=False,
        steps_per_image=1,
    )
    ranges = {"weight_range": 0.01, "feedback_range": 0.5}
    model = learner_model(model_path, eta=eta, gamma=0.0, rule=rule, **ranges)
    with spikefa.open_session(architecture, model, rule, device=device) as session:
        for seed in seeds:
            task = datasets.linear_task(seed, examples)
            trainer = spikefa.Trainer(session, task, seed=seed, evaluate_every=every)
            measuring = spikefa.Measuring(measure)
            trainer.train([measuring])
            yield measuring.curves


def measure(trainer):
    """Measure error and alignment: what the figure shows."""
    from spikefa.training.alignment import weights

    measured = {"nse": trainer.evaluation.nse}
    (_, W), B = weights(trainer.session)
    if B is not None:
        missing = trainer.dataset.test_targets - trainer.evaluation.outputs
        measured |= {
            "angle": analysis.row_angles(missing @ B[0], missing @ W.T).mean(),
            "pinv_angle": analysis.pinv_angle(W, B[0]),
            "alignment": analysis.alignment(missing, W, B[0]),
        }
    return measured


def build_parser():
    """Describe the options."""
    return rate_parser("linear.py", __doc__.splitlines()[0], runs=20)


def main(args):
    """Let all learners learn; write the table and the figure."""
    examples, every = SCHEDULE[args.quick]
    rates = etas(args, ETAS)
    learners = {
        rule: {"rule": rule, "eta": eta, "examples": examples, "every": every}
        for rule, eta in rates.items()
    }
    with study(args, "linear") as this:
        curves = this.run_groups(learn, learners, "learners", together=True)
        fa = curves["fa"]
        this.results |= {
            "examples": examples,
            "goal_nse": GOAL,
            "learners": {r: summarize(of, rates[r]) for r, of in curves.items()},
            "angle_first_mean_and_sem": analysis.mean_and_sem(fa["angle"][:, 0]),
            "angle_last_mean_and_sem": analysis.mean_and_sem(fa["angle"][:, -1]),
            "pinv_angle_last_mean_and_sem": analysis.mean_and_sem(
                fa["pinv_angle"][:, -1]
            ),
        }
        report(this.results)
        this.write(figures.plot_linear(curves))


def summarize(curves, eta):
    """Make the row of the table for a learner."""
    final = curves["nse"][:, -1]
    mean, sem = analysis.mean_and_sem(final)
    return {
        "eta": eta,
        "final_nse_mean": mean,
        "final_nse_sem": sem,
        "lowest_final_nse": final.min(),
        "examples_to_goal": [
            next(iter(examples[nse < GOAL].tolist()), None)
            for examples, nse in zip(curves["examples"], curves["nse"], strict=True)
        ],
    }


def report(results):
    """Print a line for each learner."""
    for rule, row in results["learners"].items():
        reached = [n for n in row["examples_to_goal"] if n is not None]
        average = sum(reached) / max(1, len(reached))
        after = f", on average after {average:.0f}" if reached else ""
        print(
            f"{rule:8s} NSE {row['final_nse_mean']:.4g} after "
            f"{results['examples']} examples; below {GOAL} in {len(reached)} of "
            f"{results['n_runs']} runs{after}"
        )
    first, last = (
        results[f"angle_{when}_mean_and_sem"][0] for when in ("first", "last")
    )
    print(
        f"angle between B e and W^T e: {first:.0f} degrees at first, {last:.0f} at last"
    )


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
