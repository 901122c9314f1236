"""What accompanies a training: the base class, and callbacks that measure."""

import numpy as np

from ..seeds import spike_seed
from .alignment import feedback_angles

__all__ = ["Callback", "DeltaAngles", "FeedbackAngles", "Measuring"]


class Callback:
    """Something that accompanies a training; override what is needed."""

    def on_start(self, trainer):
        """Before the first chunk."""

    def on_chunk(self, trainer, point, guessed):
        """After a chunk: its `CurvePoint`, and its guesses (None for vectors)."""

    def on_test_images(self, trainer, number):
        """After a part of the test images."""

    def on_evaluation(self, trainer, evaluation):
        """After a pass over the test images."""

    def on_end(self, trainer):
        """After the last chunk, or after an interruption."""


class FeedbackAngles(Callback):
    """Puts `feedback_angles` into the learning curve: at the start, after each chunk.

    Let it come before callbacks that store the curve.
    """

    def on_start(self, trainer):
        if not trainer.curve:
            trainer.curve.at_start.feedback_angles = feedback_angles(trainer.session)

    def on_chunk(self, trainer, point, guessed):
        point.feedback_angles = feedback_angles(trainer.session)


class DeltaAngles(Callback):
    """Puts a `DeltaAlignment` into the learning curve: at the start, at evaluations.

    It is measured on images that are not learned from: some of those that evaluations
    show, evenly spaced. Let it come before callbacks that store the curve.

    Parameters
    ----------
    comparison : Comparison
        Of the network that is trained.
    n_images : int
        How many, at most.
    """

    def __init__(self, comparison, n_images):
        self.comparison, self.n_images = comparison, n_images

    def on_start(self, trainer):
        if not trainer.curve:
            self._measure(trainer, trainer.curve.at_start)

    def on_evaluation(self, trainer, evaluation):
        if trainer.images_seen:
            self._measure(trainer, trainer.curve[-1])

    def _measure(self, trainer, point):
        n, dataset = min(self.n_images, trainer.test_images), trainer.dataset
        chosen = np.arange(n) * trainer.test_images // n
        targets = getattr(dataset, "test_labels", None)
        if targets is None:
            targets = dataset.test_targets
        found = self.comparison.measure(
            trainer.session,
            dataset.test_inputs[chosen],
            targets[chosen],
            seed=spike_seed(trainer.seed, "comparison", trainer.images_seen),
        )
        for name, value in found.to_dict().items():
            setattr(point, name, value)


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
