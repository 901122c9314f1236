"""The data set in a folder, or in one below it."""

import logging

import numpy as np
import pytest
from idx_files import LABELS, contents, idx, write

from spikefa.datasets import load_dataset, load_folder
from spikefa.errors import DataError


def refusal(folder):
    with pytest.raises(DataError) as caught:
        load_folder(folder)
    text = str(caught.value)
    assert text.isprintable()
    return text


@pytest.mark.parametrize("above", [".", "MNIST", "MNIST/raw"])
def test_folder_that_torchvision_was_given(tmp_path, above):
    raw = tmp_path / "MNIST" / "raw"
    write(raw, contents())
    write(raw, contents(), compress=True)
    (tmp_path / "MNIST" / "processed").mkdir()
    data = load_dataset("mnist", tmp_path / above)
    assert data.name == "MNIST"
    assert data.fingerprint == load_folder(raw).fingerprint


def test_what_is_here_comes_before_what_is_below(tmp_path):
    write(tmp_path / "here", contents())
    write(tmp_path / "here" / "raw", contents())
    assert load_folder(tmp_path / "here").name == "here"


def test_several_data_sets_are_named(tmp_path):
    for name in ("FashionMNIST", "MNIST"):
        write(tmp_path / name / "raw", contents())
    places = [str(tmp_path / name / "raw") for name in ("FashionMNIST", "MNIST")]
    assert refusal(tmp_path) == (
        f"{tmp_path}: holds several data sets, {', '.join(places)}; give the path of "
        "one"
    )


def test_one_of_the_data_sets_of_emnist(tmp_path):
    raw = tmp_path / "EMNIST" / "raw"
    for family in ("emnist-digits", "emnist-letters"):
        files = {
            f"{family}-{name.replace('t10k', 'test')}": content
            for name, content in contents().items()
        }
        write(raw, files, compress=True)
    assert str(raw / "emnist-letters") in refusal(tmp_path)
    assert load_folder(raw / "emnist-letters").name == "emnist-letters"


@pytest.mark.parametrize("depth", [3, 4])
def test_search_ends_three_levels_below(tmp_path, depth):
    write(tmp_path.joinpath(*"abcd"[:depth]), contents())
    if depth == 3:
        assert load_folder(tmp_path).n_classes == 2
    else:
        assert "here or below" in refusal(tmp_path)


def test_links_in_a_circle_and_hidden_folders_end_the_search(tmp_path):
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    write(tmp_path / ".hidden", contents())
    assert "here or below" in refusal(tmp_path)


def test_what_is_no_folder_of_data(tmp_path):
    assert refusal(tmp_path) == (
        f"{tmp_path}: no file train-images-idx3-ubyte[.gz] and the like, no .npz file "
        "with x_train and the like, and no folders train and test of images, here or "
        "below"
    )
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert refusal(path) == f"{path}: is neither a folder nor a .npz file"
    assert refusal(tmp_path / "none") == f"{tmp_path / 'none'}: no such folder"
    assert "has no name" in refusal("")
    assert "cannot be read" in refusal(tmp_path / "x\0y")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300))


def test_missing_file_is_still_named(tmp_path):
    (write(tmp_path / "a", contents()) / LABELS[0]).unlink()
    assert f"no file {LABELS[0]}[.gz] in this folder" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("train", "test", "remark"),
    [
        ([1, 2, 3, 1], [3, 2], "labels 1 to 3 are classes 0 to 2"),
        ([3, 7, 3, 7], [7, 7], "labels 3, 7 are classes 0, 1"),
        ([0, 255, 7, 0], [0, 7], "labels 0, 7, 255 are classes 0 to 2"),
    ],
)
def test_labels_are_numbered_anew_and_that_is_said_once(
    tmp_path, caplog, train, test, remark
):
    files = contents()
    for name, labels in zip(LABELS, (train, test), strict=True):
        files[name] = idx(np.array(labels, np.uint8))
    folder = write(tmp_path / remark.replace(" ", ""), files)
    with caplog.at_level(logging.WARNING, "spikefa"):
        data = load_folder(folder)
        load_folder(folder)
    assert [data.classes[n] for n in data.train_labels] == train
    assert [data.classes[n] for n in data.test_labels] == test
    assert [remark in line for line in caplog.messages].count(True) == 1
    assert any(remark in line for line in data.remarks)
