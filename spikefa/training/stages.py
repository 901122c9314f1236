"""Stretches of learning in some of the layers, in the order of the examples."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import InputError
from .schedule import SHUFFLES, permutation_of_pass

__all__ = ["Stage", "StagedSchedule", "gates_of"]


@dataclass(frozen=True)
class Stage:
    """A stretch of learning in some of the layers.

    Parameters
    ----------
    examples : int
        How many are presented.
    layers : tuple of int, optional
        Layers, from 1, whose forward weights learn; default: all that do not have
        to stay as they are.
    """

    examples: int
    layers: tuple[int, ...] | None = None


@dataclass(frozen=True)
class StagedSchedule:
    """Stages one after the other, measured at their ends and in between.

    Parameters
    ----------
    n_available : int
        Examples there are.
    stages : tuple of Stage
    every : int
        Examples between measurements; there is one at the start and at the end of
        every stage too.
    chunk : int
        Most examples of one run of the network.
    seed : int
    shuffle : {'never', 'once', 'every'}, optional
        Whether examples come in their own order, and then only once, or in passes as
        in `Schedule`.

    Raises
    ------
    InputError
        If a number makes no sense, or if there are too few examples.
    """

    n_available: int
    stages: tuple[Stage, ...]
    every: int
    chunk: int
    seed: int
    shuffle: str = "never"

    def __post_init__(self):
        if self.shuffle not in SHUFFLES:
            raise InputError(
                f"unknown shuffle '{self.shuffle}' (known: {', '.join(SHUFFLES)})"
            )
        numbers = {"every": self.every, "chunk": self.chunk}
        numbers |= {f"stage {n}": s.examples for n, s in enumerate(self.stages, 1)}
        for name, value in numbers.items():
            if value < 1:
                raise InputError(f"{name} must be 1 or more, got {value}")
        if not self.stages:
            raise InputError("a training needs a stage")
        if self.shuffle == "never" and self.total_images > self.n_available:
            raise InputError(
                f"{self.total_images} examples needed, the task has {self.n_available}"
            )

    @property
    def total_images(self):
        """Presentations altogether."""
        return sum(stage.examples for stage in self.stages)

    @property
    def images(self):
        """Examples of one pass."""
        return min(self.n_available, self.total_images)

    @cached_property
    def _ends(self):
        return np.cumsum([stage.examples for stage in self.stages])

    @cached_property
    def measured(self):
        """Numbers of examples after which is measured, from 0 up."""
        points = {0}
        for end, stage in zip(self._ends.tolist(), self.stages, strict=True):
            points |= {*range(end - stage.examples, end, self.every), end}
        return np.array(sorted(points))

    @cached_property
    def _cuts(self):
        cuts = set(self.measured.tolist())
        for start, stop in zip(self.measured, self.measured[1:], strict=False):
            cuts |= set(range(start, stop, self.chunk))
        if self.shuffle != "never":
            cuts |= set(range(0, self.total_images, self.n_available))
        return np.array(sorted(cuts))

    @property
    def never_evaluated(self):
        """Nowhere: the first measurement is due before the first example."""
        return -1

    @property
    def n_chunks(self):
        """Runs of the network altogether."""
        return len(self._cuts) - 1

    def images_before(self, chunk):
        """Count the presentations before chunk 0, 1, ..."""
        return int(self._cuts[chunk])

    def indices(self, chunk):
        """Return which examples chunk 0, 1, ... presents, in order."""
        start, stop = self._cuts[chunk : chunk + 2]
        if self.shuffle == "never":
            return np.arange(start, stop)
        epoch, within = divmod(int(start), self.n_available)
        order = permutation_of_pass(
            self.n_available, self.seed, epoch if self.shuffle == "every" else 0
        )
        return order[within : within + stop - start]

    def epoch(self, chunk):
        """Return the pass of chunk 0, 1, ..., from 0 on."""
        return int(self._cuts[chunk]) // self.n_available

    def layers(self, chunk):
        """Return the layers that learn in a chunk, None for all."""
        stage = np.searchsorted(self._ends, self._cuts[chunk], side="right")
        return self.stages[stage].layers

    def due(self, before, seen):
        """Whether a measurement is due, if the last one was after ``before``."""
        return bool(((self.measured > before) & (self.measured <= seen)).any())


def gates_of(session, layers=None):
    """Return the gates with which some layers learn.

    Parameters
    ----------
    session : Session
    layers : sequence of int, optional
        From 1; default: all that are not frozen.

    Returns
    -------
    gates : numpy.ndarray of bool
        For `Session.run`.

    Raises
    ------
    InputError
        If there is no such layer.
    """
    gates = session.learn_everything
    if layers is None:
        return gates
    for layer in layers:
        if not 1 <= layer < len(gates):
            raise InputError(f"there is no layer {layer} that could learn")
    gates[1:] &= np.isin(np.arange(1, len(gates)), layers)
    return gates
