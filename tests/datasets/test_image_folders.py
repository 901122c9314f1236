"""Image files in one folder for each class."""

import numpy as np
import pytest
from PIL import Image

from spikefa.datasets import load_dataset, load_image_folder
from spikefa.errors import DataError


def picture(shade, size=(3, 2), mode="L"):
    """An image of 2 rows and 3 columns; its corner is white, the rest of a shade."""
    image = Image.new("L", size, shade)
    image.putpixel((0, 0), 255)
    return image.convert(mode)


def write(folder, classes=("0", "1"), parts=("train", "test"), n=4, suffix=".png"):
    for part in parts:
        for shade, name in enumerate(classes, 1):
            place = folder / part / name
            place.mkdir(parents=True)
            for number in range(n):
                picture(10 * shade + number).save(place / f"{number}{suffix}")
    return folder


def refusal(folder):
    with pytest.raises(DataError) as caught:
        load_image_folder(folder)
    text = str(caught.value)
    assert text.isprintable()
    assert str(folder) in text
    return text


@pytest.mark.parametrize(
    "parts", [("train", "test"), ("training", "testing"), ("Train", "val")]
)
def test_every_file_is_an_image_of_its_folder(tmp_path, parts):
    data = load_image_folder(write(tmp_path, parts=parts))
    assert data.image_shape == (2, 3)
    assert data.classes == (0, 1)
    assert data.remarks == []
    assert sorted(data.train_images[:, 1]) == [10, 11, 12, 13, 20, 21, 22, 23]
    np.testing.assert_array_equal(data.train_images[:, 1] // 10 - 1, data.train_labels)
    np.testing.assert_array_equal(data.test_images[:, 1] // 10 - 1, data.test_labels)
    assert (data.train_images[:, 0] == 255).all()
    assert data.name == tmp_path.name


def test_first_images_are_of_all_classes(tmp_path):
    names = [str(n) for n in range(5)]
    data = load_image_folder(write(tmp_path, names, n=30))
    assert set(data.train_labels[:40]) == set(data.test_labels[:40]) == set(range(5))
    again = load_image_folder(tmp_path)
    assert data.fingerprint == again.fingerprint


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["10", "9", "2"], (2, 9, 10)),
        (["07", "3"], (3, 7)),
        (["dog", "cat", "7"], ("7", "cat", "dog")),
        (["1", "01"], ("01", "1")),
    ],
)
def test_classes_are_numbered_in_order(tmp_path, names, classes):
    data = load_image_folder(write(tmp_path, names))
    assert data.classes == classes
    for name, shade in zip(names, (10, 20, 30), strict=False):
        of_class = data.train_labels[data.train_images[:, 1] // 10 * 10 == shade]
        names_found = {str(data.classes[label]) for label in of_class}
        assert {name.lstrip("0") for name in names_found | {name}} == {name.lstrip("0")}
    if classes == ("01", "1"):
        assert len(data.remarks) == 1


def test_colours_become_grey_and_jpeg_is_read(tmp_path):
    write(tmp_path)
    Image.new("RGB", (3, 2), (100, 30, 0)).save(tmp_path / "train" / "0" / "0.png")
    Image.new("RGB", (3, 2), (99, 99, 99)).save(tmp_path / "train" / "1" / "x.JPEG")
    picture(12, mode="P").save(tmp_path / "train" / "0" / "2.png")
    picture(255, mode="1").save(tmp_path / "train" / "0" / "3.png")
    shades = sorted(load_image_folder(tmp_path).train_images[:, 1].tolist())
    # 29.9 + 17.61 = 47.51, up to Pillow's fixed-point weights
    assert shades == [11, 12, 20, 21, 22, 23, 48, 99, 255]


def test_other_files_do_not_count(tmp_path):
    write(tmp_path)
    for name in ("train/0/Thumbs.db", "train/0/._0.png", "train/notes.txt", "README"):
        (tmp_path / name).write_bytes(b"no image")
    (tmp_path / "train" / "empty").mkdir()
    (tmp_path / "train" / ".cache").mkdir()
    assert len(load_image_folder(tmp_path).train_labels) == 8


def spoil_with(image, **kwds):
    return lambda path: image.save(path, format="PNG", **kwds)


DEEP = Image.fromarray(np.full((2, 3), 3000, np.uint16))
BAD = {
    "other size": (
        spoil_with(picture(1, (3, 3))),
        "has 3 x 3 pixels, but 0.png has 2 x",
    ),
    "16 bits": (spoil_with(DEEP), "has more than 8 bits per pixel"),
    "transparent": (
        spoil_with(Image.new("RGBA", (3, 2), (0, 0, 0, 0))),
        "has transparent pixels",
    ),
    "transparent shade": (spoil_with(picture(0), transparency=0), "transparent pixels"),
    "empty": (lambda path: path.write_bytes(b""), "it is something else"),
    "text": (lambda path: path.write_bytes(b"x" * 99), "it is something else"),
    "gif": (lambda path: picture(1).save(path, format="GIF"), "it is something else"),
    "cut short": (
        lambda path: path.write_bytes(path.read_bytes()[:-28]),
        "cannot be read as a PNG or JPEG image",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_image_is_named(tmp_path, case):
    spoil, complaint = BAD[case]
    path = write(tmp_path) / "train" / "1" / "2.png"
    spoil(path)
    text = refusal(tmp_path)
    assert text.startswith(f"{path}: ")
    assert complaint in text


def test_opaque_alpha_is_no_obstacle(tmp_path):
    write(tmp_path)
    picture(9, mode="RGBA").save(tmp_path / "train" / "0" / "0.png")
    assert 9 in load_image_folder(tmp_path).train_images[:, 1]


def test_folders_and_classes_that_are_missing(tmp_path):
    assert refusal(tmp_path / "none").endswith("no such folder")
    assert refusal(tmp_path) == f"{tmp_path}: no folder train with images"
    write(tmp_path, parts=("train",))
    assert refusal(tmp_path) == f"{tmp_path}: no folder test with images"
    write(tmp_path, ["0", "2"], parts=("test",))
    assert refusal(tmp_path) == (
        f"{tmp_path / 'test' / '2'}: there are no training images of this class"
    )


def test_one_class_is_nothing_to_tell_apart(tmp_path):
    assert "nothing to tell apart" in refusal(write(tmp_path, ["7"]))


def test_it_is_found_by_the_folder_above(tmp_path):
    write(tmp_path / "data" / "digits")
    assert load_dataset("mnist", tmp_path).name == "digits"
