"""What accompanies a training: the base class, and callbacks that measure."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..analysis import CurvePoint
from ..seeds import spike_seed
from .alignment import feedback_angles
from .evaluation import Evaluation, VectorEvaluation

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["Callback", "DeltaAngles", "FeedbackAngles", "Measuring"]


class Callback:
    """Something that accompanies a training; override what is needed."""

    def on_start(self, trainer: "Trainer") -> None:
        """Before the first chunk."""

    def on_chunk(
        self, trainer: "Trainer", point: CurvePoint, guessed: NDArray | None
    ) -> None:
        """After a chunk: its `CurvePoint`, and its guesses (None for vectors)."""

    def on_test_images(self, trainer: "Trainer", number: int) -> None:
        """After a part of the test images."""

    def on_evaluation(
        self, trainer: "Trainer", evaluation: Evaluation | VectorEvaluation
    ) -> None:
        """After a pass over the test images."""

    def on_end(self, trainer: "Trainer") -> None:
        """After the last chunk, or after an interruption."""


class FeedbackAngles(Callback):
    """Puts `feedback_angles` into the learning curve: at the start, after each chunk.

    Let it come before callbacks that store the curve.
    """

    def on_start(self, trainer: "Trainer") -> None:
        if not trainer.curve:
            trainer.curve.at_start.feedback_angles = feedback_angles(trainer.session)

    def on_chunk(
        self, trainer: "Trainer", point: CurvePoint, guessed: NDArray | None
    ) -> None:
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

    def __init__(self, measure: Callable[["Trainer"], dict[str, Any]]) -> None:
        self.measure = measure
        self.rows: list[dict[str, Any]] = []

    def on_evaluation(
        self, trainer: "Trainer", evaluation: Evaluation | VectorEvaluation
    ) -> None:
        self.rows.append({"examples": trainer.images_seen} | self.measure(trainer))

    @property
    def curves(self) -> dict[str, NDArray]:
        """What was measured, stacked: arrays by name, and ``"examples"``, when."""
        names = self.rows[0] if self.rows else ()
        return {name: np.array([row[name] for row in self.rows]) for name in names}
