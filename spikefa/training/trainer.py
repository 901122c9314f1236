"""Training: present shuffled images in chunks, measure the error on the way.

Nothing is reset between images and plasticity is always on. Everything random follows
from the seed and from the position in the run, so that a chunk can be run again.
"""

import time
from statistics import median

from ..devices.session import RunInterrupted
from ..errors import InputError
from ..seeds import spike_seed
from .alignment import feedback_angles
from .evaluation import Evaluation, evaluate, guesses, repeats_per_image
from .initial_state import set_initial_state
from .records import take_window
from .schedule import Schedule

__all__ = ["Callback", "Trainer"]

_POSITION = ("chunk", "evaluated_at", "curve", "angles_at_start")


class Callback:
    """Something that accompanies a training; override what is needed."""

    def on_start(self, trainer):
        """Before the first chunk."""

    def on_chunk(self, trainer, entry, guessed):
        """After a chunk: its entry of the learning curve, its guesses."""

    def on_test_images(self, trainer, number):
        """After a part of the test images."""

    def on_evaluation(self, trainer, evaluation):
        """After a pass over the test images."""

    def on_end(self, trainer):
        """After the last chunk, or after an interruption."""


class Trainer:
    """Trains one network on one data set.

    Parameters
    ----------
    session : Session
    dataset : Dataset
    seed : int, optional
        All random numbers of the run follow from it.
    epochs : int, optional
        Passes over the training images.
    images : int, optional
        Images of one pass; default: all.
    test_images : int, optional
        Images of one evaluation (the first of the test set); default: all.
    evaluate_every : int, optional
        Training images between evaluations; default: one pass. Evaluations happen at
        the end of a chunk, and at the end of the training.
    steps, test_steps : int, optional
        Time steps per image; default: the network's steps per image, of which they
        must be multiples.
    chunk_images : int, optional
        Images of one run of the network; default: as many as it holds.
    shuffle : str, optional
        When images get a new order, see `Schedule`.

    Attributes
    ----------
    curve : list of dict
        After each chunk: ``images_seen``, ``online_error_percent``,
        ``test_error_percent`` and ``test_error_last_step_percent`` (None where nothing
        was evaluated), ``feedback_angles`` (see `feedback_angles`), ``ms_per_step``.
        The online error is that of the chunk's images while the network learns them:
        weights change during the steps of a presentation, the more the larger eta, so
        it flatters. Compare settings by errors of images that are not learned from.
    angles_at_start : list of float
        `feedback_angles` before the first image; empty in runs that were started by
        an earlier version.
    evaluation : Evaluation
        The latest one, or None.
    traces : dict
        What a watched network recorded, early and late: arrays by
        ``"early/monitor.variable"``.

    Raises
    ------
    InputError
        If a number makes no sense, or the data do not fit the network.
    """

    def __init__(
        self,
        session,
        dataset,
        *,
        seed=1,
        epochs=1,
        images=None,
        test_images=None,
        evaluate_every=None,
        steps=None,
        test_steps=None,
        chunk_images=None,
        shuffle="every",
    ):
        arch = session.network.architecture
        self.session, self.dataset, self.seed = session, dataset, int(seed)
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {seed}")
        self.steps = arch.steps_per_image if steps is None else steps
        self.test_steps = self.steps if test_steps is None else test_steps
        self.repeats = repeats_per_image(session, self.steps)
        repeats_per_image(session, self.test_steps)
        n_train, n_test = len(dataset.train_labels), len(dataset.test_labels)
        self.schedule = Schedule(
            n_train,
            n_train if images is None else images,
            epochs,
            chunk_images or max(1, session.chunk_images // self.repeats),
            self.seed,
            shuffle,
        )
        self.test_images = n_test if test_images is None else test_images
        check_test_images(dataset, self.test_images)
        self.evaluate_every = evaluate_every or self.schedule.images
        self._check()
        self.curve, self.traces, self.evaluation = [], {}, None
        self.chunk, self.evaluated_at = 0, 0
        self.angles_at_start = []
        self._stopped = False

    def _check(self):
        arch, dataset = self.session.network.architecture, self.dataset
        if self.evaluate_every < 1:
            raise InputError(f"cannot evaluate every {self.evaluate_every} images")
        if dataset.train_images.shape[1] != arch.layer_sizes[0]:
            raise InputError(
                f"images of {dataset.train_images.shape[1]} pixels do not fit "
                f"{arch.layer_sizes[0]} input neurons"
            )
        if dataset.n_classes != arch.n_classes:
            raise InputError(
                f"the data set has {dataset.n_classes} classes, the network "
                f"{arch.n_classes}"
            )

    @property
    def images_seen(self):
        """Training images presented so far."""
        return self.schedule.images_before(self.chunk)

    @property
    def finished(self):
        """Whether all chunks are done, and the last evaluation too."""
        return self._all_seen and self.evaluated_at == self.images_seen

    @property
    def _all_seen(self):
        return self.chunk >= self.schedule.n_chunks

    @property
    def ms_per_step(self):
        """Milliseconds per time step of training, or None before the first chunk.

        The median over the chunks: the first one may have to compile, and a machine
        may have been busy with something else.
        """
        times = [entry["ms_per_step"] for entry in self.curve]
        return median(times) if times else None

    @property
    def position(self):
        """Where the run stands, as JSON can hold it; can be set."""
        return {name: getattr(self, name) for name in _POSITION}

    @position.setter
    def position(self, position):
        for name in _POSITION:
            setattr(self, name, position.get(name, getattr(self, name)))

    def initialize(self):
        """Draw the initial weights."""
        set_initial_state(self.session, self.seed)

    def train(self, callbacks=()):
        """Train from the current position to the end, or until `stop` is called.

        Parameters
        ----------
        callbacks : sequence of Callback, optional
            Called in this order.

        Returns
        -------
        finished : bool
            False after an interruption; the state is then that after the last
            finished chunk, and `train` can be called again.
        """
        if self.chunk == 0 and not self.curve:
            self.initialize()
            self.angles_at_start = feedback_angles(self.session)
        tell = _Announcer(self, callbacks)
        tell("on_start")
        try:
            while not (self._stopped or self.finished):
                if self._evaluation_due():
                    self._evaluate(tell)
                else:
                    self._train_chunk(tell)
        except RunInterrupted:
            pass
        finally:  # a stop may have come between two runs
            self._stopped = False
            self.session.clear_interrupt()
        tell("on_end")
        return self.finished

    def stop(self):
        """Give up the current chunk and let `train` return; for signal handlers."""
        self._stopped = True
        self.session.interrupt()

    def _train_chunk(self, tell):
        indices = self.schedule.indices(self.chunk)
        labels = self.dataset.train_labels[indices]
        start = time.perf_counter()
        result = self.session.run(
            self.dataset.train_inputs[indices].repeat(self.repeats, axis=0),
            labels.repeat(self.repeats),
            seed=spike_seed(self.seed, "training", self.chunk),
        )
        seconds = time.perf_counter() - start
        if result.seconds == result.seconds:  # not NaN: without start-up and files
            seconds = result.seconds
        self.chunk += 1
        guessed, _ = guesses(result.output, self.repeats)
        self._keep_traces(result.traces, len(indices))
        self.curve.append(
            {
                "images_seen": self.images_seen,
                "online_error_percent": 100 * float((guessed != labels).mean()),
                "test_error_percent": None,
                "test_error_last_step_percent": None,
                "feedback_angles": feedback_angles(self.session),
                "ms_per_step": 1000 * seconds / (len(labels) * self.steps),
            }
        )
        tell("on_chunk", self.curve[-1], guessed)

    def _keep_traces(self, traces, n_images):
        dt = float(self.session.network.model["dt"])
        for when in ("early", "late"):
            if when == "late" or self.chunk == 1:
                window = take_window(traces, when, n_images, self.steps, dt)
                self.traces.update(window)

    def _evaluation_due(self):
        # From the position alone, so that a resumed run does what was left undone.
        seen, before, every = self.images_seen, self.evaluated_at, self.evaluate_every
        return seen // every > before // every or (self._all_seen and seen != before)

    def _evaluate(self, tell):
        self.evaluation = self.evaluate(lambda n: tell("on_test_images", n))
        self.evaluated_at = self.images_seen
        self.curve[-1]["test_error_percent"] = self.evaluation.error_percent
        self.curve[-1]["test_error_last_step_percent"] = (
            self.evaluation.last_step_error_percent
        )
        tell("on_evaluation", self.evaluation)

    def evaluate(self, progress=None) -> Evaluation:
        """Measure the test error now; the training does not notice.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of images after each run of the network.

        Returns
        -------
        evaluation : Evaluation
        """
        return evaluate(
            self.session,
            self.dataset.test_inputs,
            self.dataset.test_labels[: self.test_images],
            seed=self.seed,
            steps=self.test_steps,
            index=self.images_seen,
            progress=progress,
        )


def check_test_images(dataset, number):
    """Refuse to evaluate on more images than there are."""
    if not 1 <= number <= len(dataset.test_labels):
        raise InputError(
            f"{number} test images asked for, the data set has "
            f"{len(dataset.test_labels)}"
        )


class _Announcer:
    """Calls a method of all callbacks."""

    def __init__(self, trainer, callbacks):
        self.trainer, self.callbacks = trainer, callbacks

    def __call__(self, method, *args):
        for callback in self.callbacks:
            getattr(callback, method)(self.trainer, *args)
