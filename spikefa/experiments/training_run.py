"""From settings to a trained network in an output folder.

The command line in `training_command` is a thin layer over `Experiment`.
"""

import json
import time
from contextlib import nullcontext

import numpy as np

from ..analysis import CurvePoint
from ..devices.choice import DeviceChoice
from ..devices.open import open_session
from ..devices.session import RunInterrupted
from ..errors import ModelError
from ..files import package_versions, replacing
from ..training.callbacks import Callback, DeltaAngles, FeedbackAngles
from ..training.comparison import Comparison, can_be_compared
from ..training.guards import NumericalGuard
from ..training.records import Windows
from ..training.repeated import evaluate_repeatedly
from ..training.resume import CheckpointCallback, restore
from ..training.trainer import Trainer
from .described import Described
from .record_options import parse_record, parse_windows, together
from .stopping import stopping_on_signals

__all__ = ["Experiment"]

#: Images at the start and at the end whose records the figure shows.
SHOWN_IMAGES = 20


class Experiment:
    """One run: a network, its data, and the folder that results go to.

    Parameters
    ----------
    settings : Settings
    network : callable
        Takes the settings, the data set and further arguments of `Architecture`;
        returns an `Architecture`.
    shown : callable
        Takes the `Architecture` and the `Rule`; returns what the figure shows, as
        `open_session` takes what to record.
    folder : pathlib.Path
        Exists and is locked.
    warn : callable
        Called with a line of text.
    checkpoint : Checkpoint, optional
        Go on from it.
    source : ModelSource, optional
        Where the model comes from; default: its file.
    device : DeviceChoice, optional
        How to build the program of the device in the settings.

    Raises
    ------
    SpikefaError
        If the settings make no network, if the data or the model cannot be used, or
        if the checkpoint is of another run.
    """

    def __init__(
        self,
        settings,
        network,
        shown,
        folder,
        warn,
        checkpoint=None,
        device=None,
        source=None,
    ):
        self.settings, self.folder, self.warn = settings, folder, warn
        self.device = device or DeviceChoice(settings.device, settings.threads)
        self.started = time.monotonic()
        self.earlier_seconds = 0.0
        self.final_evaluations = None
        what = Described(settings, network, warn, source)
        self.meta = what.meta
        if checkpoint:
            what.check_same(checkpoint.meta, checkpoint.path)
            what.check_learned(checkpoint.meta, checkpoint.path)
            self._compare_circumstances(checkpoint.meta)
        self.shown = shown(what.architecture, what.rule)
        record, windows = self._records()
        self.session = open_session(
            what.architecture,
            what.model,
            what.rule,
            device=self.device,
            record=record,
        )
        self.comparison = None
        try:
            self.trainer = self._trainer(what.dataset, what.chunk, windows)
            self.comparison = self._compare()
            if checkpoint:
                restore(self.trainer, checkpoint)
        except BaseException:
            self.close()
            raise

    def _records(self):
        """What is recorded, for the figure and for the user, and when."""
        settings, windows = self.settings, {}
        asked = [parse_record(text) for text in settings.record]
        at_ends = Windows(("first", "last"), SHOWN_IMAGES)
        for name in self.shown:
            windows[name] = at_ends
        when = Windows(parse_windows(settings.record_window))
        for name, _ in asked:
            windows[name] = when | at_ends if name in self.shown else when
        return together([*self.shown.items(), *asked]), windows

    def _compare_circumstances(self, stored):
        self.earlier_seconds = stored["wall_seconds"]
        for name, now in self.meta["circumstances"].items():
            if (then := stored["circumstances"].get(name)) != now:
                self.warn(
                    f"{name} was {then} and is {now}: the result may not be bit for "
                    "bit that of an uninterrupted run"
                )

    def _trainer(self, dataset, chunk, windows):
        settings = self.settings
        return Trainer(
            self.session,
            dataset,
            seed=settings.seed,
            epochs=settings.epochs,
            images=settings.images,
            test_images=settings.test_images,
            held_out=settings.validation,
            evaluate_every=settings.evaluate_every,
            steps=settings.steps,
            test_steps=settings.test_steps,
            chunk_images=chunk,
            shuffle=settings.shuffle,
            removed=settings.removed,
            windows=windows,
        )

    def _compare(self):
        """Open what compares the deltas with those of backpropagation."""
        settings, network = self.settings, self.session.network
        if not (settings.angle_images and can_be_compared(network)):
            return None
        n_images = min(settings.angle_images, self.trainer.test_images)
        try:
            return Comparison(
                network,
                n_images,
                steps=settings.steps,
                device=self.device,
            )
        except ModelError as exc:
            self.warn(f"deltas are not compared with those of backpropagation: {exc}")
            return None

    def run(self, callbacks=(), every=None, progress=None):
        """Train to the end, or until a signal comes; write checkpoints and results.

        Parameters
        ----------
        callbacks : sequence of Callback, optional
            Such as a progress bar.
        every : dict, optional
            ``images`` or ``seconds`` between checkpoints, see `CheckpointCallback`.
        progress : callable, optional
            See `evaluate`.

        Returns
        -------
        signal : int or None
            What stopped the run.
        """
        every = every or {}
        self.meta["checkpoint_every"] = list(every.items())
        checkpoints = CheckpointCallback(
            self.folder, self.meta, every.get("images"), every.get("seconds")
        )
        measures = [FeedbackAngles()]
        if self.comparison:
            measures.append(DeltaAngles(self.comparison, self.settings.angle_images))
        all_callbacks = [
            *measures,
            *callbacks,
            NumericalGuard(self.warn),
            _WallClock(self),
            checkpoints,
            _ResultsWriter(self),
        ]
        with stopping_on_signals(self.trainer) as stop:
            if self.trainer.train(all_callbacks):
                self._evaluate(progress)
        return None if self.finished else stop.number

    def evaluate(self, progress=None):
        """Test the weights as often as the settings say, and write the results.

        Parameters
        ----------
        progress : callable, optional
            Takes the number of images of all tests; returns a context manager of a
            function that is called with those that have been shown.

        Returns
        -------
        signal : int or None
            What stopped it.
        """
        with stopping_on_signals(self.trainer) as stop:
            self._evaluate(progress)
        return None if self.final_evaluations else stop.number

    def _evaluate(self, progress):
        settings = self.settings
        steps = settings.evaluation_steps or (settings.test_steps,)
        n_tests = settings.evaluations * len(steps)
        counting = progress or (lambda total: nullcontext())
        with counting(n_tests * self.trainer.test_images) as count:
            try:
                self.final_evaluations = evaluate_repeatedly(
                    self.trainer, settings.evaluations, steps, count
                )
            except RunInterrupted:
                return
        self.write_results()

    @property
    def finished(self):
        """Whether all images have been learned and the final weights tested."""
        return self.trainer.finished and self.final_evaluations is not None

    @property
    def wall_seconds(self):
        """Seconds that the run has taken, earlier parts included."""
        return self.earlier_seconds + time.monotonic() - self.started

    @property
    def results(self):
        """What ``results.json`` holds."""
        trainer, settings = self.trainer, self.settings
        architecture = self.session.network.architecture
        return settings.to_dict() | {
            "layer_sizes": list(architecture.layer_sizes),
            "finished": self.finished,
            "images_seen": trainer.images_seen,
            **self._last_errors(),
            "final_evaluations": self.final_evaluations,
            "at_start": trainer.curve.at_start.to_json(),
            "learning_curve": trainer.curve.to_json(),
            "ms_per_step": trainer.ms_per_step,
            "wall_seconds": self.wall_seconds,
            "versions": package_versions(),
        }

    def _last_errors(self):
        """The latest errors, by names that say on which images."""
        images, kinds = self.trainer.data.tested, ("", "_last_step")
        names = [f"{images}_error{kind}_percent" for kind in kinds]
        for found in self.final_evaluations or ():
            if found["steps"] == self.trainer.test_steps:
                of_kinds = found["error_percent"], found["last_step_error_percent"]
                first = [of["all"][0] for of in of_kinds]
                return dict(zip(names, first, strict=True))
        tested = self.trainer.curve.tested
        last = tested[-1] if tested else CurvePoint(0)
        return {name: getattr(last, name) for name in names}

    def write_results(self):
        """Write ``results.json``."""
        with replacing(self.folder / "results.json", "w") as file:
            json.dump(self.results, file, indent=2)
            file.write("\n")

    def write_records(self):
        """Write ``records.npz``, see `Records.arrays`."""
        with replacing(self.folder / "records.npz") as file:
            np.savez_compressed(file, **self.trainer.records.arrays())

    def write_figure(self):
        """Write ``figure.png``."""
        from ..figures.spiking import plot_training, save_figure

        figure = plot_training(
            self.trainer.curve,
            self.trainer.records,
            self.shown,
            images=SHOWN_IMAGES,
            steps=self.settings.steps,
            dt_ms=1000 * float(self.session.network.model["dt"]),
        )
        save_figure(figure, self.folder / "figure.png")

    def close(self):
        """Release what the sessions hold."""
        self.session.close()
        if self.comparison:
            self.comparison.close()


class _WallClock(Callback):
    """Keeps the time in the next checkpoint up to date."""

    def __init__(self, experiment):
        self.experiment = experiment

    def on_chunk(self, trainer, point, guessed):
        self.experiment.meta["wall_seconds"] = self.experiment.wall_seconds

    def on_end(self, trainer):
        self.experiment.meta["wall_seconds"] = self.experiment.wall_seconds


class _ResultsWriter(Callback):
    """Writes the results so far after each evaluation, the records at the end."""

    def __init__(self, experiment):
        self.experiment = experiment

    def on_evaluation(self, trainer, evaluation):
        self.experiment.write_results()

    def on_end(self, trainer):
        self.experiment.write_results()
        self.experiment.write_records()
