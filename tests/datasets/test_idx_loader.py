"""Folders of IDX files: what is loaded, and what is refused with which words."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from idx_files import (
    IMAGES,
    LABELS,
    NAMES,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    contents,
    idx,
    write,
)

from spikefa.datasets import load_dataset, load_idx, read_idx
from spikefa.errors import DataError, SpikefaError


def assert_is_the_small_set(data):
    np.testing.assert_array_equal(data.train_images, TRAIN_IMAGES.reshape(4, 6))
    np.testing.assert_array_equal(data.train_labels, [0, 1, 1, 0])
    np.testing.assert_array_equal(data.test_images, TEST_IMAGES.reshape(2, 6))
    np.testing.assert_array_equal(data.test_labels, [1, 0])
    assert data.image_shape == (2, 3)
    assert data.n_classes == 2
    assert {a.dtype for a in (data.train_images, data.test_labels)} == {np.dtype("u1")}


def refusal(folder):
    """Return the one line with which `folder` is refused."""
    with pytest.raises(DataError) as caught:
        load_idx(folder)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.isprintable()
    return text


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name,
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.replace("t10k", "test"),
    ],
)
def test_names_of_mnist_and_its_relatives_are_known(tmp_path, compress, rename):
    files = {rename(name): content for name, content in contents().items()}
    files["README.md"] = b"not data"
    assert_is_the_small_set(load_idx(write(tmp_path, files, compress)))


def test_compressed_and_plain_files_can_be_mixed(tmp_path):
    files = contents()
    write(tmp_path, {name: files[name] for name in IMAGES}, compress=True)
    write(tmp_path, {name: files[name] for name in LABELS})
    assert_is_the_small_set(load_idx(tmp_path))


def test_file_written_in_several_gzip_members(tmp_path):
    write(tmp_path, contents(), compress=True)
    content = contents()[IMAGES[0]]
    parts = gzip.compress(content[:11]) + gzip.compress(content[11:])
    (tmp_path / f"{IMAGES[0]}.gz").write_bytes(parts)
    assert_is_the_small_set(load_idx(tmp_path))


@pytest.mark.parametrize("compress", [False, True])
def test_file_larger_than_one_chunk(tmp_path, compress):
    images = np.random.default_rng(1).integers(0, 256, (30, 300, 290), dtype=np.uint8)
    write(tmp_path, {"a-file": idx(images)}, compress)
    path = tmp_path / ("a-file.gz" if compress else "a-file")
    np.testing.assert_array_equal(read_idx(path, n_dims=3), images)


def test_emnist_images_are_turned_upright(tmp_path):
    upright = contents()
    stored = {
        IMAGES[0]: idx(np.ascontiguousarray(TRAIN_IMAGES.transpose(0, 2, 1))),
        LABELS[0]: upright[LABELS[0]],
        IMAGES[1]: idx(np.ascontiguousarray(TEST_IMAGES.transpose(0, 2, 1))),
        LABELS[1]: upright[LABELS[1]],
    }
    files = {
        f"emnist-digits-{name.replace('t10k', 'test')}": content
        for name, content in stored.items()
    }
    assert_is_the_small_set(load_idx(write(tmp_path, files, compress=True)))


@pytest.mark.parametrize("name", ["with space", "Größe 数字 ☂", "quote'\"", "a.gz"])
def test_any_folder_name_will_do(tmp_path, name):
    folder = write(tmp_path / name, contents())
    data = load_idx(str(folder))
    assert_is_the_small_set(data)
    assert data.name == name
    assert load_idx(folder, name="mine").name == "mine"
    (folder / LABELS[0]).unlink()
    assert name in refusal(folder)


def test_relative_folder_is_named_after_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path / "digits", contents()))
    assert load_idx(".").name == "digits"


def test_undecodable_and_broken_folder_names_are_escaped(tmp_path):
    for name in (os.fsdecode(b"\xff"), "two\nlines", "tab\there"):
        text = refusal(write(tmp_path / name, {}))
        assert IMAGES[0] in text


def test_dataset_by_name_takes_a_folder(tmp_path):
    assert_is_the_small_set(load_dataset("mnist", write(tmp_path, contents())))


# Files that are not what they should be. Each case: the file, its content made from
# the good one, and a word of the complaint.
HEADER = 16
BAD_FILES = {
    "empty": (IMAGES[0], lambda good: b"", "truncated"),
    "half a header": (IMAGES[0], lambda good: good[:10], "truncated"),
    "one byte short": (IMAGES[1], lambda good: good[:-1], "truncated"),
    "one byte long": (IMAGES[1], lambda good: good + b"\0", "after its last"),
    "labels long": (LABELS[0], lambda good: good + b"\0", "after its last"),
    "other format": (IMAGES[0], lambda good: b"\x89PNG" + good[4:], "0x89504e47"),
    "floats": (IMAGES[0], lambda good: b"\0\0\x0d" + good[3:], "32-bit floats"),
    "odd type": (LABELS[0], lambda good: b"\0\0\x07" + good[3:], "unknown type 0x07"),
    "images for labels": (LABELS[1], lambda good: idx(TEST_IMAGES), "3 dimensions"),
    "labels for images": (IMAGES[1], lambda good: idx(TEST_LABELS), "1 dimensions"),
    "no images": (IMAGES[0], lambda good: idx(TRAIN_IMAGES[:0]), "no images"),
    "no labels": (LABELS[0], lambda good: idx(TRAIN_LABELS[:0]), "no labels"),
    "no columns": (IMAGES[0], lambda good: idx(TRAIN_IMAGES[:, :, :0]), "no images"),
    "fewer labels": (LABELS[0], lambda good: idx(TRAIN_LABELS[:3]), "3 labels for 4"),
    "fewer images": (IMAGES[1], lambda good: idx(TEST_IMAGES[:1]), "2 labels for 1"),
    "other size": (IMAGES[1], lambda good: idx(TEST_IMAGES[:, :1]), "1 x 3 pixels"),
    "turned": (
        IMAGES[1],
        lambda good: idx(TEST_IMAGES.reshape(2, 3, 2)),
        "3 x 2 pixels",
    ),
    "one class": (
        LABELS[0],
        lambda good: idx(np.full(4, 7, dtype=np.uint8)),
        "all labels are 7, so there is nothing to tell apart",
    ),
    "signed bytes": (LABELS[0], lambda good: b"\0\0\x09" + good[3:], "signed bytes"),
    "table of other width": (
        LABELS[0],
        lambda good: idx(np.zeros((4, 10), dtype=np.uint8)),
        "table of 10 columns",
    ),
    "32-bit pixels": (
        IMAGES[0],
        lambda good: b"\0\0\x0c" + good[3:],
        "32-bit integers instead of unsigned bytes",
    ),
    "32-bit labels cut short": (
        LABELS[0],
        lambda good: b"\0\0\x0c" + good[3:],
        "truncated: its header promises 4 items of 4 bytes",
    ),
    "unknown class": (
        LABELS[1],
        lambda good: idx(np.array([1, 2], dtype=np.uint8)),
        "label 2 does not occur in training, where labels are 0, 1",
    ),
}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_is_named(tmp_path, case, compress):
    name, spoil, complaint = BAD_FILES[case]
    files = contents()
    files[name] = spoil(files[name])
    text = refusal(write(tmp_path, files, compress))
    assert complaint in text
    culprits = {name}
    if case == "fewer images":  # which of the two is wrong cannot be known
        culprits.add(LABELS[1])
    assert any(str(tmp_path / culprit) in text for culprit in culprits)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("shape", [(2**32 - 1,) * 3, (2**31, 2, 3), (4, 2, 2**16)])
def test_promise_beyond_memory_is_refused(tmp_path, shape, compress):
    files = contents()
    files[IMAGES[0]] = b"\0\0\x08\x03" + struct.pack(">3I", *shape) + bytes(24)
    text = refusal(write(tmp_path, files, compress))
    assert "truncated" in text
    assert str(tmp_path / IMAGES[0]) in text


def test_gz_that_is_not_gzip(tmp_path):
    write(tmp_path, contents(), compress=True)
    for content in (contents()[IMAGES[0]], b"", b"\x1f"):
        (tmp_path / f"{IMAGES[0]}.gz").write_bytes(content)
        text = refusal(tmp_path)
        assert f"{tmp_path / IMAGES[0]}.gz: is not a gzip file" in text


def test_gzip_without_its_ending(tmp_path):
    write(tmp_path, contents())
    (tmp_path / LABELS[1]).write_bytes(gzip.compress(contents()[LABELS[1]]))
    assert f"{tmp_path / LABELS[1]}: is a gzip file" in refusal(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_every_truncation_of_a_gzip_file_is_refused(tmp_path, name):
    path = write(tmp_path, contents(), compress=True) / f"{name}.gz"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        text = refusal(tmp_path)
        assert str(path) in text
        assert length < 12 or "truncated" in text


def test_gzip_with_bytes_after_its_end(tmp_path):
    path = write(tmp_path, contents(), compress=True) / f"{NAMES[0]}.gz"
    path.write_bytes(path.read_bytes() + b"rest")
    assert f"{path}: is damaged, or has bytes after" in refusal(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_missing_file_is_named(tmp_path, name):
    (write(tmp_path, contents()) / name).unlink()
    text = refusal(tmp_path)
    assert text == f"{tmp_path}: no file {name}[.gz] in this folder"


def test_missing_single_file(tmp_path):
    with pytest.raises(DataError, match="absent: no such file"):
        read_idx(tmp_path / "absent", n_dims=1)


def test_folder_in_place_of_a_file_does_not_count(tmp_path):
    (write(tmp_path, contents()) / NAMES[0]).unlink()
    (tmp_path / NAMES[0]).mkdir()
    assert f"no file {NAMES[0]}" in refusal(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path / NAMES[0], n_dims=3)


def test_no_folder_and_no_such_folder(tmp_path):
    path = tmp_path / "data"
    assert refusal(path) == f"{path}: no such folder"
    path.write_text("a file")
    assert refusal(path) == f"{path}: is not a folder"
    assert "cannot be read" in refusal(tmp_path / "x\0y")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux")
def test_unreadable_file(tmp_path):
    # Permissions would not do: they do not bind the root user of a container.
    (write(tmp_path, contents()) / LABELS[0]).unlink()
    (tmp_path / LABELS[0]).symlink_to("/proc/self/mem")
    text = refusal(tmp_path)
    assert text == f"{tmp_path / LABELS[0]}: cannot be read (Input/output error)"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden_file(tmp_path):
    (write(tmp_path, contents()) / LABELS[0]).chmod(0)
    assert "cannot be read (Permission denied)" in refusal(tmp_path)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("second", NAMES)
def test_two_files_for_one_purpose_must_agree(tmp_path, second, compress):
    """Such as torchvision's folder raw, where each file is packed and unpacked."""
    write(tmp_path, contents())
    write(tmp_path, contents(), compress=True)
    assert_is_the_small_set(load_idx(tmp_path))
    changed = bytearray(contents()[second])
    changed[-1] ^= 1
    write(tmp_path, {second: bytes(changed)}, compress)
    text = refusal(tmp_path)
    assert text == (
        f"{tmp_path}: {second} and {second}.gz differ; leave one in the folder"
    )


def test_second_file_for_one_purpose_that_is_damaged(tmp_path):
    write(tmp_path, contents())
    second = tmp_path / "t10k-images.idx3-ubyte"
    second.write_bytes(b"")
    assert refusal(tmp_path).startswith(f"{second}: is truncated")


def relatives(prefix):
    """The small data set as EMNIST stores it, its labels from 1."""
    arrays = (
        np.ascontiguousarray(TRAIN_IMAGES.transpose(0, 2, 1)),
        TRAIN_LABELS + np.uint8(1),
        np.ascontiguousarray(TEST_IMAGES.transpose(0, 2, 1)),
        TEST_LABELS + np.uint8(1),
    )
    names = (f"{prefix}-{name.replace('t10k', 'test')}" for name in NAMES)
    return dict(zip(names, map(idx, arrays), strict=True))


def test_one_of_several_data_sets_is_named_by_its_path(tmp_path):
    """EMNIST comes as one folder of six."""
    for prefix in ("emnist-letters", "emnist-bymerge"):
        write(tmp_path, relatives(prefix), compress=True)
    write(tmp_path, contents())
    assert refusal(tmp_path) == (
        f"{tmp_path}: holds files of different data sets (emnist-bymerge, "
        f"emnist-letters, mnist); {tmp_path / 'emnist-bymerge'} is one of them"
    )
    letters = load_idx(tmp_path / "emnist-letters")
    assert_is_the_small_set(letters)
    assert letters.name == "emnist-letters"
    assert letters.classes == (1, 2)
    assert load_idx(tmp_path / "mnist").classes == (0, 1)
    assert "no such folder" in refusal(tmp_path / "emnist-digits")
    (tmp_path / "emnist-letters-test-labels-idx1-ubyte.gz").unlink()
    assert "no file emnist-letters-test-labels-idx1" in refusal(
        tmp_path / "emnist-letters"
    )


@pytest.mark.parametrize("columns", [None, 8])
def test_labels_of_qmnist(tmp_path, columns):
    """32 bits, with the class in the first of eight columns."""
    files = {}
    for name, content in contents().items():
        if name in LABELS:
            labels = TRAIN_LABELS if name == LABELS[0] else TEST_LABELS
            if columns:
                table = np.full((len(labels), columns), 2**31 - 1)
                table[:, 0] = labels
                labels, name = table, name.replace("idx1-ubyte", "idx2-int")
            content = idx(labels.astype(">i4"), b"\0\0\x0c")
        files[f"qmnist-{name.replace('t10k', 'test')}"] = content
    data = load_idx(write(tmp_path, files, compress=True))
    assert_is_the_small_set(data)
    assert data.name == "qmnist"


def test_errors_can_be_caught_as_the_packages_own(tmp_path):
    with pytest.raises(SpikefaError):
        load_idx(tmp_path)
