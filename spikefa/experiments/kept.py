"""Trainings of a study that are kept: used again when finished, gone on with when not.

A study of many trainings that take minutes or hours gives each of them a folder of its
own, with checkpoints and, at the end, its results. The same command with the same
output folder then does only what is missing.
"""

import json
import threading
import time
from contextlib import nullcontext
from pathlib import Path

from ..errors import InputError
from ..files import replacing
from ..training.callbacks import Callback
from ..training.checkpoint_file import NAME, PREVIOUS, newest_checkpoint
from ..training.checkpoints import CheckpointCallback, check_same_run, restore
from .training_run import stopping_on_signals

__all__ = ["KeptTraining"]

_RESULTS = "results.json"
_NEEDED = ("identity", "model", "position", "wall_seconds")


class KeptTraining:
    """One training and its folder.

    Parameters
    ----------
    folder : path
        Made when there is something to write.
    settings : dict
        What the training depends on, as JSON can hold it.

    Attributes
    ----------
    results : dict or None
        What the training has written at its end, None before.

    Raises
    ------
    InputError
        If the folder has the results of other settings, or cannot be read.
    """

    def __init__(self, folder, settings):
        self.folder, self.settings = Path(folder), json.loads(json.dumps(settings))
        self.results = self._read()

    def _read(self):
        path = self.folder / _RESULTS
        try:
            results = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            raise InputError(f"{path}: cannot be read ({exc})") from None
        if results.get("settings") == self.settings:
            return results
        there = results.get("settings") or {}
        differ = [
            f"{name} ({there.get(name)} there, {self.settings.get(name)} here)"
            for name in sorted(there.keys() | self.settings.keys())
            if there.get(name) != self.settings.get(name)
        ]
        raise InputError(
            f"{path} is of another training; these differ: {', '.join(differ)}"
        )

    def train(self, trainer, meta, callbacks=(), every_seconds=300.0):
        """Train to the end, from the checkpoint in the folder if there is one.

        Parameters
        ----------
        trainer : Trainer
            New.
        meta : dict
            From `describe_run`.
        callbacks : sequence of Callback, optional
        every_seconds : float, optional
            Between checkpoints.

        Returns
        -------
        results : dict
            Settings, learning curve, times; written to ``results.json`` too.

        Raises
        ------
        KeyboardInterrupt
            If it was stopped; the checkpoint is that of the last finished chunk.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        meta = meta | {"wall_seconds": self._restore(trainer, meta)}
        checkpoints = CheckpointCallback(self.folder, meta, every_seconds=every_seconds)
        with _stopping(trainer):
            finished = trainer.train([*callbacks, _Clock(meta), checkpoints])
        if not finished:
            raise KeyboardInterrupt
        self.results = {
            "settings": self.settings,
            "images_seen": trainer.images_seen,
            "at_start": trainer.curve.at_start.to_json(),
            "learning_curve": trainer.curve.to_json(),
            "ms_per_step": trainer.ms_per_step,
            "wall_seconds": meta["wall_seconds"],
        }
        with replacing(self.folder / _RESULTS, "w") as file:
            json.dump(self.results, file, indent=2, allow_nan=False)
            file.write("\n")
        for name in (NAME, PREVIOUS):  # as large as the network, and of no more use
            (self.folder / name).unlink(missing_ok=True)
        return self.results

    def _restore(self, trainer, meta):
        """Go on from a checkpoint; return the seconds that have been spent."""
        if not any((self.folder / name).exists() for name in (NAME, PREVIOUS)):
            return 0.0
        checkpoint = newest_checkpoint(self.folder, lambda text: None, _NEEDED)
        check_same_run(checkpoint.meta, meta, checkpoint.path)
        restore(trainer, checkpoint)
        return checkpoint.meta["wall_seconds"]


class _Clock(Callback):
    """Keeps the time in the next checkpoint up to date."""

    def __init__(self, meta):
        self.meta = meta
        self.started = time.monotonic() - meta["wall_seconds"]

    def on_chunk(self, trainer, point, guessed):
        self.meta["wall_seconds"] = time.monotonic() - self.started

    def on_evaluation(self, trainer, evaluation):
        self.meta["wall_seconds"] = time.monotonic() - self.started


def _stopping(trainer):
    """Stop at the end of a chunk on Ctrl-C; threads of a cluster get no signals."""
    if threading.current_thread() is threading.main_thread():
        return stopping_on_signals(trainer)
    return nullcontext()
