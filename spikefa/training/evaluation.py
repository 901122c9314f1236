"""Guesses, and the error on images that are not learned from."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..analysis import nse
from ..datasets.dataset import Inputs
from ..devices.session import Session
from ..errors import InputError
from ..seeds import spike_seed

__all__ = [
    "Evaluation",
    "VectorEvaluation",
    "common_presentation",
    "evaluate",
    "evaluate_vectors",
    "guesses",
    "repeats_per_image",
]


@dataclass(frozen=True)
class Evaluation:
    """What a pass over the images that are not learned from showed.

    Attributes
    ----------
    error_percent : float
        Images guessed wrong by the activity summed over all steps of an image.
    last_step_error_percent : float
        Images guessed wrong by the activity of the last step alone (the paper can be
        read either way).
    counts : numpy.ndarray
        How often each class was guessed.
    images : {'test', 'validation', 'averaged'}
        Whether these are the test images of a data set, or were held out of its
        training images; or that averaged weights were tested with either.
    n_tested : int or None
        How many, if they are a part only of those that there are.
    """

    error_percent: float
    last_step_error_percent: float
    counts: NDArray
    images: str = "test"
    n_tested: int | None = None

    @property
    def measures(self) -> dict[str, float | None]:
        """What a learning curve keeps."""
        return {
            f"{self.images}_error_percent": self.error_percent,
            f"{self.images}_error_last_step_percent": self.last_step_error_percent,
            "n_tested": self.n_tested,
        }


@dataclass(frozen=True, eq=False)
class VectorEvaluation:
    """What a pass over the test examples of a regression task showed.

    Attributes
    ----------
    outputs : numpy.ndarray, shape (n, n_outputs)
        In the last step of each example.
    nse : float
        Normalized squared error, see `nse`; NaN if the network has diverged.
    images : {'test', 'averaged'}
        Whether averaged weights were tested.
    """

    outputs: NDArray
    nse: float
    images: str = "test"

    @property
    def measures(self) -> dict[str, float]:
        """What a learning curve keeps."""
        return {f"{self.images}_nse": self.nse}


def repeats_per_image(session: Session, steps: int) -> int:
    """Count the presentations in a row that show an image for so many steps.

    Nothing marks the end of a presentation (activity is never reset and inputs are
    redrawn at every step), so that k presentations in a row are one of k times the
    steps.

    Raises
    ------
    InputError
        If the steps are not a multiple of the network's steps per image.
    """
    unit = session.network.architecture.steps_per_image
    if steps < 1 or steps % unit:
        raise InputError(
            f"this network shows images for multiples of {unit} steps, got {steps}"
        )
    return steps // unit


def common_presentation(
    chunk_images: int, steps: int, *test_steps: int
) -> dict[str, int]:
    """Find the longest presentation of which all numbers of steps are multiples.

    Parameters
    ----------
    chunk_images : int
        Most images of one run of the network.
    steps, *test_steps : int
        Time steps per image, in the training and in tests.

    Returns
    -------
    sizes : dict of int
        ``steps_per_image`` and ``chunk_images`` for `Architecture`.
    """
    unit = math.gcd(steps, *test_steps)
    most_steps = max(chunk_images * steps, *test_steps)
    return {"steps_per_image": unit, "chunk_images": most_steps // unit}


def guesses(output: NDArray, repeats: int = 1) -> tuple[NDArray, NDArray]:
    """Guess the class of each image.

    Parameters
    ----------
    output : numpy.ndarray, shape (n * repeats, steps, n_classes)
        Activity of each class, `ChunkResult.output`.
    repeats : int, optional
        Presentations in a row that make up one image.

    Returns
    -------
    by_sum, by_last_step : numpy.ndarray, shape (n,)
        Class with the largest activity, summed over all steps, and in the last one.
    """
    activity = output.reshape(len(output) // repeats, -1, output.shape[-1])
    by_sum = activity.sum(axis=1, dtype=np.float64).argmax(axis=1)
    return by_sum, activity[:, -1].argmax(axis=1)


def evaluate(
    session: Session,
    images: NDArray | Inputs,
    labels: NDArray,
    *,
    seed: int,
    steps: int | None = None,
    index: int = 0,
    repetition: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Evaluation:
    """Measure the test error, without plasticity and without a trace in the state.

    Parameters
    ----------
    session : Session
    images : numpy.ndarray or Inputs, shape (n or more, n_inputs)
        Such as ``dataset.test_inputs``.
    labels : numpy.ndarray, shape (n,)
    seed : int
        Seed of the whole run.
    steps : int, optional
        Time steps per image; default: the network's steps per image.
    index : int, optional
        Tells evaluations of one run apart; each has its own spikes.
    repetition : int, optional
        Tells evaluations of the same weights apart.
    progress : callable, optional
        Called with the number of images after each run of the network.

    Returns
    -------
    evaluation : Evaluation
    """
    arch = session.network.architecture
    repeats = repeats_per_image(session, steps or arch.steps_per_image)
    chunk = max(1, session.chunk_images // repeats)
    wrong, wrong_last = 0, 0
    counts = np.zeros(arch.n_classes, dtype=int)
    again = (repetition,) if repetition else ()
    with session.evaluating():
        for number, start in enumerate(range(0, len(labels), chunk)):
            shown = np.arange(start, min(start + chunk, len(labels)))
            result = session.run(
                images.take(shown, axis=0).repeat(repeats, axis=0),
                np.repeat(labels[shown], repeats),
                seed=spike_seed(seed, "evaluation", index, number, *again),
                gates=session.learn_nothing,
                record=False,
            )
            by_sum, by_last = guesses(result.output, repeats)
            wrong += int(np.count_nonzero(by_sum != labels[shown]))
            wrong_last += int(np.count_nonzero(by_last != labels[shown]))
            counts += np.bincount(by_sum, minlength=arch.n_classes)
            if progress:
                progress(len(by_sum))
    percent = 100 / len(labels)
    return Evaluation(float(wrong * percent), float(wrong_last * percent), counts)


def evaluate_vectors(
    session: Session,
    inputs: NDArray,
    targets: NDArray,
    *,
    steps: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> VectorEvaluation:
    """Measure the error of vectors without plasticity; the state stays as it is.

    Parameters
    ----------
    session : Session
    inputs : numpy.ndarray, shape (n, n_inputs)
    targets : numpy.ndarray, shape (n, n_outputs)
    steps : int, optional
        Time steps per example; default: the network's.
    progress : callable, optional
        Called with the number of examples after each run of the network.

    Returns
    -------
    evaluation : VectorEvaluation
    """
    arch = session.network.architecture
    repeats = repeats_per_image(session, steps or arch.steps_per_image)
    parts, size = [], max(1, session.chunk_images // repeats)
    with session.evaluating():
        for start in range(0, len(inputs), size):
            shown = slice(start, start + size)
            result = session.run(
                np.repeat(inputs[shown], repeats, axis=0),
                np.repeat(targets[shown], repeats, axis=0),
                seed=0,
                gates=session.learn_nothing,
                record=False,
            )
            parts.append(result.output[repeats - 1 :: repeats, -1])
            if progress:
                progress(len(parts[-1]))
    outputs = np.concatenate(parts).astype(float)
    finite = np.isfinite(outputs).all()
    return VectorEvaluation(outputs, nse(targets, outputs) if finite else np.nan)
