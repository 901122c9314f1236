"""Writes small folders of IDX files, for the tests of the loader."""

import gzip
import struct

import numpy as np

IMAGES = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"
NAMES = IMAGES[0], LABELS[0], IMAGES[1], LABELS[1]

# 4 training and 2 test images of 2 x 3 pixels in 2 classes.
TRAIN_IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
TRAIN_LABELS = np.array([0, 1, 1, 0], dtype=np.uint8)
TEST_IMAGES = np.arange(100, 112, dtype=np.uint8).reshape(2, 2, 3)
TEST_LABELS = np.array([1, 0], dtype=np.uint8)


def idx(array, start=b"\0\0\x08"):
    """Return the bytes of the IDX file that holds `array`."""
    header = start + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def contents():
    """Return {file name: bytes} of the small data set above."""
    arrays = TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS
    return {name: idx(array) for name, array in zip(NAMES, arrays, strict=True)}


def write(folder, files, compress=False):
    """Write {name: bytes} into `folder`, gzipped under name + ".gz" if asked to."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if compress:
            name, content = f"{name}.gz", gzip.compress(content, mtime=0)
        (folder / name).write_bytes(content)
    return folder
