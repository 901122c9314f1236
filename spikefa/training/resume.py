"""Writing checkpoints during a training, and going on from one."""

import shutil
import time
from itertools import chain
from pathlib import Path
from typing import Any

from brian2.core.functions import Function

from ..equations.stored import code_digest, model_data
from ..equations.values import described
from ..errors import InputError
from ..network.removed import masks_first
from .callbacks import Callback
from .checkpoint_file import (
    CheckpointError,
    holds_checkpoint,
    making_sense,
    newest_checkpoint,
    write_checkpoint,
)
from .kept_weights import draw_again, kept_states
from .records import Records
from .stopping import stopping_on_signals
from .trainer import Trainer

__all__ = [
    "CheckpointCallback",
    "Clock",
    "check_same_run",
    "describe_run",
    "restore",
    "train_with_checkpoints",
]

#: What `train_with_checkpoints` needs to know from a checkpoint.
_NEEDED = ("identity", "model", "position", "wall_seconds")


class CheckpointCallback(Callback):
    """Writes checkpoints at the start, at intervals and at the end.

    Parameters
    ----------
    folder : pathlib.Path
    meta : dict
        Stored with every checkpoint, see `describe_run`.
    every_images : int, optional
    every_seconds : float, optional
        Whichever comes first; a checkpoint is written at the end of a chunk.
    """

    def __init__(
        self,
        folder: Path,
        meta: dict[str, Any],
        every_images: int | None = None,
        every_seconds: float | None = None,
    ) -> None:
        self.folder, self.meta = folder, meta
        self.every_images, self.every_seconds = every_images, every_seconds
        self.saved_images, self.saved_at = 0, 0.0

    def on_start(self, trainer):
        self.save(trainer)

    def on_chunk(self, trainer, point, guessed):
        images, now = trainer.images_seen - self.saved_images, time.monotonic()
        by_images = self.every_images and images >= self.every_images
        by_time = self.every_seconds and now - self.saved_at >= self.every_seconds
        if by_images or by_time:
            self.save(trainer)

    def on_end(self, trainer):
        self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Write a checkpoint now."""
        meta = self.meta | {
            "position": trainer.position,
            "step": trainer.session.step,
        }
        write_checkpoint(self.folder, meta, _arrays(trainer))
        self.saved_images, self.saved_at = trainer.images_seen, time.monotonic()


class Clock(Callback):
    """Keeps the seconds that a training has taken, earlier parts included.

    Let it come before the callback that stores them.

    Parameters
    ----------
    meta : dict
        Of the checkpoints; ``wall_seconds`` is kept up to date.
    """

    def __init__(self, meta: dict[str, Any]) -> None:
        self.meta = meta
        self._started = time.monotonic() - meta["wall_seconds"]

    def on_chunk(self, trainer, point, guessed):
        self.read()

    def on_evaluation(self, trainer, evaluation):
        self.read()

    def on_end(self, trainer):
        self.read()

    def read(self) -> float:
        """Return the seconds until now."""
        self.meta["wall_seconds"] = time.monotonic() - self._started
        return self.meta["wall_seconds"]


def _arrays(trainer):
    for name in trainer.session.variables:
        yield f"state/{name}", trainer.session.get_state([name])[name]
    for name, array in trainer.records.arrays().items():
        yield f"record/{name}", array
    if trainer.average:
        for name, array in trainer.average.arrays().items():
            yield f"average/{name}", array


def describe_run(architecture, model, rule, dataset, **further):
    """Describe what a run computes, for its checkpoints.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : Rule
    dataset : Dataset
    **further
        Other numbers that the result depends on.

    Returns
    -------
    meta : dict
        ``identity`` and ``model`` must be the same when the run is resumed.
    """
    return {
        "identity": {
            "layer_sizes": list(architecture.layer_sizes),
            "classes": architecture.n_classes,
            "feedback_bits": architecture.feedback_bits,
            "weight_bits": architecture.weight_bits,
            "precision": architecture.precision,
            "rule": rule.name,
            "data": dataset.fingerprint,
            **further,
        },
        "model": _described(model),
        "model_hash": model.text_hash,
        "model_file": model_data(model.file),
    }


def _described(model):
    """Describe all values of a model; a function by the source that it is in."""
    code = code_digest([model.file.text, *model.file.modules.values()])
    return {
        name: f"Function {code}" if type(value) is Function else described(value)
        for name, value in model.items()
    }


def check_same_run(stored, current, path, before=None):
    """Refuse to resume a run as another one.

    Parameters
    ----------
    stored, current : dict
        From `describe_run`.
    path : path
        Of the checkpoint, for the message.
    before : dict, optional
        Fields that are younger than some checkpoints, with the values of their runs.

    Raises
    ------
    InputError
        Naming the fields that differ.
    """
    with making_sense(path):
        there, here = (before or {}) | stored["identity"], current["identity"]
        models = dict(stored["model"]), current["model"]
    differences = [
        f"{name} ({there.get(name, 'unknown')} there, {here.get(name, 'unknown')} here)"
        for name in here | there
        if name not in here or name not in there or here[name] != there[name]
    ]
    names = sorted(models[0].keys() | models[1].keys())
    changed = [n for n in names if models[0].get(n) != models[1].get(n)]
    if changed:
        differences.append(f"model ({', '.join(changed)})")
    if differences:
        raise InputError(
            f"{path} is of another run; these differ: {', '.join(differences)}"
        )


def restore(trainer, checkpoint):
    """Put a trainer where a checkpoint was written.

    Parameters
    ----------
    trainer : Trainer
    checkpoint : Checkpoint

    Raises
    ------
    CheckpointError
        If the state is not that of the trainer's network.
    """
    session, seen = trainer.session, draw_again(trainer, checkpoint)
    states = checkpoint.arrays("state/", masks_first), kept_states(checkpoint)
    for name, array in chain(*states):
        if array.shape != session.shapes.get(name):
            raise CheckpointError(
                f"{checkpoint.path}: {name} of shape {array.shape} does not fit "
                "this network"
            )
        session.set_state({name: array})  # one by one: W and B are large
        seen.add(name)
    if missing := sorted(session.shapes.keys() - seen):
        raise CheckpointError(f"{checkpoint.path}: has no {missing[0]}")
    with making_sense(checkpoint.path):
        session.step = checkpoint.meta["step"]
        if trainer.average:
            average = dict(checkpoint.arrays("average/"))
            trainer.average.restore(average, session.shapes)
        trainer.records = Records.from_arrays(dict(checkpoint.arrays("record/")))
        trainer.position = checkpoint.meta["position"]


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
    meta = meta | {"wall_seconds": 0.0}
    if holds_checkpoint(folder):
        checkpoint = newest_checkpoint(folder, lambda text: None, _NEEDED)
        check_same_run(checkpoint.meta, meta, checkpoint.path)
        restore(trainer, checkpoint)
        meta["wall_seconds"] = checkpoint.meta["wall_seconds"]
    checkpoints = CheckpointCallback(folder, meta, every_seconds=every_seconds)
    with stopping_on_signals(trainer) as stop:
        if not trainer.train([*callbacks, Clock(meta), checkpoints]):
            stop.check()
            raise KeyboardInterrupt
    shutil.rmtree(folder)  # as large as the network, and of no more use
    return meta["wall_seconds"]
