"""Long trainings of a study: checkpoints, and going on from them."""

import shutil
import time
from pathlib import Path

from ..training.callbacks import Callback
from ..training.checkpoint_file import NAME, PREVIOUS, newest_checkpoint
from ..training.resume import CheckpointCallback, check_same_run, restore
from .stopping import stopping_on_signals

__all__ = ["train_with_checkpoints"]

_NEEDED = ("identity", "model", "position", "wall_seconds")


def train_with_checkpoints(trainer, folder, meta, callbacks=(), every_seconds=300.0):
    """Train to the end, from the checkpoint in a folder if there is one.

    Parameters
    ----------
    trainer : Trainer
        New.
    folder : path
        Of this training alone; it is made, and removed at the end.
    meta : dict
        From `describe_run`.
    callbacks : sequence of Callback, optional
    every_seconds : float, optional
        Between checkpoints.

    Returns
    -------
    seconds : float
        That it took, earlier parts included.

    Raises
    ------
    InputError
        If the checkpoint is of another training.
    KeyboardInterrupt
        If it was stopped; the checkpoint is that of the last finished chunk.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    meta = meta | {"wall_seconds": _restore(trainer, folder, meta)}
    checkpoints = CheckpointCallback(folder, meta, every_seconds=every_seconds)
    with stopping_on_signals(trainer) as stop:
        if not trainer.train([*callbacks, _Clock(meta), checkpoints]):
            stop.check()
            raise KeyboardInterrupt
    shutil.rmtree(folder)  # as large as the network, and of no more use
    return meta["wall_seconds"]


def _restore(trainer, folder, meta):
    """Go on from a checkpoint; return the seconds that have been spent."""
    if not any((folder / name).exists() for name in (NAME, PREVIOUS)):
        return 0.0
    checkpoint = newest_checkpoint(folder, lambda text: None, _NEEDED)
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
