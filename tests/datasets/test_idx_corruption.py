"""Random damage to IDX files: refused with one line, or without consequence."""

import gzip
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst
from idx_files import (
    IMAGES,
    LABELS,
    NAMES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    contents,
    idx,
    write,
)

from spikefa.datasets import load_idx
from spikefa.errors import DataError

QUICK = settings(max_examples=60, deadline=None)
MANY = settings(max_examples=200, deadline=None)
FIELD = dict(
    zip(
        NAMES,
        ("train_images", "train_labels", "test_images", "test_labels"),
        strict=True,
    )
)


def load(files, name=None):
    """Return the data set in `files`, or None if it is refused, properly."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), files)
        try:
            return load_idx(folder)
        except DataError as error:
            text = str(error)
            assert text.isprintable()
            assert name is None or str(Path(folder) / name) in text
            return None


def arrays(data):
    return {field: getattr(data, field).copy() for field in FIELD.values()}


def assert_same(found, expected):
    for field, array in expected.items():
        np.testing.assert_array_equal(found[field], array)


GOOD = arrays(load(contents()))
COMPRESSED = {
    f"{name}.gz": gzip.compress(content, mtime=0)
    for name, content in contents().items()
}


@st.composite
def damage(draw, content):
    """Return `content` with some bytes changed, removed or inserted."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        end = draw(st.integers(at, min(at + 4, len(content))))
        content[at:end] = draw(st.binary(max_size=4))
    return bytes(content)


@QUICK
@given(data=st.data(), name=st.sampled_from(IMAGES))
def test_damaged_pixels_are_just_other_pixels(data, name):
    files = contents()
    n_pixels = len(files[name]) - 16
    pixels = data.draw(st.binary(min_size=n_pixels, max_size=n_pixels))
    files[name] = files[name][:16] + pixels
    expected = dict(GOOD)
    expected[FIELD[name]] = np.frombuffer(pixels, dtype=np.uint8).reshape(-1, 6)
    assert_same(arrays(load(files)), expected)


@MANY
@given(name=st.sampled_from(NAMES), bit=st.integers(0, 16 * 8 - 1))
def test_any_flipped_bit_of_a_header_is_refused(name, bit):
    files = contents()
    content = bytearray(files[name])
    bit %= 8 * (16 if name in IMAGES else 8)
    content[bit // 8] ^= 1 << bit % 8
    files[name] = bytes(content)
    assert load(files, name) is None


@QUICK
@given(name=st.sampled_from(LABELS), data=st.data())
def test_labels_are_accepted_only_if_they_are_classes(name, data):
    files = contents()
    good = TRAIN_LABELS if name == LABELS[0] else TEST_LABELS
    labels = data.draw(npst.arrays(np.uint8, good.shape, elements=st.integers(0, 4)))
    files[name] = idx(labels)
    train = labels if name == LABELS[0] else TRAIN_LABELS
    test = labels if name == LABELS[1] else TEST_LABELS
    classes = sorted(set(train.tolist()))
    sound = len(classes) > 1 and set(classes) >= set(test.tolist())
    found = load(files)
    assert (found is not None) == sound
    if sound:
        assert found.classes == tuple(classes)
        for part, labels in (("train", train), ("test", test)):
            numbers = getattr(found, f"{part}_labels")
            assert [classes[n] for n in numbers] == labels.tolist()


@MANY
@given(name=st.sampled_from(NAMES), data=st.data())
def test_damaged_file_is_refused_or_has_the_shape_it_states(name, data):
    files = contents()
    damaged = data.draw(damage(files[name]))
    files[name] = damaged
    found = load(files)
    if found is not None:
        # Whatever is accepted must be the file as it is, header and all.
        values = getattr(found, FIELD[name])
        if name in IMAGES:
            values = values.reshape(-1, *found.image_shape)
        else:
            values = np.array(found.classes, np.uint8)[values]
        assert idx(values) == damaged


@MANY
@given(name=st.sampled_from(NAMES), data=st.data())
def test_damaged_gzip_file_is_refused_or_unharmed(name, data):
    # The checksum of gzip leaves only damage that changes nothing.
    files = dict(COMPRESSED)
    files[f"{name}.gz"] = data.draw(damage(files[f"{name}.gz"]))
    found = load(files, f"{name}.gz")
    if found is not None:
        assert_same(arrays(found), GOOD)


@QUICK
@given(name=st.sampled_from(NAMES), ending=st.sampled_from(["", ".gz"]), data=st.data())
def test_noise_is_refused(name, ending, data):
    files = contents()
    del files[name]
    files[name + ending] = data.draw(st.binary(max_size=40))
    assert load(files, name + ending) is None


@QUICK
@given(
    images=npst.arrays(
        np.uint8,
        st.tuples(st.integers(2, 5), st.integers(1, 4), st.integers(1, 4)),
    ),
    compress=st.booleans(),
)
def test_what_was_written_is_read(images, compress):
    labels = (np.arange(len(images)) % 2).astype(np.uint8)
    files = dict(zip(NAMES, map(idx, (images, labels) * 2), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        found = load_idx(write(Path(folder), files, compress))
    n, rows, cols = images.shape
    assert found.image_shape == (rows, cols)
    for part in ("train", "test"):
        pixels = getattr(found, f"{part}_images")
        assert pixels.shape == (n, rows * cols)
        np.testing.assert_array_equal(pixels.reshape(images.shape), images)


def test_the_small_set_is_what_it_is_meant_to_be():
    np.testing.assert_array_equal(GOOD["train_images"], TRAIN_IMAGES.reshape(4, 6))
