"""Writing checkpoints during a training, and going on from one."""

import time
from pathlib import Path
from typing import Any

from brian2.core.functions import Function

from ..equations.stored import code_digest, model_data
from ..equations.values import described
from ..errors import InputError
from .callbacks import Callback
from .checkpoint_file import CheckpointError, write_checkpoint
from .records import Records
from .trainer import Trainer

__all__ = ["CheckpointCallback", "check_same_run", "describe_run", "restore"]


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


def _arrays(trainer):
    for name in trainer.session.variables:
        yield f"state/{name}", trainer.session.get_state([name])[name]
    for name, array in trainer.records.arrays().items():
        yield f"record/{name}", array


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


def check_same_run(stored, current, path):
    """Refuse to resume a run as another one.

    Parameters
    ----------
    stored, current : dict
        From `describe_run`.
    path : path
        Of the checkpoint, for the message.

    Raises
    ------
    InputError
        Naming the fields that differ.
    """
    there, here = stored["identity"], current["identity"]
    differences = [
        f"{name} ({there.get(name, 'unknown')} there, {here.get(name, 'unknown')} here)"
        for name in here | there
        if name not in here or name not in there or here[name] != there[name]
    ]
    names = sorted(stored["model"].keys() | current["model"].keys())
    changed = [n for n in names if stored["model"].get(n) != current["model"].get(n)]
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
    session, seen = trainer.session, set()
    for name, array in checkpoint.arrays("state/"):
        if array.shape != session.shapes.get(name):
            raise CheckpointError(
                f"{checkpoint.path}: {name} of shape {array.shape} does not fit "
                "this network"
            )
        session.set_state({name: array})
        seen.add(name)
    if missing := sorted(session.shapes.keys() - seen):
        raise CheckpointError(f"{checkpoint.path}: has no {missing[0]}")
    session.step = checkpoint.meta["step"]
    trainer.records = Records.from_arrays(dict(checkpoint.arrays("record/")))
    trainer.position = checkpoint.meta["position"]
