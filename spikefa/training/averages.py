"""Weights that are averaged over the end of a training.

The weights of a network that learns with a constant eta wander about what they have
learned. Their mean over some passes does not, much as if eta had fallen. The training
itself does not notice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..devices.session import Session
from ..errors import InputError

__all__ = ["WeightAverage", "average_of_last"]

#: Variables that are averaged: weights of synapses, and biases.
_AVERAGED = ("W", "b")


class WeightAverage:
    """The mean of all weights and biases after each chunk.

    Parameters
    ----------
    start : int
        The mean is of the chunks that end after more images than these: a run that is
        made longer forgets what it has averaged too early.

    Attributes
    ----------
    number : int
        Chunks so far.
    since : int or None
        Images that had been seen after the first of them.
    mean : dict of numpy.ndarray
        By name of the variable; empty before the first.
    """

    def __init__(self, start: int) -> None:
        self.start, self.number = start, 0
        self.since: int | None = None
        self.mean: dict[str, NDArray] = {}

    def add(self, session: Session, images_seen: int) -> None:
        """Take the weights after a chunk, unless it is too early."""
        if images_seen <= self.start:
            return
        if self.number == 0:
            self.since = images_seen
        self.number += 1
        for name in filter(_is_averaged, session.variables):
            value = session.get_state([name])[name]
            if self.number == 1:
                self.mean[name] = np.array(value)
            else:
                self.mean[name] += (value - self.mean[name]) / self.number

    @contextmanager
    def in_place(self, session: Session) -> Iterator[None]:
        """Give a session the mean weights for a while.

        Raises
        ------
        InputError
            If there are none yet.
        """
        if not self.mean:
            raise InputError("there are no averaged weights yet")
        kept = session.get_state(list(self.mean))
        session.set_state(self.mean)
        try:
            yield
        finally:
            session.set_state(kept)

    def arrays(self) -> dict[str, NDArray]:
        """What a checkpoint holds: arrays by name."""
        if not self.mean:
            return {}
        return {**self.mean, "number": np.array([self.number, self.since])}

    def restore(self, arrays: dict[str, NDArray], shapes: dict[str, tuple]) -> None:
        """Take what `arrays` has returned.

        Parameters
        ----------
        arrays : dict of numpy.ndarray
        shapes : dict of tuple
            Of all variables of the session.

        Raises
        ------
        InputError
            If these are not the weights of this network.
        """
        arrays = dict(arrays)
        if not arrays:
            return
        number, since = map(int, arrays.pop("number"))
        expected = {name: shapes[name] for name in filter(_is_averaged, shapes)}
        if {name: array.shape for name, array in arrays.items()} != expected:
            raise InputError("what was averaged does not fit this network")
        if since > self.start:
            self.number, self.since, self.mean = number, since, arrays


def _is_averaged(name):
    return name.rpartition(".")[2] in _AVERAGED


def average_of_last(passes: float, schedule: Any) -> WeightAverage | None:
    """Average the weights over the last passes of a training.

    Parameters
    ----------
    passes : float
        0: nothing is averaged.
    schedule : Schedule or StagedSchedule

    Returns
    -------
    average : WeightAverage or None

    Raises
    ------
    InputError
        If the number is below 0.
    """
    if not passes >= 0:
        raise InputError(f"average must be 0 passes or more, got {passes}")
    images = round(passes * schedule.images)
    return WeightAverage(max(0, schedule.total_images - images)) if passes else None
