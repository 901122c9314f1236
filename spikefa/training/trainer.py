"""Training: present images or examples in chunks, measure the error on the way.

Nothing is reset between images, and plasticity is on in all layers, or in those of the
stage. Everything random follows from the seed and from the position in the run, so that
a chunk can be run again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from statistics import median
from typing import Any

import numpy as np

from ..analysis import CurvePoint, LearningCurve
from ..datasets.dataset import Dataset
from ..datasets.regression import Task
from ..devices.session import RunInterrupted, Session
from ..errors import InputError, MachineError, SpikefaError
from .averages import average_of_last
from .callbacks import Callback
from .connectivity import remove_connections
from .data import planned
from .evaluation import Evaluation, VectorEvaluation, repeats_per_image
from .initial_state import set_initial_state
from .records import Records, Windows, windows_by_name
from .stages import Stage, gates_of

__all__ = ["Trainer"]


class Trainer:
    """Trains one network on one data set or regression task.

    Parameters
    ----------
    session : Session
    dataset : Dataset or Task
        Images with labels, in passes, or examples with target vectors, in their order.
    seed : int, optional
        All random numbers of the run follow from it.
    epochs : int, optional
        Passes over the training images.
    images : int, optional
        Images of one pass; default: all.
    test_images : int, optional
        Images of one evaluation (the first of the test set); default: all.
    held_out : int, optional
        Test with this many of the training images, the last ones, which are then not
        learned from, instead of the test images.
    evaluate_every : int, optional
        Training images between evaluations; default: one pass. Evaluations happen at
        the end of a chunk, and at the end of the training; of a regression task, and
        with stages, also at the start and at the end of every stage.
    interim_images : int, optional
        Test images, evenly spaced, that are tested ten times in a pass; 0: none.
    stages : sequence of Stage, optional
        Stretches in which only some layers learn, in place of passes.
    steps, test_steps : int, optional
        Time steps per image; default: the network's steps per image, of which they
        must be multiples.
    chunk_images : int, optional
        Images of one run of the network; default: as many as it holds.
    shuffle : str, optional
        When images get a new order, see `Schedule`; the examples of a task never do.
    shift : int, optional
        Move training images by at most so many pixels, see `Shifts`.
    rotate : float, optional
        Rotate training images by at most so many degrees, see `Rotations`.
    average : float, optional
        Average the weights over so many passes at the end, and test the mean too, see
        `WeightAverage`; 0: no passes.
    removed : float, optional
        Fraction of the synapses that are removed at the start, see
        `remove_connections`.
    windows : Windows or dict of Windows, optional
        When the records of the session are open, for all or by name; default: in all
        chunks. They are closed in evaluations.

    Attributes
    ----------
    curve : LearningCurve
        A point after each chunk.
    evaluation : Evaluation or VectorEvaluation
        The latest one, or None.
    records : Records
        What has been recorded.
    average : WeightAverage or None
        The weights that are averaged.

    Raises
    ------
    InputError
        If a number makes no sense, or the data do not fit the network.
    """

    def __init__(
        self,
        session: Session,
        dataset: Dataset | Task,
        *,
        seed: int = 1,
        epochs: int = 1,
        images: int | None = None,
        test_images: int | None = None,
        held_out: int = 0,
        evaluate_every: int | None = None,
        interim_images: int = 0,
        stages: Sequence[Stage] | None = None,
        steps: int | None = None,
        test_steps: int | None = None,
        chunk_images: int | None = None,
        shuffle: str | None = None,
        shift: int = 0,
        rotate: float = 0.0,
        average: float = 0.0,
        removed: float = 0.0,
        windows: Windows | dict[str, Windows] | None = None,
    ) -> None:
        arch = session.network.architecture
        self.session, self.seed, self.removed = session, int(seed), removed
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {seed}")
        self.steps = arch.steps_per_image if steps is None else steps
        self.test_steps = self.steps if test_steps is None else test_steps
        self.repeats = repeats_per_image(session, self.steps)
        repeats_per_image(session, self.test_steps)
        self.interim_images = interim_images
        self.data, self.schedule = planned(
            dataset,
            seed=self.seed,
            epochs=epochs,
            images=images,
            test_images=test_images,
            held_out=held_out,
            evaluate_every=evaluate_every,
            interim_images=interim_images,
            stages=stages,
            chunk_images=chunk_images or max(1, session.chunk_images // self.repeats),
            shuffle=shuffle,
            shift=shift,
            rotate=rotate,
        )
        self.data.check(arch)
        self.average = average_of_last(average, self.schedule)
        for stage in stages or ():
            gates_of(session, stage.layers)  # refuses layers that there are not
        self.windows = windows_by_name(windows, session.network.records)
        self.curve, self.records, self.evaluation = LearningCurve(), Records(), None
        self.chunk = 0
        self.evaluated_at = self.schedule.never_evaluated
        self._stopped = False

    @property
    def dataset(self) -> Dataset | Task:
        """What is learned from, without what is held out."""
        return self.data.dataset

    @property
    def test_images(self) -> int:
        """Images of one evaluation."""
        return self.data.test_images

    @property
    def images_seen(self) -> int:
        """Training images presented so far."""
        return self.schedule.images_before(self.chunk)

    @property
    def finished(self) -> bool:
        """Whether all chunks are done, and the last evaluation too."""
        return self._all_seen and self.evaluated_at == self.images_seen

    @property
    def _all_seen(self):
        return self.chunk >= self.schedule.n_chunks

    @property
    def ms_per_step(self) -> float | None:
        """Milliseconds per time step of training, or None before the first chunk.

        The median over the chunks: the first one may have to compile, and a machine
        may have been busy with something else.
        """
        times = [t for t in self.curve.column("ms_per_step") if t is not None]
        return median(times) if times else None

    @property
    def position(self) -> dict[str, Any]:
        """Where the run stands, as JSON can hold it; can be set."""
        return {
            "chunk": self.chunk,
            "evaluated_at": self.evaluated_at,
            "curve": self.curve.to_json(),
            "at_start": self.curve.at_start.to_json(),
        }

    @position.setter
    def position(self, position: dict[str, Any]) -> None:
        chunk, last = int(position["chunk"]), self.schedule.n_chunks
        if not 0 <= chunk <= last:
            raise InputError(f"a training of {last} chunks has no chunk {chunk}")
        self.chunk, self.evaluated_at = chunk, int(position["evaluated_at"])
        self.curve = LearningCurve.from_json(position["curve"], position["at_start"])

    def initialize(self) -> None:
        """Draw the initial weights, and remove synapses if that was asked for."""
        set_initial_state(self.session, self.seed)
        if self.removed:
            remove_connections(self.session, self.removed, self.seed)

    def train(self, callbacks: Sequence[Callback] = ()) -> bool:
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

        Raises
        ------
        MachineError
            If the program of the network has died; the callbacks are told of the end,
            and write down the state after the last finished chunk.
        """
        self._count_passes()
        if self.chunk == 0 and not self.curve:
            self.initialize()
        self.records.cut(self._cut)  # a run that goes on has another last chunk
        tell = _Announcer(self, callbacks)
        tell("on_start")
        try:
            while not (self._stopped or self.finished):
                if self.schedule.due(self.evaluated_at, self.images_seen):
                    self._evaluate(tell)
                elif self._interim_due:
                    self._evaluate(tell, self.interim_images)
                else:
                    self._train_chunk(tell)
        except RunInterrupted:
            pass
        except MachineError:  # what has been learned is there
            with suppress(OSError, SpikefaError):
                tell("on_end")
            raise
        finally:  # a stop may have come between two runs
            self._stopped = False
            self.session.clear_interrupt()
        tell("on_end")
        return self.finished

    def _count_passes(self):
        """Let the equations know, whoever has used the session in between."""
        self.session.pass_length = self.schedule.images, self.steps

    def stop(self) -> None:
        """Give up the current chunk and let `train` return; for signal handlers."""
        self._stopped = True
        self.session.interrupt()

    def _train_chunk(self, tell):
        chunk, n_chunks = self.chunk, self.schedule.n_chunks
        indices = self.schedule.indices(chunk)
        shown, targets = self.data.examples(indices, self.schedule.epoch(chunk))
        opened = [n for n, w in self.windows.items() if w.open_in(chunk, n_chunks)]
        start = time.perf_counter()
        result = self.session.run(
            shown.repeat(self.repeats, axis=0),
            targets.repeat(self.repeats, axis=0),
            seed=self.data.seed(self.seed, chunk, self.images_seen),
            gates=gates_of(self.session, self.schedule.layers(chunk)),
            record=opened,
        )
        seconds = time.perf_counter() - start
        if result.seconds == result.seconds:  # not NaN: without start-up and files
            seconds = result.seconds
        for name, recording in result.records.items():
            recording = recording.later(self.images_seen * self._image_seconds)
            self.records.add(name, self._cut(name, recording))
        self.chunk += 1
        if self.average:
            self.average.add(self.session, self.images_seen)
        guessed, measures = self.data.judge(result.output, self.repeats, targets)
        per_step = 1000 * seconds / (len(indices) * self.steps)
        point = CurvePoint(self.images_seen, ms_per_step=per_step, **measures)
        self.curve.add(point)
        tell("on_chunk", point, guessed)

    def _cut(self, name, recording):
        """Keep what was recorded in the windows of a record."""
        if name not in self.windows:  # of an earlier part of the run
            return recording
        return self.windows[name].cut(recording, self._image_seconds, self._borders)

    @cached_property
    def _borders(self):
        chunks = range(self.schedule.n_chunks + 1)
        return np.array([self.schedule.images_before(chunk) for chunk in chunks])

    @property
    def _image_seconds(self):
        return self.steps * float(self.session.network.model["dt"])

    @property
    def _interim_due(self):
        return self.interim_images and self.schedule.interim_due(
            self.evaluated_at, self.images_seen
        )

    def _evaluate(self, tell, part=None):
        found = self.evaluate(lambda n: tell("on_test_images", n), part=part)
        measures = found.measures
        if self.average and self.average.mean and not part:
            with self.averaged():
                measures |= replace(self.evaluate(), images="averaged").measures
        self.evaluation, self.evaluated_at = found, self.images_seen
        if not self.curve:  # before the first image
            self.curve.add(CurvePoint(self.images_seen))
        for name, value in measures.items():
            setattr(self.curve[-1], name, value)
        tell("on_evaluation", self.evaluation)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the session the averaged weights for a while.

        Raises
        ------
        InputError
            If there are none.
        """
        if self.average is None:
            raise InputError("no weights are averaged in this training")
        kept, self.evaluation = self.evaluation, None  # of the weights themselves
        try:
            with self.average.in_place(self.session):
                yield
        finally:
            self.evaluation = kept

    def evaluate(
        self,
        progress: Callable[[int], object] | None = None,
        *,
        steps: int | None = None,
        repetition: int = 0,
        part: int | None = None,
    ) -> Evaluation | VectorEvaluation:
        """Measure the error now; the training does not notice.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of images after each run of the network.
        steps : int, optional
            Time steps per image; default: the test steps of the training.
        repetition : int, optional
            Another number draws other spikes for the same weights; 0 is what the
            training itself measures.
        part : int, optional
            Test images, evenly spaced; default: all.

        Returns
        -------
        evaluation : Evaluation or VectorEvaluation
        """
        self._count_passes()
        return self.data.evaluate(
            self.session,
            seed=self.seed,
            steps=steps or self.test_steps,
            index=self.images_seen,
            repetition=repetition,
            progress=progress,
            part=part,
        )


class _Announcer:
    """Calls a method of all callbacks."""

    def __init__(self, trainer, callbacks):
        self.trainer, self.callbacks = trainer, callbacks

    def __call__(self, method, *args):
        for callback in self.callbacks:
            getattr(callback, method)(self.trainer, *args)
