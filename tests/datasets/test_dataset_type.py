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


def test_unknown_name():
    with pytest.raises(InputError, match="unknown data set 'minst'.*mnist, svhn"):
        load_dataset("minst")
