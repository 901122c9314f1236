"""Training images that are moved: shifted or rotated, another way in each pass."""

from abc import ABC, abstractmethod
from itertools import product

import numpy as np

from ..datasets.dataset import Inputs
from ..errors import InputError
from ..seeds import generator

__all__ = ["Moves", "Rotations", "Shifts", "moved"]


class Moves(ABC):
    """How each image is moved in each pass.

    Everything follows from the seed and the pass, so that a training can go on in any
    pass.
    """

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
            What comes in from outside is black.
        """
        return Inputs(self._moved(images.pixels, indices, epoch), images.scale)

    @abstractmethod
    def _moved(
        self, pixels: np.ndarray, indices: np.ndarray, epoch: int
    ) -> np.ndarray: ...


class Shifts(Moves):
    """Moves by whole pixels, up to some in each direction.

    With one pixel there are nine moves. They are put into a random order, which each
    image goes through again and again, a move in a pass, from a start of its own.

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

    def _moved(self, pixels, indices, epoch):
        which = (self.first[indices] + epoch) % len(self.moves)
        shifted = np.empty_like(pixels)
        for n, (down, right) in enumerate(self.moves):
            chosen = which == n
            shifted[chosen] = moved(
                pixels[chosen], self.image_shape, int(down), int(right)
            )
        return shifted


class Rotations(Moves):
    """Rotations about the centre, by angles drawn evenly for each image and pass.

    Pixels that come to lie between four others take their weighted mean.

    Parameters
    ----------
    degrees : float
        The largest angle, to both sides.
    image_shape : tuple of int
        Rows and columns.
    n_images : int
        Training images.
    seed : int
        Of the whole run.

    Raises
    ------
    InputError
        If the angle is not between 0 and 180 degrees.
    """

    def __init__(
        self, degrees: float, image_shape: tuple[int, int], n_images: int, seed: int
    ) -> None:
        if not 0 <= degrees <= 180:
            raise InputError(
                f"images are rotated by 0 to 180 degrees, not by {degrees:g}"
            )
        self.degrees, self.image_shape = degrees, image_shape
        self.n_images, self.seed = n_images, seed

    def angles(self, epoch: int) -> np.ndarray:
        """Return the angles of all images in a pass.

        Parameters
        ----------
        epoch : int
            The pass, from 0 on.

        Returns
        -------
        angles : numpy.ndarray, shape (n_images,)
            In degrees, anticlockwise.
        """
        random = generator(self.seed, "rotation", epoch)
        return random.uniform(-self.degrees, self.degrees, self.n_images)

    def _moved(self, pixels, indices, epoch):
        from scipy import ndimage

        images = pixels.reshape(-1, *self.image_shape)
        rotated = np.empty_like(images)
        angles = self.angles(epoch)[indices]
        for image, angle, result in zip(images, angles, rotated, strict=True):
            ndimage.rotate(image, angle, reshape=False, order=1, output=result)
        return rotated.reshape(pixels.shape)


def moved(
    pixels: np.ndarray, image_shape: tuple[int, int], down: int, right: int
) -> np.ndarray:
    """Move images by whole pixels; what leaves the frame is lost.

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
