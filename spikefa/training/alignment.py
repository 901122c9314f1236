"""The weights of a session, and how well its feedback is aligned with them."""

from functools import reduce

import numpy as np

from ..analysis import angle
from ..network.architecture import GRID_STEPS
from .trainer import Callback

__all__ = ["FeedbackAngles", "Measuring", "feedback_angles", "output_errors", "weights"]


def weights(session):
    """Read all weights.

    Returns
    -------
    W : list of numpy.ndarray
        Forward weights, from the input up, each of shape (n_lower, n_upper).
    B : list of numpy.ndarray or None
        Feedback weights into each hidden layer, shape (n_upper, n_lower); None for
        rules without any.
    """
    n_layers = session.network.n_layers
    names = [f"forward_{layer}.W" for layer in range(1, n_layers + 1)]
    fixed = [f"feedback_{layer}.B" for layer in range(1, n_layers)]
    there = [name for name in fixed if name in session.variables]
    state = session.get_state([*names, *there])
    B = [state[name] for name in fixed] if there else None
    return [state[name] for name in names], B


def feedback_angles(session):
    """Measure how far the feedback weights are from those of backpropagation.

    The feedback to a hidden layer is compared with the transposed forward weights on
    the same way, which for direct feedback is their product.

    Parameters
    ----------
    session : Session

    Returns
    -------
    angles : list of float
        In degrees, from the first hidden layer up; empty for rules without feedback
        weights of their own.
    """
    network = session.network
    W = {}
    angles = []
    for layer in range(network.n_layers - 1, 0, -1):
        names = [f"feedback_{layer}.{variable}" for variable in ("B", GRID_STEPS)]
        there = [name for name in names if name in session.variables]
        if not there:
            return []
        above = f"forward_{layer + 1}.W"
        state = session.get_state([above, there[0]])
        W[layer] = state[above]
        way = list(W.values()) if network.rule.route == "direct" else [W[layer]]
        backprop = reduce(np.matmul, (w.T for w in way))
        angles.insert(0, angle(state[there[0]], backprop))
        if network.rule.route != "direct":
            W.clear()
    return angles


class FeedbackAngles(Callback):
    """Puts `feedback_angles` into the learning curve: at the start, after each chunk.

    Let it come before callbacks that store the curve.
    """

    def on_start(self, trainer):
        if not trainer.curve:
            trainer.curve.angles_at_start = feedback_angles(trainer.session)

    def on_chunk(self, trainer, point, guessed):
        point.feedback_angles = feedback_angles(trainer.session)


class Measuring(Callback):
    """Calls a function at every evaluation and keeps what it returns.

    Parameters
    ----------
    measure : callable
        Takes the trainer, whose `evaluation` is new; returns a dict of numbers or
        arrays.
    """

    def __init__(self, measure):
        self.measure, self.rows = measure, []

    def on_evaluation(self, trainer, evaluation):
        self.rows.append({"examples": trainer.images_seen} | self.measure(trainer))

    @property
    def curves(self):
        """What was measured, stacked: arrays by name, and ``"examples"``, when."""
        names = self.rows[0] if self.rows else ()
        return {name: np.array([row[name] for row in self.rows]) for name in names}


def output_errors(trainer, n_images):
    """Return the output errors of the first test images of a rate network.

    Parameters
    ----------
    trainer : Trainer
        Of a network that shows an image for one step.
    n_images : int
        How many, at most.

    Returns
    -------
    errors : numpy.ndarray, shape (n, n_classes)
    """
    dataset, session = trainer.dataset, trainer.session
    n = min(n_images, session.chunk_images, len(dataset.test_labels))
    labels = dataset.test_labels[:n]
    with session.evaluating():
        result = session.run(
            dataset.test_images[:n],
            labels,
            seed=0,
            gates=session.learn_nothing,
            record=False,
        )
    return np.eye(dataset.n_classes)[labels] - result.output[:, 0]
