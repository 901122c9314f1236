"""NumPy archives such as Keras's mnist.npz."""

import logging

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst
from idx_files import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS

from spikefa.datasets import load_dataset, load_npz
from spikefa.errors import DataError

KERAS = "x_train", "y_train", "x_test", "y_test"
MEDMNIST = "train_images", "train_labels", "test_images", "test_labels"
ARRAYS = TRAIN_IMAGES * 10, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS


def write(path, names=KERAS, **changes):
    """Write the small data set, some of its arrays changed or (None) left out."""
    arrays = dict(zip(names, ARRAYS, strict=True)) | changes
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})
    return path


def refusal(path):
    with pytest.raises(DataError) as caught:
        load_npz(path)
    text = str(caught.value)
    assert text.isprintable()
    assert text.startswith(str(path))
    return text


@pytest.mark.parametrize("names", [KERAS, MEDMNIST])
def test_four_arrays_are_a_data_set(tmp_path, names):
    data = load_npz(write(tmp_path / "mnist.npz", names))
    assert data.name == "mnist"
    assert data.image_shape == (2, 3)
    for field, array in zip(MEDMNIST, ARRAYS, strict=True):
        found = getattr(data, field)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, array.reshape(found.shape))


@pytest.mark.parametrize("dtype", ["i8", "f4", ">i4", "u2"])
def test_whole_numbers_of_other_types_are_pixels(tmp_path, dtype):
    path = write(tmp_path / "x.npz", x_train=ARRAYS[0].astype(dtype))
    np.testing.assert_array_equal(load_npz(path).train_images, ARRAYS[0].reshape(4, 6))


@settings(max_examples=40, deadline=None)
@given(
    images=npst.arrays(np.uint8, (4, 2, 3)),
    dtype=st.sampled_from(["f2", "f4", "f8"]),
)
def test_what_was_divided_by_255_is_what_it_was(tmp_path_factory, images, dtype):
    path = tmp_path_factory.mktemp("divided") / "x.npz"
    images[0, 0, 0] = 7  # all 0 or 255 would be binarised
    write(path, x_train=(images / 255).astype(dtype), x_test=np.full((2, 2, 3), 255))
    np.testing.assert_array_equal(load_npz(path).train_images, images.reshape(4, 6))


def test_colours_and_columns_of_labels(tmp_path):
    colours = np.zeros((4, 2, 3, 3), np.uint8)
    colours[..., 0], colours[..., 1] = 100, 30
    path = write(
        tmp_path / "x.npz",
        x_train=colours,
        y_train=TRAIN_LABELS[:, np.newaxis],
        x_test=TEST_IMAGES[..., np.newaxis],
    )
    data = load_npz(path)
    assert set(data.train_images.ravel()) == {48}  # 29.9 + 17.61, rounded
    np.testing.assert_array_equal(data.train_labels, TRAIN_LABELS)


@pytest.mark.parametrize("kind", [bool, np.uint8, float])
def test_binarised_images_are_scaled_and_said_to_be(tmp_path, caplog, kind):
    images = (TRAIN_IMAGES % 2).astype(kind)
    path = write(tmp_path / f"{kind.__name__}.npz", x_train=images, x_test=images[:2])
    with caplog.at_level(logging.WARNING, "spikefa"):
        data = load_npz(path)
    np.testing.assert_array_equal(data.train_inputs[:], TRAIN_IMAGES.reshape(4, 6) % 2)
    assert caplog.messages == data.remarks
    assert "no pixel exceeds 1" in caplog.text


BAD = {
    "no array": ({"y_test": None}, "holds no array y_test (it holds x_test, x_train"),
    "pickled": ({"x_train": np.array([{}])}, "cannot be read as a .npz file"),
    "one-hot": ({"y_train": np.eye(4)}, "y_train has shape (4, 4), not (images,)"),
    "halves": ({"y_train": TRAIN_LABELS / 2}, "y_train is float64, not integers"),
    "texts": ({"y_train": np.array(list("abba"))}, "y_train is <U1, not integers"),
    "flat": ({"x_train": np.zeros((4, 6), np.uint8)}, "x_train has shape (4, 6)"),
    "four colours": ({"x_test": np.zeros((2, 2, 3, 4), np.uint8)}, "x_test has shape"),
    "standardised": ({"x_train": TRAIN_IMAGES - 11.5}, "no 8-bit pixels, divided by"),
    "unit interval": ({"x_train": TRAIN_IMAGES / 100}, "no 8-bit pixels, divided by"),
    "nan": ({"x_train": np.full((4, 2, 3), np.nan)}, "no 8-bit pixels, divided by"),
    "infinite": ({"x_train": np.full((4, 2, 3), np.inf)}, "no 8-bit pixels"),
    "16 bits": ({"x_train": TRAIN_IMAGES.astype("u2") * 256}, "(0 to 255)"),
    "negative": ({"x_train": TRAIN_IMAGES.astype("i2") - 1}, "(0 to 255)"),
    "complex": ({"x_train": TRAIN_IMAGES * 1j}, "x_train is complex128, not 8-bit"),
    "other size": ({"x_test": TEST_IMAGES[:, :1]}, "x_test: test images are 1 x 3"),
    "fewer labels": ({"y_train": TRAIN_LABELS[:3]}, "y_train: holds 3 labels for 4"),
    "no images": ({"x_train": TRAIN_IMAGES[:0]}, "x_train: holds no images"),
    "no labels": ({"y_test": TEST_LABELS[:0]}, "y_test: holds 0 labels for 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_arrays_that_are_no_data_set(tmp_path, case):
    changes, complaint = BAD[case]
    assert complaint in refusal(write(tmp_path / "x.npz", **changes))


def test_files_that_are_no_archive(tmp_path):
    path = tmp_path / "x.npz"
    assert refusal(path) == f"{path}: no such file"
    whole = write(tmp_path / "whole.npz").read_bytes()
    for content in (b"", b"PK\x03\x04", b"text", whole[:-30], whole[:300]):
        path.write_bytes(content)
        assert "cannot be read as a .npz file" in refusal(path)
    np.savez(path)
    assert "holds no array" in refusal(path)
    with open(path, "wb") as file:
        np.save(file, TRAIN_IMAGES)
    refusal(path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_archive_is_refused_or_loaded(tmp_path_factory, data):
    path = write(tmp_path_factory.mktemp("damaged") / "x.npz")
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(
        st.integers(1, 255)
    )
    path.write_bytes(content)
    try:
        load_npz(path)
    except DataError as error:
        text = str(error)
        assert text.isprintable()
        assert text.startswith(str(path))


def test_it_is_found_as_a_file_in_a_folder_and_below(tmp_path):
    path = write(tmp_path / "mnist.npz")
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for place in (path, tmp_path):
        assert load_dataset("mnist", str(place)).name == "mnist"
    path.rename(folder / path.name)
    np.savez(tmp_path / "arrays.npz", h=np.zeros(3))
    assert load_dataset("mnist", tmp_path).name == "mnist"
