"""A data set made of what was read from files, with errors that name them."""

import logging
import math
from functools import cache

import numpy as np

from ..errors import DataError
from .dataset import Dataset, class_problem
from .files import one_line

__all__ = ["build_dataset", "grey"]

_MOST_CLASSES = 1 << 16
_BLOCK = 1000


def build_dataset(name, train, test, sources, classes=None):
    """Make a `Dataset` of what was read from files.

    Parameters
    ----------
    name : str
        Name of the data set.
    train, test : tuple of numpy.ndarray
        ``(images, labels)``: uint8 and integers, shapes (n, rows, cols) and (n,).
        Labels that do not run from 0 without gaps are numbered anew, in order.
    sources : dict
        The file each of train_images, train_labels, test_images and test_labels
        came from.
    classes : sequence of str, optional
        What labels 0, 1, ... are called.

    Returns
    -------
    Dataset
        Its remarks are given to the logger ``spikefa``, once.

    Raises
    ------
    DataError
        If the parts do not fit together or the labels cannot be classes.
    """
    image_shape, test_shape = train[0].shape[1:], test[0].shape[1:]
    if image_shape != test_shape:
        raise DataError(
            f"{one_line(sources['test_images'])}: test images are "
            f"{' x '.join(map(str, test_shape))} pixels, but training images "
            f"{' x '.join(map(str, image_shape))}"
        )
    n_pixels = math.prod(image_shape)  # reshape cannot tell if there are no images
    problem = _count_problem(train, test) or class_problem(train[1], test[1])
    there = None if problem else np.unique(train[1])
    if there is not None and len(there) > _MOST_CLASSES:
        problem = "train_labels", f"holds {len(there)} different labels"
    if problem:
        field, text = problem
        raise DataError(f"{one_line(sources[field])}: {text}")
    small = np.min_scalar_type(max(len(there) - 1, 0))
    dataset = Dataset(
        name=name,
        train_images=train[0].reshape(len(train[0]), n_pixels),
        train_labels=np.searchsorted(there, train[1]).astype(small),
        test_images=test[0].reshape(len(test[0]), n_pixels),
        test_labels=np.searchsorted(there, test[1]).astype(small),
        image_shape=image_shape,
        classes=[classes[i] for i in there] if classes else there.tolist(),
    )
    for line in dataset.remarks:
        _say(line)
    return dataset


@cache  # once a process: studies load their data for every network
def _say(line):
    logging.getLogger(__name__).warning(line)


def _count_problem(train, test):
    for part, (images, labels) in (("train", train), ("test", test)):
        if images.size == 0:
            return f"{part}_images", "holds no images"
        if len(labels) != len(images):
            text = f"holds {len(labels)} labels for {len(images)} images"
            return f"{part}_labels", text
    return None


def grey(colours):
    """Return grey images of colour images.

    Parameters
    ----------
    colours : numpy.ndarray, shape (n, rows, cols, 3)
        Red, green and blue, uint8.

    Returns
    -------
    images : numpy.ndarray, shape (n, rows, cols)
        The ITU-R BT.601 luma 0.299 R + 0.587 G + 0.114 B, rounded to the nearest
        integer (halves up) [reconstructed]: networks get one input per pixel.
    """
    images = np.empty(colours.shape[:3], dtype=np.uint8)
    # Block by block, for the sake of memory; in integers, to be exact everywhere.
    for start in range(0, len(colours), _BLOCK):
        block = colours[start : start + _BLOCK].astype(np.uint32)
        red, green, blue = block[..., 0], block[..., 1], block[..., 2]
        images[start : start + _BLOCK] = (
            299 * red + 587 * green + 114 * blue + 500
        ) // 1000
    return images
