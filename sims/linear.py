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
from spikefa.experiments.command_line import run_command
from spikefa.experiments.study import etas, rate_parser, study, with_parameters

ETAS = {"fa": 0.007, "bp": 0.01, "node": 5e-4, "shallow": 0.01}
GOAL = 0.01

#: Examples, and examples between measurements; in full and with --quick.
SCHEDULE = {False: (2000, 25), True: (800, 100)}


def network(eta, model_path=None):
    """30-20-10 linear units; strings: models/{rate,delta,three_factor}.py."""
    architecture = spikefa.Architecture(
        (30, 20, 10),
        transfers=("linear", "linear"),  # phi = h
        vector_target=True,
        biases=False,
        steps_per_image=1,
    )
    model = spikefa.load_model(model_path, rate=True)
    ranges = {"weight_range": 0.01, "feedback_range": 0.5}
    return architecture, with_parameters(model, eta=eta, gamma=0.0, **ranges)


def measure(trainer):
    """Measure error and alignment: what the figure shows."""
    from spikefa.analysis import alignment, pinv_angle, row_angles
    from spikefa.training.alignment import weights

    measured = {"nse": trainer.evaluation.nse}
    (_, W), B = weights(trainer.session)
    if B is not None:
        missing = trainer.dataset.test_targets - trainer.evaluation.outputs
        measured |= {
            "angle": row_angles(missing @ B[0], missing @ W.T).mean(),
            "pinv_angle": pinv_angle(W, B[0]),
            "alignment": alignment(missing, W, B[0]),
        }
    return measured


def learn(rule, eta, examples, every, seeds, model_path, device):
    """Let a learner learn once with each seed; return its curves."""
    from spikefa.datasets.regression import linear_task
    from spikefa.training.callbacks import Measuring

    curves = []
    with spikefa.open_session(
        *network(eta, model_path), rule, device=device
    ) as session:
        for seed in seeds:
            task, measuring = linear_task(seed, examples), Measuring(measure)
            trainer = spikefa.Trainer(session, task, seed=seed, evaluate_every=every)
            trainer.train([measuring])
            curves.append(measuring.curves)
    return curves


def build_parser():
    """Describe the options."""
    return rate_parser("linear.py", __doc__.splitlines()[0], runs=20)


def first_below(examples, errors, goal=GOAL):
    """Count the examples after which the error was below a goal, or None."""
    below = examples[errors < goal]
    return int(below[0]) if len(below) else None


def summarize(curves, rates):
    """Make a row of the table for each learner."""
    from spikefa.analysis import mean_and_sem

    table = {}
    for rule, of in curves.items():
        mean, sem = mean_and_sem(of["nse"][:, -1])
        table[rule] = {
            "eta": rates[rule],
            "final_nse_mean": mean,
            "final_nse_sem": sem,
            "lowest_final_nse": of["nse"][:, -1].min(),
            "examples_to_goal": [
                first_below(*run) for run in zip(of["examples"], of["nse"], strict=True)
            ],
        }
    return table


def main(args):
    """Run all learners and write the figure."""
    from spikefa.analysis import mean_and_sem
    from spikefa.figures.rate import plot_linear

    examples, every = SCHEDULE[args.quick]
    rates = etas(args, ETAS)
    shared = {"examples": examples, "every": every}
    groups = {rule: {"rule": rule, "eta": eta} | shared for rule, eta in rates.items()}
    with study(args, "linear") as this:
        curves = this.run_groups(learn, groups, "learners", together=True)
        aligned = curves["fa"]
        table = summarize(curves, rates)
        this.results |= {
            "examples": examples,
            "goal_nse": GOAL,
            "learners": table,
            "angle_first_mean_and_sem": mean_and_sem(aligned["angle"][:, 0]),
            "angle_last_mean_and_sem": mean_and_sem(aligned["angle"][:, -1]),
            "pinv_angle_last_mean_and_sem": mean_and_sem(aligned["pinv_angle"][:, -1]),
        }
        report(table, this.results)
        errors = {rule: of["nse"] for rule, of in curves.items()}
        seen = aligned["examples"][0]
        figure = plot_linear(seen, errors, aligned["angle"], aligned["pinv_angle"])
        this.write(figure)


def report(table, results):
    """Print a line for each learner."""
    for rule, row in table.items():
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
