"""Training rate networks on labelled images, as in Fig. 3a,b.

A run is described by plain values, so that it can be sent to another process.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..analysis import angle, row_angles
from ..datasets import load_dataset
from ..devices.open import open_session
from ..equations.model import load_model
from ..errors import InputError
from ..network.architecture import Architecture
from ..training.alignment import weights
from ..training.guards import NumericalGuard
from ..training.progress import ProgressBar
from ..training.regression import remove_connections
from ..training.trainer import Callback, Trainer

__all__ = ["ImageRun", "hold_out", "train_on_images"]

#: Images of one run of the network: more would hardly be faster, and take memory.
CHUNK = 10_000

#: Test images whose errors say how well the feedback is aligned.
ALIGNMENT_IMAGES = 1000


@dataclass(frozen=True)
class ImageRun:
    """One network to train on labelled images.

    Parameters
    ----------
    rule : str
    eta, gamma : float
        Learning rate, and weight decay per image (the paper's alpha).
    omega, beta : float
        Forward weights start in U[-omega, omega], feedback weights are from
        U[-beta, beta].
    removed : float
        Fraction of the forward and feedback synapses that are removed.
    hidden : tuple of int
        Logistic hidden units; the outputs are logistic too, one for each class.
    passes : int
    images, test_images : int or None
        Training images per pass and images per evaluation; None: all.
    validation : int
        Instead of the test images, this many of the training images are tested with
        and not learned from.
    seed : int
    dataset : str
    data : str or None
        Folder of the data set.
    """

    rule: str
    eta: float
    omega: float
    beta: float
    gamma: float = 1e-6
    removed: float = 0.0
    hidden: tuple = (1000,)
    passes: int = 12
    images: int | None = None
    test_images: int | None = None
    validation: int = 0
    seed: int = 1
    dataset: str = "mnist"
    data: str | None = None


def hold_out(dataset, n):
    """Take test images from the end of the training images.

    Parameters
    ----------
    dataset : Dataset
    n : int
        How many; the images of the real test set are left out altogether.

    Returns
    -------
    dataset : Dataset

    Raises
    ------
    InputError
        If no training images are left.
    """
    if not 0 < n < len(dataset.train_labels):
        raise InputError(
            f"cannot hold out {n} of {len(dataset.train_labels)} training images"
        )
    return replace(
        dataset,
        name=f"{dataset.name} without test images",
        train_images=dataset.train_images[:-n],
        train_labels=dataset.train_labels[:-n],
        test_images=dataset.train_images[-n:],
        test_labels=dataset.train_labels[-n:],
    )


def train_on_images(run, model_path=None, device="cpp", show_progress=False):
    """Train a network and test it after every pass.

    Parameters
    ----------
    run : ImageRun
    model_path : str, optional
        A model file on top of the rate model.
    device : str, optional
    show_progress : bool, optional
        Draw a bar for this run.

    Returns
    -------
    curves : dict of numpy.ndarray
        ``"passes"``; ``"test_error"`` in percent; ``"microseconds"`` per image; for
        rules with feedback weights also ``"angle"``, the mean angle in degrees
        between B e and W^T e, and ``"weight_angle"``, that between B and W^T.
        ``"input_weights"`` is W0 at the end.
    """
    dataset = load_dataset(run.dataset, run.data)
    if run.validation:
        dataset = hold_out(dataset, run.validation)
    model = load_model(model_path, rate=True).replace(
        eta=run.eta,
        gamma=run.gamma,
        weight_range=run.omega,
        feedback_range=run.beta,
    )
    sizes = (dataset.train_images.shape[1], *run.hidden, dataset.n_classes)
    architecture = Architecture(
        sizes,
        n_classes=dataset.n_classes,
        steps_per_image=1,
        chunk_images=min(CHUNK, run.images or len(dataset.train_labels)),
        sparse=run.removed > 0,
    )
    with open_session(architecture, model, run.rule, device=device) as session:
        trainer = _SparseTrainer(
            session,
            dataset,
            run.removed,
            seed=run.seed,
            epochs=run.passes,
            images=run.images,
            test_images=run.test_images,
        )
        alignment = _Alignment()
        bars = [ProgressBar()] if show_progress else []
        trainer.train([alignment, NumericalGuard(lambda text: None), *bars])
        tested = [e for e in trainer.curve if e["test_error_percent"] is not None]
        return {
            "passes": np.array([e["images_seen"] for e in tested])
            / trainer.schedule.images,
            "test_error": np.array([e["test_error_percent"] for e in tested]),
            "microseconds": np.array(1000 * trainer.ms_per_step),
            "input_weights": weights(session)[0][0],
        } | alignment.curves


class _SparseTrainer(Trainer):
    """Removes connections after the weights are drawn."""

    def __init__(self, session, dataset, removed, **kwds):
        super().__init__(session, dataset, **kwds)
        self.removed = removed

    def initialize(self):
        super().initialize()
        if self.removed:
            remove_connections(self.session, self.removed, self.seed)


class _Alignment(Callback):
    """Measures the alignment of the feedback to the last hidden layer."""

    def __init__(self):
        self.rows = []

    def on_evaluation(self, trainer, evaluation):
        W, B = weights(trainer.session)
        if B is None:
            return
        missing = _errors(trainer)
        self.rows.append(
            (
                row_angles(missing @ B[-1], missing @ W[-1].T).mean(),
                angle(B[-1], W[-1].T),
            )
        )

    @property
    def curves(self):
        if not self.rows:
            return {}
        sent, between = np.transpose(self.rows)
        return {"angle": sent, "weight_angle": between}


def _errors(trainer):
    """Return the output errors of the first test images."""
    dataset, session = trainer.dataset, trainer.session
    n = min(ALIGNMENT_IMAGES, session.chunk_images, len(dataset.test_labels))
    labels = dataset.test_labels[:n]
    with session.evaluating():
        result = session.run(
            dataset.test_inputs[:n], labels, seed=0, gates=session.learn_nothing
        )
    return np.eye(dataset.n_classes)[labels] - result.output[:, 0]
