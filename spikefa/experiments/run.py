"""What surrounds a training: its folder, checkpoints, signals, progress and results.

A script says what is trained, and how, in its own lines; a `Run` goes with it.
"""

import json
import logging
from contextlib import nullcontext
from itertools import pairwise

import numpy as np

from ..devices.choice import DeviceChoice
from ..devices.memory import refuse_too_large
from ..devices.session import RunInterrupted
from ..equations.parameters import replace_parameters
from ..errors import InputError
from ..files import package_versions, replacing
from ..training.callbacks import Callback
from ..training.checkpoint_file import making_sense
from ..training.guards import NumericalGuard
from ..training.kept_weights import keep_weights
from ..training.progress import ProgressBar, ProgressFile, counting_tests
from ..training.records import Windows
from ..training.repeated import evaluate_repeatedly
from ..training.resume import (
    CheckpointCallback,
    Clock,
    check_same_run,
    describe_run,
    restore,
)
from ..training.stopping import Interrupted, stopping_on_signals
from .declaration import OnResume, named
from .model_source import ModelSource
from .record_options import merged, parse_record, parse_windows
from .results import training_results

__all__ = ["Run", "Stopped", "describe", "records_and_windows"]


#: What runs did before there were these options, whatever their defaults are now.
_BEFORE = {"shift": 0, "average": 0.0, "rotate": 0.0}


class Stopped(Interrupted):
    """A signal has stopped a run, which can go on from its checkpoint.

    Attributes
    ----------
    images_seen : int
    """

    def __init__(self, number, images_seen):
        super().__init__(number)
        self.images_seen = images_seen


class _Described(Exception):
    """Nothing more than what a run computes was asked for."""


class Run:
    """What surrounds a training: folder, checkpoints, signals, progress, results.

    Parameters
    ----------
    settings : Settings
    folder : pathlib.Path or None
        Exists and is locked; None: the program is only compiled.
    device : DeviceChoice, optional
        How to build the program of the device in the settings.
    checkpoint : Checkpoint, optional
        Go on from it.
    source : ModelSource, optional
        Where the model comes from; default: its file.
    trains : bool, optional
        False: the weights in the checkpoint are only tested.
    kept : pathlib.Path, optional
        Folder for a small copy of the weights, see `keep_weights`.
    every : dict, optional
        ``images`` or ``seconds`` between checkpoints, see `CheckpointCallback`.
    show_progress : bool, optional
        Whether there is a progress bar; the progress file is always written.
    warn : callable, optional
        Called with a line of text; default: the logger ``spikefa``.

    Attributes
    ----------
    meta : dict
        What checkpoints say about the run, from `begin` on.
    results : dict
        What ``results.json`` holds, once it has been written.
    compiles : bool
        False: nothing more than what is trained was asked for, see `describe`.
    """

    def __init__(
        self,
        settings,
        folder,
        device=None,
        checkpoint=None,
        source=None,
        *,
        trains=True,
        kept=None,
        every=None,
        show_progress=False,
        warn=None,
    ):
        self.settings, self.folder = settings, folder
        self.device = device or DeviceChoice(settings.device, threads=settings.threads)
        self.checkpoint, self.source = checkpoint, source or ModelSource()
        self.trains, self.compiles, self.schedule = trains, True, None
        self.kept = kept
        self.every, self.show_progress = every or {}, show_progress
        self.warn = warn or logging.getLogger("spikefa").warning
        self.meta, self.results = {"wall_seconds": 0.0}, {}
        if checkpoint:
            with making_sense(checkpoint.path):
                self.meta["wall_seconds"] = float(checkpoint.meta["wall_seconds"])
        self.clock = Clock(self.meta)

    def load_model(self):
        """Load the model, with the parameters in the settings.

        Returns
        -------
        model : Model
            That of a resumed run is in its checkpoint.
        """
        model = self.source.load(self.settings.model, self.warn)
        return replace_parameters(model, self.settings.parameters)

    def begin(self, architecture, model, rule, dataset, schedule):
        """Say what is trained, before minutes are spent on compiling it.

        Parameters
        ----------
        architecture : Architecture
        model : Model
        rule : Rule
        dataset : Dataset
        schedule : Schedule

        Raises
        ------
        InputError
            If the checkpoint is of another run, or the weights do not fit the machine.
        """
        _check_memory(architecture)
        settings, self.schedule = self.settings, schedule
        same = named(settings, OnResume.REFUSED)
        same |= {"images": schedule.images, "chunk_images": schedule.largest_chunk}
        self.meta |= describe_run(architecture, model, rule, dataset, **same)
        self.meta["circumstances"] = named(settings, OnResume.WARNED)
        self.meta["circumstances"] |= package_versions()
        self.meta["settings"] = settings.to_dict()
        self.meta["checkpoint_every"] = list(self.every.items())
        if not self.compiles:
            raise _Described
        if self.checkpoint:
            stored, path = self.checkpoint.meta, self.checkpoint.path
            check_same_run(stored, self.meta, path, _BEFORE)
            self.check_learned(self.checkpoint)
            self._compare_circumstances()

    def check_learned(self, checkpoint):
        """Refuse to end before what has been learned already.

        Raises
        ------
        InputError
        """
        with making_sense(checkpoint.path):
            chunk, epochs = checkpoint.meta["position"]["chunk"], self.settings.epochs
            too_far = chunk > self.schedule.n_chunks
        if too_far:
            passes = chunk / self.schedule.n_chunks * epochs
            raise InputError(
                f"{checkpoint.path} has learned {passes:.3g} passes: --epochs {epochs} "
                "is too few"
            )

    def _compare_circumstances(self):
        with making_sense(self.checkpoint.path):
            stored = dict(self.checkpoint.meta["circumstances"])
        for name, now in self.meta["circumstances"].items():
            if (then := stored.get(name)) != now:
                self.warn(
                    f"{name} was {then} and is {now}: the result may not be bit for "
                    "bit that of an uninterrupted run"
                )

    def train(self, trainer, measures=()):
        """Train to the end, from the checkpoint if there is one.

        Parameters
        ----------
        trainer : Trainer
        measures : sequence of Callback, optional
            What is to be in the learning curve.

        Raises
        ------
        Stopped
            If a signal came; the checkpoint is that of the last finished chunk.
        """
        if self.checkpoint:
            restore(trainer, self.checkpoint)
        if not self.trains:
            return
        bars = [ProgressBar()] if self.show_progress else []
        callbacks = [
            *measures,
            ProgressFile(self.folder / "progress.jsonl"),
            *bars,
            NumericalGuard(self.warn),
            self.clock,
            CheckpointCallback(
                self.folder,
                self.meta,
                self.every.get("images"),
                self.every.get("seconds"),
            ),
            _ResultsWriter(self),
        ]
        try:
            with stopping_on_signals(trainer) as stop:
                if not trainer.train(callbacks):
                    raise Stopped(stop.number, trainer.images_seen)
        finally:
            for bar in bars:
                bar.close()  # before an error is printed

    def test(self, trainer):
        """Test the weights as often as the settings say, and write the results.

        Parameters
        ----------
        trainer : Trainer

        Raises
        ------
        Stopped
            If a signal came.
        """
        settings = self.settings
        steps = settings.evaluation_steps or (settings.test_steps,)
        averages = bool(trainer.average and trainer.average.mean)
        total = settings.evaluations * len(steps) * trainer.test_images
        total *= 1 + averages
        shown = counting_tests(total) if self.show_progress else nullcontext()
        with stopping_on_signals(trainer) as stop, shown as count:
            try:
                how = settings.evaluations, steps, count
                tests = {"final_evaluations": evaluate_repeatedly(trainer, *how)}
                if averages:
                    with trainer.averaged():
                        tests["averaged_evaluations"] = evaluate_repeatedly(
                            trainer, *how
                        )
            except RunInterrupted:
                raise Stopped(stop.number, trainer.images_seen) from None
        self.write_results(trainer, tests)

    def keep(self, trainer):
        """Write the weights in 16 bits, if the command line has asked for it.

        Parameters
        ----------
        trainer : Trainer
        """
        if self.kept:
            meta = self.meta | {"position": trainer.position}
            keep_weights(trainer, self.kept, meta | {"step": trainer.session.step})

    def draw(self, plot, *args, **kwds):
        """Write ``figure.png`` and ``figure.pdf`` of a run that has trained.

        Parameters
        ----------
        plot : callable
            Takes the further arguments; returns a `matplotlib.figure.Figure`.
        """
        from ..figures.spiking import save_figure

        if self.trains:
            save_figure(plot(*args, **kwds), self.folder / "figure.png")

    def write_results(self, trainer, tests=None):
        """Write ``results.json``, see `training_results`."""
        seconds = self.clock.read()
        self.results = training_results(self.settings, trainer, tests, seconds)
        with replacing(self.folder / "results.json", "w") as file:
            json.dump(self.results, file, indent=2)
            file.write("\n")

    def write_records(self, trainer):
        """Write ``records.npz``, see `Records.arrays`."""
        with replacing(self.folder / "records.npz") as file:
            np.savez_compressed(file, **trainer.records.arrays())


class _ResultsWriter(Callback):
    """Writes the results so far after each evaluation, the records at the end."""

    def __init__(self, run):
        self.run = run

    def on_evaluation(self, trainer, evaluation):
        self.run.write_results(trainer)

    def on_end(self, trainer):
        self.run.write_results(trainer)
        self.run.write_records(trainer)


def describe(settings, experiment, **how):
    """Find out what a run computes; nothing is compiled or written.

    Parameters
    ----------
    settings : Settings
    experiment : callable
        See `run_training`.
    **how
        For `Run`.

    Returns
    -------
    run : Run
        That has begun.
    """
    run = Run(settings, None, **how)
    run.compiles = False
    try:
        experiment(settings, run)
    except _Described:
        return run
    raise InputError("the experiment does not say what it trains: Run.begin")


def records_and_windows(settings, shown, images):
    """Join what the figure shows and what the user wants to be recorded.

    Parameters
    ----------
    settings : Settings
    shown : dict
        What the figure shows, by name, as `open_session` takes what to record.
    images : int
        Images at the start and at the end whose records it shows.

    Returns
    -------
    record : dict
        As `open_session` takes it.
    windows : dict of Windows
        When each is recorded, as `Trainer` takes them.
    """
    asked = [parse_record(text) for text in settings.record]
    when = Windows(parse_windows(settings.record_window))
    at_ends = Windows(("first", "last"), images)
    windows = dict.fromkeys(shown, at_ends)
    for name, _ in asked:
        windows[name] = when | at_ends if name in shown else when
    return merged([*shown.items(), *asked]), windows


def _check_memory(architecture):
    """Refuse sizes whose weights alone do not fit the machine.

    What the rule and the model need besides is known to the network only: opening a
    session refuses it.
    """
    sizes = architecture.layer_sizes
    needed = 4 * sum(n_pre * n_post for n_pre, n_post in pairwise(sizes))
    refuse_too_large(f"the weights of layers {list(sizes)}", needed)
