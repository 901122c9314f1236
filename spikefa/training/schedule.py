"""Which images are presented when."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import InputError
from ..seeds import generator

__all__ = ["SHUFFLES", "Schedule"]

#: When the images are put into a new order: before every pass, before the first one
#: only, or never. The paper does not say; the first is the default (*reconstructed*).
SHUFFLES = ("every", "once", "never")


@dataclass(frozen=True)
class Schedule:
    """Passes over the images, in chunks.

    Parameters
    ----------
    n_available : int
        Training images there are.
    images : int
        Images of one pass; fewer than there are take a new sample whenever the
        order is new.
    epochs : int
        Passes.
    chunk : int
        Images of one run of the network; the last chunk of a pass may be smaller.
    seed : int
        Seed of the whole run.
    shuffle : str, optional
        One of `SHUFFLES`.
    every : int, optional
        Images between evaluations; default: a pass.

    Raises
    ------
    InputError
        If a number makes no sense, or if there is no such way to shuffle.
    """

    n_available: int
    images: int
    epochs: int
    chunk: int
    seed: int
    shuffle: str = "every"
    every: int | None = None

    def __post_init__(self):
        for name in ("images", "epochs", "chunk"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be 1 or more, got {getattr(self, name)}")
        if self.every is not None and self.every < 1:
            raise InputError(f"cannot evaluate every {self.every} images")
        if self.images > self.n_available:
            raise InputError(
                f"{self.images} images asked for, the data set has {self.n_available}"
            )
        if self.shuffle not in SHUFFLES:
            raise InputError(
                f"unknown shuffle '{self.shuffle}' (known: {', '.join(SHUFFLES)})"
            )

    @property
    def largest_chunk(self):
        """Most images of one run of the network."""
        return min(self.chunk, self.images)

    @property
    def chunks_per_epoch(self):
        """Runs of the network in one pass."""
        return -(-self.images // self.chunk)

    @property
    def never_evaluated(self):
        """Where an evaluation counts as done at the start: before the first image."""
        return 0

    @property
    def n_chunks(self):
        """Runs of the network altogether."""
        return self.epochs * self.chunks_per_epoch

    @property
    def total_images(self):
        """Presentations altogether."""
        return self.epochs * self.images

    def images_before(self, chunk):
        """Count the presentations before chunk 0, 1, ..."""
        epoch, within = divmod(chunk, self.chunks_per_epoch)
        return epoch * self.images + within * self.chunk

    def epoch(self, chunk):
        """Return the pass of chunk 0, 1, ..., from 0 on."""
        return chunk // self.chunks_per_epoch

    def indices(self, chunk):
        """Return which training images chunk 0, 1, ... presents, in order."""
        epoch, within = divmod(chunk, self.chunks_per_epoch)
        return self._order(epoch)[: self.images][within * self.chunk :][: self.chunk]

    def layers(self, chunk):
        """Return the layers that learn in a chunk, None for all."""
        return None

    def due(self, before, seen):
        """Whether an evaluation is due, if the last one was after ``before`` images.

        From the position alone, so that a resumed run does what was left undone.
        """
        every = self.every or self.images
        at_end = seen == self.total_images and seen != before
        return seen // every > before // every or at_end

    def interim_due(self, before, seen):
        """Whether an interim test is due: there are ten in a pass."""
        every = -(-self.images // 10)
        return seen // every > before // every

    def _order(self, epoch):
        if self.shuffle == "never":
            return np.arange(self.n_available)
        epoch = epoch if self.shuffle == "every" else 0
        return permutation_of_pass(self.n_available, self.seed, epoch)


@lru_cache(maxsize=1)
def permutation_of_pass(n_available, seed, epoch):
    return generator(seed, "order", epoch).permutation(n_available)
