"""Training images that are turned about their centre, by another angle in each pass."""

import numpy as np

from ..datasets.dataset import Inputs
from ..errors import InputError
from ..seeds import generator

__all__ = ["Rotations"]


class Rotations:
    """Angles of images, drawn evenly for each image and pass.

    Everything follows from the seed and the pass, so that a training can go on in any
    pass.

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

    def __call__(self, images: Inputs, indices: np.ndarray, epoch: int) -> Inputs:
        """Rotate images as they are in a pass.

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
            Pixels lie between four others and take their weighted mean; what comes in
            from outside is black.
        """
        from scipy import ndimage

        pixels = images.pixels.reshape(-1, *self.image_shape)
        rotated = np.empty_like(pixels)
        for image, angle, result in zip(
            pixels, self.angles(epoch)[indices], rotated, strict=True
        ):
            ndimage.rotate(image, angle, reshape=False, order=1, output=result)
        return Inputs(rotated.reshape(images.pixels.shape), images.scale)
