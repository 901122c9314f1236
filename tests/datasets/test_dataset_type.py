"""The Dataset itself, and the choice of one by name."""

import dataclasses
import hashlib
import pickle
import string

import numpy as np
import pytest

from spikefa.datasets import Dataset, load_dataset
from spikefa.errors import InputError

ARRAYS = {
    "train_images": np.arange(24, dtype=np.uint8).reshape(4, 6),
    "train_labels": np.array([0, 1, 2, 0], dtype=np.uint8),
    "test_images": np.arange(12, dtype=np.uint8).reshape(2, 6),
    "test_labels": np.array([2, 0], dtype=np.uint8),
}


def dataset(name="small", image_shape=(2, 3), **changes):
    arrays = {field: array.copy() for field, array in ARRAYS.items()}
    return Dataset(name=name, image_shape=image_shape, **(arrays | changes))


def test_what_a_dataset_says_about_itself():
    data = dataset()
    assert data.n_classes == 3
    assert repr(data) == (
        "Dataset('small', 4 training and 2 test images of 2 x 3 pixels, 3 classes)"
    )


def test_fields_and_pixels_cannot_be_changed():
    data = dataset()
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"
    for field in ARRAYS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(data, field)[0] = 1


def test_the_callers_array_is_neither_copied_nor_locked():
    mine = ARRAYS["train_images"].copy()
    data = dataset(train_images=mine)
    assert np.shares_memory(data.train_images, mine)
    mine[0, 0] = 7


def test_fingerprint_is_short_stable_and_independent_of_names():
    mark = dataset().fingerprint
    assert len(mark) == 16
    assert set(mark) <= set(string.hexdigits)
    assert dataset(name="copy").fingerprint == mark
    # Spelled out, because checkpoints hold it: it must not change between releases.
    text = b"(2, 3)"
    for field, array in ARRAYS.items():
        text += f"('{field}', {array.shape})".encode() + array.tobytes()
    assert mark == hashlib.sha256(text).hexdigest()[:16]


def test_fingerprint_does_not_depend_on_memory_layout():
    images = np.asfortranarray(ARRAYS["train_images"])
    assert dataset(train_images=images).fingerprint == dataset().fingerprint


@pytest.mark.parametrize("field", ARRAYS)
def test_fingerprint_changes_with_a_single_value(field):
    changed = ARRAYS[field].copy()
    changed[-1] = 1
    assert dataset(**{field: changed}).fingerprint != dataset().fingerprint


def test_fingerprint_changes_with_the_shape():
    assert dataset(image_shape=(3, 2)).fingerprint != dataset().fingerprint


def test_a_dataset_can_be_sent_to_another_process():
    data = dataset()
    copy = pickle.loads(pickle.dumps(data))
    assert copy.fingerprint == data.fingerprint
    assert copy.name == "small"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"train_images": np.zeros((4, 6))}, "train_images must be an array of uint8"),
        ({"train_labels": [0, 1, 2, 0]}, "train_labels must be an array of uint8"),
        ({"test_images": np.zeros((2, 2, 3), np.uint8)}, "test_images has 3 dim"),
        ({"test_labels": np.zeros((2, 1), np.uint8)}, "test_labels has 2 dim"),
        ({"test_images": np.zeros((0, 6), np.uint8)}, "test_images holds no images"),
        ({"test_images": np.zeros((2, 5), np.uint8)}, "test_images does not hold 2 x"),
        ({"image_shape": (2, 2)}, "train_images does not hold 2 x 2"),
        ({"image_shape": (6,)}, "image_shape must be"),
        ({"image_shape": None}, "image_shape must be"),
        ({"test_labels": np.zeros(3, np.uint8)}, "test_labels holds 3 labels for 2"),
        ({"train_labels": np.array([0, 1, 3, 0], np.uint8)}, "label 2 never occurs"),
        ({"test_labels": np.array([0, 3], np.uint8)}, "label 3 does not occur"),
    ],
)
def test_arrays_that_make_no_dataset(changes, complaint):
    with pytest.raises(InputError, match=f"^data set small: .*{complaint}"):
        dataset(**changes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"scale": 0}, "scale must be a number above 0, got 0"),
        ({"scale": float("nan")}, "scale must be"),
        ({"scale": float("inf")}, "scale must be"),
        ({"classes": "ab"}, "classes must be 3 different names"),
        ({"classes": "aba"}, "classes must be 3 different names"),
    ],
)
def test_scale_and_classes_that_cannot_be(changes, complaint):
    with pytest.raises(InputError, match=f"^data set small: {complaint}"):
        dataset(**changes)


@pytest.mark.parametrize("rows", [slice(1, 3), [3, 0, 3], 2, slice(None)])
@pytest.mark.parametrize("scale", [None, 16, 0.5])
def test_inputs_are_pixels_over_the_scale(rows, scale):
    data = dataset(scale=scale)
    expected = ARRAYS["train_images"][rows].astype(float) / (scale or 255)
    np.testing.assert_array_equal(data.train_inputs[rows], expected)
    assert len(data.test_inputs) == 2
    assert data.test_inputs.shape == (2, 6)
    np.testing.assert_array_equal(np.asarray(data.test_inputs), data.test_inputs[:])


@pytest.mark.parametrize("scale", [None, 16, 0.5])
def test_inputs_that_are_taken_stay_bytes(scale):
    inputs = dataset(scale=scale).train_inputs
    taken = inputs.take([3, 0]).repeat(2, axis=0)
    assert taken.pixels.dtype == np.uint8
    assert taken.shape == (4, 6)
    np.testing.assert_array_equal(taken[:], inputs[[3, 3, 0, 0]])


def test_all_bytes_come_out_as_a_division_has_them():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 256).repeat(4, axis=0)
    parts = {"train_images": pixels, "test_images": pixels[:2]}
    data = dataset(image_shape=(16, 16), **parts)
    np.testing.assert_array_equal(data.train_inputs[0], np.arange(256) / 255)
    assert data.train_inputs[0].dtype == np.float64


def bright(train, test):
    """A data set whose brightest pixels are these."""
    images = [np.zeros((n, 6), np.uint8) for n in (4, 2)]
    images[0][1, 2], images[1][0, 5] = train, test
    return dataset(train_images=images[0], test_images=images[1])


@pytest.mark.parametrize(
    ("train", "test", "scale", "remarks"),
    [
        (255, 255, 255, []),
        (128, 200, 255, []),
        (1, 1, 1, ["no pixel exceeds 1, so that 1 is white, and not 255"]),
        (1, 0, 1, ["no pixel exceeds 1", "pixel of the test images is 0, with 1"]),
        (1, 255, 255, ["pixel of the training images is 1, with 255 for white"]),
        (
            255,
            16,
            255,
            ["test images is 16, with 255 for white: inputs are at most 0.0"],
        ),
        (0, 0, 255, ["the training images is 0", "the test images is 0"]),
    ],
)
def test_what_stands_for_white(train, test, scale, remarks):
    data = bright(train, test)
    assert data.scale == scale
    assert len(data.remarks) == len(remarks)
    for line, words in zip(data.remarks, remarks, strict=True):
        assert line.startswith("data set small: ")
        assert words in line


def test_scale_is_part_of_the_fingerprint_but_names_of_classes_are_not():
    assert dataset(scale=255).fingerprint == dataset().fingerprint
    assert dataset(scale=16).fingerprint != dataset().fingerprint
    assert dataset(scale=16).fingerprint == dataset(scale=16.0).fingerprint
    assert dataset(classes="abc").fingerprint == dataset().fingerprint


@pytest.mark.parametrize(
    ("classes", "remark"),
    [
        ([4, 5, 6], "labels 4 to 6 are classes 0 to 2"),
        ([3, 7, 9], "labels 3, 7, 9 are classes 0 to 2"),
        (["cat", "dog", "a\nb"], "labels cat, dog, a\\nb are classes 0 to 2"),
    ],
)
def test_names_of_classes_are_said_in_one_line(classes, remark):
    data = dataset(classes=classes, scale=11)
    assert data.classes == tuple(classes)
    assert data.remarks == [f"data set small: {remark}"]
    assert dataset(scale=11).classes == (0, 1, 2)
    assert dataset(scale=11).remarks == []


def test_more_than_256_classes():
    labels = np.arange(300, dtype=np.uint16)
    images = np.zeros((300, 6), np.uint8)
    parts = dict(zip(ARRAYS, (images, labels) * 2, strict=True))
    assert dataset(**parts).n_classes == 300


def test_unknown_name():
    with pytest.raises(InputError, match="unknown data set 'minst'.*mnist, svhn"):
        load_dataset("minst")
