"""Folders of image files, one folder for each class."""

from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..errors import DataError
from ..seeds import generator
from .assembly import build_dataset
from .dataset import Dataset
from .files import is_folder, list_folder, list_subfolders, one_line, reason, title

__all__ = ["find_image_folder", "load_image_folder"]

_PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing", "t10k", "valid", "validation", "val"),
}
_SUFFIXES = (".png", ".jpg", ".jpeg")
_FORMATS = ("PNG", "JPEG")
#: Others, such as 16-bit grey, would lose something without a word.
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def load_image_folder(
    directory: str | PathLike[str], name: str | None = None
) -> Dataset:
    """Load PNG and JPEG files that lie in one folder for each class.

    Parameters
    ----------
    directory : str or path-like
        With ``train/cat/a.png``, ``test/cat/b.png`` and so on: a folder for training
        (or ``training``) and one for the test (or ``testing``, ``val``, ...), each with
        a folder for every class. All images have the same size.
    name : str, optional
        Name of the data set; by default that of the folder.

    Returns
    -------
    Dataset
        Grey images (the ITU-R BT.601 luma, by Pillow), in an order that is drawn once
        and for all, so that the first ones are of all classes. Classes are numbered in
        the order of their folders' names, by value if all are whole numbers;
        `Dataset.classes` has the names.

    Raises
    ------
    DataError
        If a folder or its images are missing, if an image cannot be read, has another
        size than the others, transparent pixels or more than 8 bits per colour, or if
        there are test images of a class without training images. The text is one line
        that names the file.
    """
    directory = Path(directory)
    folders = {part: _find_part(directory, part) for part in _PARTS}
    for part, folder in folders.items():
        if folder is None:
            raise DataError(f"{one_line(directory)}: no folder {part} with images")
    # Of both parts, so that a class without training images can be named.
    found = {part: _class_folders(folder) for part, folder in folders.items()}
    classes = _ordered(set(found["train"]) | set(found["test"]))
    for label in classes:
        if label not in found["train"]:
            raise DataError(
                f"{one_line(found['test'][label])}: there are no training images of "
                "this class"
            )
    parts = {part: _read_part(part, found[part], classes) for part in _PARTS}
    numbers = _numbers(classes)
    return build_dataset(
        name or title(directory),
        parts["train"],
        parts["test"],
        sources={
            f"{part}_{kind}": folders[part]
            for part in _PARTS
            for kind in ("images", "labels")
        },
        classes=numbers or classes,
    )


def find_image_folder(directory):
    """List what `load_image_folder` can be given: the folder itself, or nothing.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    paths : list of pathlib.Path
    """
    if not is_folder(directory):
        return []
    there = all(_find_part(directory, part) for part in _PARTS)
    return [directory] if there else []


def _find_part(directory, part):
    """Return the folder of the training or test images, or None."""
    there = {path.name.lower(): path for path in list_subfolders(directory)}
    for name in _PARTS[part]:
        if name in there and _class_folders(there[name]):
            return there[name]
    return None


def _class_folders(folder):
    """Return {name: folder} of the classes that have images."""
    return {
        path.name: path
        for path in list_subfolders(folder)
        if any(_is_image(file) for file in list_folder(path))
    }


def _is_image(path):
    return path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")


def _numbers(names):
    """Return the whole numbers that folders are called, or None."""
    if not all(name.isascii() and name.isdigit() for name in names):
        return None
    numbers = [int(name) for name in names]
    return numbers if len(set(numbers)) == len(numbers) else None


def _ordered(names):
    names = sorted(names)
    return sorted(names, key=int) if _numbers(names) else names


def _read_part(part, folders, classes):
    """Return (images, labels) of all classes, mixed."""
    files = [
        (path, label)
        for label, name in enumerate(classes)
        if name in folders
        for path in list_folder(folders[name])
        if _is_image(path)
    ]
    order = generator(0, f"files of {part} images").permutation(len(files))
    first = _read_image(files[0][0])
    images = np.empty((len(files), *first.shape), dtype=np.uint8)
    for place, number in enumerate(order):
        path = files[number][0]
        image = _read_image(path)
        if image.shape != first.shape:
            raise DataError(
                f"{one_line(path)}: has {image.shape[0]} x {image.shape[1]} pixels, "
                f"but {one_line(files[0][0].name)} has "
                f"{first.shape[0]} x {first.shape[1]}"
            )
        images[place] = image
    return images, np.array([files[number][1] for number in order])


def _read_image(path):
    """Return one grey image, uint8."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            image.load()
            mode = image.mode
            transparent = "A" in image.getbands() or "transparency" in image.info
            if transparent:
                transparent = image.convert("RGBA").getextrema()[3][0] < 255
            grey = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    # Exception: a damaged file makes Pillow raise nearly anything.
    except Exception as error:
        raise DataError(
            f"{one_line(path)}: cannot be read as a PNG or JPEG image ({_why(error)})"
        ) from error
    if mode not in _MODES:
        raise DataError(f"{one_line(path)}: has more than 8 bits per pixel ({mode})")
    if transparent:
        raise DataError(
            f"{one_line(path)}: has transparent pixels; which shade they stand for "
            "is not known"
        )
    return grey


def _why(error):
    if isinstance(error, Image.UnidentifiedImageError):
        return "it is something else"
    return reason(error)
