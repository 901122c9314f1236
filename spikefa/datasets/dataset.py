"""What every loader returns: labelled training and test images."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import InputError
from .files import one_line

__all__ = ["Dataset", "Inputs", "class_problem"]

_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
_WHITE = 255
_LABEL_TYPES = (np.uint8, np.uint16)
#: Longer lists of classes are cut in remarks.
_NAMED = 12


class Inputs:
    """Pixels as a network takes them, made on demand: 0 is black and 1 is white.

    Parameters
    ----------
    pixels : numpy.ndarray of uint8, shape (n, d)
    scale : float
        The pixel value that stands for 1.
    """

    def __init__(self, pixels: NDArray[np.uint8], scale: float) -> None:
        self.pixels, self.scale = pixels, scale

    @cached_property
    def levels(self) -> NDArray[np.float64]:
        """numpy.ndarray, shape (256,) : what a network takes for each byte, float64."""
        return np.arange(256, dtype=np.uint8) / self.scale

    def __getitem__(self, rows: Any) -> NDArray[np.float64]:
        """Return some images, float64."""
        return self.levels[self.pixels[rows]]

    def take(
        self, rows: Sequence[int] | NDArray[np.integer], axis: int = 0
    ) -> "Inputs":
        """Return some images as they are stored, an eighth of the memory.

        Parameters
        ----------
        rows : array of int
        axis : {0}
            As in `numpy.ndarray.take`.

        Returns
        -------
        images : Inputs
        """
        return Inputs(self.pixels.take(rows, axis=axis), self.scale)

    def repeat(self, number: int, axis: int = 0) -> "Inputs":
        """Return each image several times in a row, as `take` does.

        Parameters
        ----------
        number : int
        axis : {0}
            As in `numpy.ndarray.repeat`.

        Returns
        -------
        images : Inputs
        """
        return Inputs(self.pixels.repeat(number, axis=axis), self.scale)

    def __len__(self) -> int:
        return len(self.pixels)

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray:
        return np.asarray(self[:], dtype=dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """tuple of int : ``(n, d)``."""
        return self.pixels.shape


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
        Pixels as they are stored, uint8, shape (n, d); one image per row, itself row
        by row, so that ``d = rows * cols``. A network is shown `train_inputs` and
        `test_inputs`.
    train_labels, test_labels : numpy.ndarray
        Classes, uint8 (uint16 for more than 256 classes), shape (n,). The training
        labels hold every class from 0 to ``n_classes - 1``, and there are at least
        two.
    image_shape : tuple of int
        ``(rows, cols)`` of one image.
    scale : float, optional
        The pixel value that stands for an input of 1. By default 255, but 1 if no
        pixel exceeds 1, as in binarised images.
    classes : sequence of int or str, optional
        What each class was called before it was numbered, such as 1 to 26 or the names
        of folders; by default its number.

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
    scale: float | None = None
    classes: tuple[int | str, ...] | None = None

    def __post_init__(self) -> None:
        arrays = {field: getattr(self, field) for field in _ARRAYS}
        problem = _find_problem(arrays, self.image_shape) or self._find_other_problem()
        if problem:
            field, text = problem
            raise InputError(f"data set {one_line(self.name)}: {field} {text}")
        for field, array in arrays.items():
            view = array.view()
            view.flags.writeable = False
            self._set(field, view)
        self._set("image_shape", tuple(map(int, self.image_shape)))
        if self.scale is None:
            self._set("scale", 1 if max(self._brightest.values()) == 1 else _WHITE)
        names = range(self.n_classes) if self.classes is None else self.classes
        self._set("classes", tuple(names))

    def _set(self, field, value):
        object.__setattr__(self, field, value)

    def _find_other_problem(self):
        if self.scale is not None and not 0 < self.scale < math.inf:
            return "scale", f"must be a number above 0, got {self.scale}"
        if self.classes is not None and len(set(self.classes)) != self.n_classes:
            return "classes", f"must be {self.n_classes} different names"
        return None

    def __repr__(self) -> str:
        rows, cols = self.image_shape
        return (
            f"Dataset({self.name!r}, {len(self.train_labels)} training and "
            f"{len(self.test_labels)} test images of {rows} x {cols} pixels, "
            f"{self.n_classes} classes)"
        )

    @property
    def _white(self) -> float:
        """The scale, which is no longer None once there is a data set."""
        assert self.scale is not None
        return self.scale

    @property
    def train_inputs(self) -> Inputs:
        """Inputs : training images in 0..1; ``train_inputs[rows]`` is an array."""
        return Inputs(self.train_images, self._white)

    @property
    def test_inputs(self) -> Inputs:
        """Inputs : test images in 0..1."""
        return Inputs(self.test_images, self._white)

    @cached_property
    def n_classes(self) -> int:
        """int : number of classes, the largest training label + 1."""
        return int(self.train_labels.max()) + 1

    @cached_property
    def fingerprint(self) -> str:
        """str : 16 hex digits of a SHA-256 over all shapes, pixels and labels.

        It tells data sets apart (a checkpoint refuses another one than its own),
        whatever their names and files. The name is left out, so that a copy of
        the same data in another folder is accepted; so is what classes are called.
        """
        digest = hashlib.sha256(repr(self.image_shape).encode())
        for field in _ARRAYS:
            array = np.ascontiguousarray(getattr(self, field))
            digest.update(repr((field, array.shape)).encode())
            digest.update(array)
        if self.scale != _WHITE:
            digest.update(repr(("scale", float(self._white))).encode())
        return digest.hexdigest()[:16]

    @cached_property
    def _brightest(self):
        return {
            "training": int(self.train_images.max()),
            "test": int(self.test_images.max()),
        }

    @property
    def remarks(self) -> list[str]:
        """list of str : lines on what is not as in most data sets.

        Loaders give them to the logger ``spikefa`` as warnings.
        """
        lines = []
        if self.classes != tuple(range(self.n_classes)):
            lines.append(
                f"labels {_listed(self.classes)} are classes "
                f"{_listed(range(self.n_classes))}"
            )
        if self.scale == 1:
            lines.append("no pixel exceeds 1, so that 1 is white, and not 255")
        for part, pixel in self._brightest.items():
            if pixel < self._white / 2:
                lines.append(
                    f"the brightest pixel of the {part} images is {pixel}, with "
                    f"{self.scale:g} for white: inputs are at most "
                    f"{pixel / self.scale:.2g}"
                )
        return [f"data set {one_line(self.name)}: {line}" for line in lines]


def _listed(classes):
    """Write classes as few words: ``1 to 26``, or ``3, 7``."""
    names = list(classes)
    if all(isinstance(name, int) for name in names) and len(names) > 2:
        if names == list(range(names[0], names[-1] + 1)):
            return f"{names[0]} to {names[-1]}"
    if len(names) > _NAMED:
        names = [*names[: _NAMED - 1], "...", names[-1]]
    return ", ".join(map(one_line, names))


def _find_problem(arrays, image_shape):
    """Return (field, what is wrong with it), or None for a sound data set."""
    return (
        _type_problem(arrays)
        or _shape_problem(arrays, image_shape)
        or _gap_problem(arrays["train_labels"])
        or class_problem(arrays["train_labels"], arrays["test_labels"])
    )


def _type_problem(arrays):
    for field, array in arrays.items():
        types, n_dims = (
            ((np.uint8,), 2) if field.endswith("images") else (_LABEL_TYPES, 1)
        )
        if not isinstance(array, np.ndarray) or array.dtype not in types:
            return field, f"must be an array of {types[0].__name__}"
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


def _gap_problem(train_labels):
    # A gap would be a class that is never taught, yet has its own output neurons.
    counts = np.bincount(train_labels)
    missing = np.flatnonzero(counts == 0)
    if missing.size:
        return (
            "train_labels",
            f"label {missing[0]} never occurs though {counts.size - 1} does; "
            "labels must run from 0 without gaps",
        )
    return None


def class_problem(train_labels, test_labels):
    """Find what keeps labels from being classes, whatever classes are called.

    Parameters
    ----------
    train_labels, test_labels : numpy.ndarray
        Of integers.

    Returns
    -------
    problem : tuple of str or None
        The field of `Dataset`, and what is wrong with it.
    """
    there = np.unique(train_labels)
    if there.size < 2:
        return (
            "train_labels",
            f"all labels are {there[0]}, so there is nothing to tell apart",
        )
    unknown = np.setdiff1d(test_labels, there)
    if unknown.size:
        return (
            "test_labels",
            f"label {unknown[0]} does not occur in training, "
            f"where labels are {_listed(there.tolist())}",
        )
    return None
