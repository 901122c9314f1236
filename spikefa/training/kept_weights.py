"""A trained network in a third of the bytes: a checkpoint that can be given away.

Weights are rounded to 8 significant bits (bfloat16), which is what spikes read where a
network has ``weight_bits=16``: its tests have the same errors. What follows from the
seed, such as the feedback weights of feedback alignment, is left out and drawn again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .checkpoint_file import (
    Checkpoint,
    CheckpointError,
    holds_checkpoint,
    making_sense,
    write_checkpoint,
)
from .initial_state import set_initial_state
from .trainer import Trainer

__all__ = ["draw_again", "keep_weights", "kept_states", "make_folder"]

#: What these checkpoints have besides: variables that are as the seed gives them.
_FROM_SEED = "from_seed"
#: Where arrays of rounded numbers are.
_ROUNDED = "rounded/"


def rounded(weights: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Round numbers to 8 significant bits, to the nearest, ties to even.

    Parameters
    ----------
    weights : numpy.ndarray of float32, shape (n, ...)

    Returns
    -------
    halves : numpy.ndarray of uint8, shape (2, n, ...)
        Lower and upper bytes. Apart they are a tenth smaller when compressed.
    """
    bits = np.ascontiguousarray(weights, np.float32).view(np.uint32)
    upper = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
    return np.stack([upper & 0xFF, upper >> 8]).astype(np.uint8)


def numbers(halves: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Undo `rounded`."""
    low, high = halves.astype(np.uint32)
    return ((low | high << 8) << 16).view(np.float32)


def make_folder(folder: Path) -> None:
    """Make the folder for weights, before hours are spent on them.

    Raises
    ------
    InputError
        If it holds a checkpoint, or cannot be made.
    """
    if holds_checkpoint(folder):
        raise InputError(
            f"{folder} holds another checkpoint: no weights are kept there"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(f"{folder}: cannot be made ({exc.strerror})") from exc


def keep_weights(trainer: Trainer, folder: Path, meta: dict[str, Any]) -> None:
    """Write the weights of a session as a small checkpoint.

    Averaged weights are taken where there are any.

    Parameters
    ----------
    trainer : Trainer
    folder : pathlib.Path
        Without a checkpoint; it is made.
    meta : dict
        Of a checkpoint of the run, ``step`` among it.

    Raises
    ------
    InputError
        If the folder holds a checkpoint, or cannot be made.
    CheckpointWriteError
        If the file cannot be written.
    """
    make_folder(folder)
    session = trainer.session
    before, step = session.get_state(), session.step
    state = before | (trainer.average.mean if trainer.average else {})
    set_initial_state(session, trainer.seed)
    drawn = session.get_state()
    session.set_state(before)
    session.step = step
    same = [name for name in state if np.array_equal(state[name], drawn[name])]
    arrays = _arrays({n: a for n, a in state.items() if n not in same})
    write_checkpoint(folder, meta | {_FROM_SEED: same}, arrays, compressed=True)


def _arrays(state):
    for name, array in state.items():
        if array.dtype == np.float32 and array.ndim == 2:
            yield _ROUNDED + name, rounded(array)
        else:
            yield f"state/{name}", array


def draw_again(trainer: Trainer, checkpoint: Checkpoint) -> set[str]:
    """Draw what a checkpoint leaves out; all other variables are changed as well.

    Parameters
    ----------
    trainer : Trainer
    checkpoint : Checkpoint

    Returns
    -------
    drawn : set of str
        Names of the variables that it leaves out; of most checkpoints none.

    Raises
    ------
    CheckpointError
        If it leaves out what there is not.
    """
    with making_sense(checkpoint.path):
        names = set(checkpoint.meta.get(_FROM_SEED, ()))
        if unknown := sorted(names - trainer.session.shapes.keys()):
            raise CheckpointError(
                f"{checkpoint.path}: leaves out {unknown[0]}: no such"
            )
    if names:
        set_initial_state(trainer.session, trainer.seed)
    return names


def kept_states(checkpoint: Checkpoint) -> Iterator[tuple[str, NDArray]]:
    """Read the rounded weights of a checkpoint, one array at a time.

    Parameters
    ----------
    checkpoint : Checkpoint

    Yields
    ------
    name : str
    array : numpy.ndarray of float32
    """
    for name, halves in checkpoint.arrays(_ROUNDED):
        if halves.dtype != np.uint8 or halves.shape[:1] != (2,):
            raise CheckpointError(f"{checkpoint.path}: {name} is no rounded array")
        yield name, numbers(halves)
