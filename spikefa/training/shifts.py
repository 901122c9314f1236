"""Training images that are moved by whole pixels, another move in each pass."""

from itertools import product

import numpy as np

from ..datasets.dataset import Inputs
from ..errors import InputError
from ..seeds import generator

__all__ = ["Shifts", "moved"]


class Shifts:
    """Moves of images, up to some pixels in each direction.

    With one pixel there are nine moves. They are put into a random order, which each
    image goes through again and again, a move in a pass, from a start of its own.
    Everything follows from the seed and the pass, so that a training can go on in any
    pass.

    Parameters
    ----------
    pixels : int
        The largest move, to each side and up and down.
    image_shape : tuple of int
        Rows and columns.
    n_images : int
        Training images.
    seed : int
        Of the whole run.

    Raises
    ------
    InputError
        If an image could be moved out of its frame.
    """

    def __init__(
        self, pixels: int, image_shape: tuple[int, int], n_images: int, seed: int
    ) -> None:
        if not 0 <= pixels < min(image_shape):
            rows, columns = image_shape
            raise InputError(
                f"images of {rows} x {columns} pixels cannot be shifted by {pixels}"
            )
        self.image_shape = image_shape
        within = range(-pixels, pixels + 1)
        random = generator(seed, "shift")
        self.moves = random.permutation(list(product(within, within)))
        self.first = random.integers(len(self.moves), size=n_images)

    def __call__(self, images: Inputs, indices: np.ndarray, epoch: int) -> Inputs:
        """Move images as they are in a pass.

        Parameters
        ----------
        images : Inputs
            Of the data set, those at ``indices``.
        indices : array of int
        epoch : int
            The pass, from 0 on.

        Returns
        -------
        images : Inputs
            Pixels that come in from outside are black.
        """
        which = (self.first[indices] + epoch) % len(self.moves)
        pixels = np.empty_like(images.pixels)
        for n, (down, right) in enumerate(self.moves):
            chosen = which == n
            pixels[chosen] = moved(
                images.pixels[chosen], self.image_shape, int(down), int(right)
            )
        return Inputs(pixels, images.scale)


def moved(
    pixels: np.ndarray, image_shape: tuple[int, int], down: int, right: int
) -> np.ndarray:
    """Move images; what leaves the frame is lost.

    Parameters
    ----------
    pixels : numpy.ndarray, shape (n, rows*columns)
    image_shape : tuple of int
        Rows and columns.
    down, right : int
        Pixels; negative: up and to the left.

    Returns
    -------
    pixels : numpy.ndarray, shape (n, rows*columns)
    """
    images = pixels.reshape(-1, *image_shape)
    result = np.zeros_like(images)
    (to_row, from_row), (to_column, from_column) = _parts(down), _parts(right)
    result[:, to_row, to_column] = images[:, from_row, from_column]
    return result.reshape(pixels.shape)


def _parts(move):
    """Where pixels go, and where they come from."""
    if move > 0:
        return slice(move, None), slice(None, -move)
    return slice(None, move or None), slice(-move, None)
