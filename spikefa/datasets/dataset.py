"""What every loader returns: labelled training and test images."""

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import DataError, InputError
from .files import one_line

__all__ = ["Dataset", "build_dataset"]

_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled images for training and test.

    The arrays are read-only views: a network presents images, it never changes
    them, and `fingerprint` must stay true.

    Parameters
    ----------
    name : str
        How messages and results call the data set.
    train_images, test_images : numpy.ndarray
        Pixels, uint8 in 0..255, shape (n, d); one image per row, itself row by
        row, so that ``d = rows * cols``.
    train_labels, test_labels : numpy.ndarray
        Classes, uint8, shape (n,). The training labels hold every class from 0
        to ``n_classes - 1``, and there are at least two.
    image_shape : tuple of int
        ``(rows, cols)`` of one image.

    Raises
    ------
    InputError
        If the arrays do not have these types, shapes and values.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    image_shape: tuple[int, int]

    def __post_init__(self):
        arrays = {field: getattr(self, field) for field in _ARRAYS}
        problem = _find_problem(arrays, self.image_shape)
        if problem:
            field, text = problem
            raise InputError(f"data set {one_line(self.name)}: {field} {text}")
        for field, array in arrays.items():
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)
        object.__setattr__(self, "image_shape", tuple(map(int, self.image_shape)))

    def __repr__(self):
        rows, cols = self.image_shape
        return (
            f"Dataset({self.name!r}, {len(self.train_labels)} training and "
            f"{len(self.test_labels)} test images of {rows} x {cols} pixels, "
            f"{self.n_classes} classes)"
        )

    @cached_property
    def n_classes(self):
        """int : number of classes, the largest training label + 1."""
        return int(self.train_labels.max()) + 1

    @cached_property
    def fingerprint(self):
        """str : 16 hex digits of a SHA-256 over all shapes, pixels and labels.

        It tells data sets apart (a checkpoint refuses another one than its own),
        whatever their names and files. The name is left out, so that a copy of
        the same data in another folder is accepted.
        """
        digest = hashlib.sha256(repr(self.image_shape).encode())
        for field in _ARRAYS:
            array = np.ascontiguousarray(getattr(self, field))
            digest.update(repr((field, array.shape)).encode())
            digest.update(array)
        return digest.hexdigest()[:16]


def build_dataset(name, train, test, sources):
    """Make a `Dataset` of what was read from files, with errors that name them.

    Parameters
    ----------
    name : str
        Name of the data set.
    train, test : tuple of numpy.ndarray
        ``(images, labels)``: uint8, shapes (n, rows, cols) and (n,).
    sources : dict
        The file each of train_images, train_labels, test_images and test_labels
        came from.

    Returns
    -------
    Dataset

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
    arrays = {
        "train_images": train[0].reshape(len(train[0]), n_pixels),
        "train_labels": train[1],
        "test_images": test[0].reshape(len(test[0]), n_pixels),
        "test_labels": test[1],
    }
    problem = _find_problem(arrays, image_shape)
    if problem:
        field, text = problem
        raise DataError(f"{one_line(sources[field])}: {text}")
    return Dataset(name=name, image_shape=image_shape, **arrays)


def _find_problem(arrays, image_shape):
    """Return (field, what is wrong with it), or None for a sound data set."""
    return (
        _type_problem(arrays)
        or _shape_problem(arrays, image_shape)
        or _class_problem(arrays["train_labels"], arrays["test_labels"])
    )


def _type_problem(arrays):
    for field, array in arrays.items():
        n_dims = 2 if field.endswith("images") else 1
        if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
            return field, "must be an array of uint8"
        if array.ndim != n_dims:
            return field, f"has {array.ndim} dimensions instead of {n_dims}"
    return None


def _shape_problem(arrays, image_shape):
    try:
        rows, cols = image_shape
    except (TypeError, ValueError):
        return "image_shape", "must be (rows, cols)"
    for part in ("train", "test"):
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if images.size == 0:
            return f"{part}_images", "holds no images"
        if images.shape[1] != math.prod((rows, cols)):
            return f"{part}_images", f"does not hold {rows} x {cols} pixels per image"
        if len(labels) != len(images):
            return (
                f"{part}_labels",
                f"holds {len(labels)} labels for {len(images)} images",
            )
    return None


def _class_problem(train_labels, test_labels):
    # A gap would be a class that is never taught, yet has its own output neurons.
    counts = np.bincount(train_labels)
    missing = np.flatnonzero(counts == 0)
    if missing.size:
        return (
            "train_labels",
            f"label {missing[0]} never occurs though {counts.size - 1} does; "
            "labels must run from 0 without gaps",
        )
    if counts.size < 2:
        return "train_labels", "all labels are 0, so there is nothing to tell apart"
    if test_labels.max() >= counts.size:
        return (
            "test_labels",
            f"label {test_labels.max()} does not occur in training, "
            f"where labels are 0 to {counts.size - 1}",
        )
    return None
