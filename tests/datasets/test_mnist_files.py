"""The MNIST files in the package are the real ones."""

import gzip
import hashlib
import re
from importlib import resources

import numpy as np
import pytest

from spikefa.datasets import load_dataset, load_mnist

PUBLISHED = {
    "train-images-idx3-ubyte": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}
FOLDER = resources.files("spikefa.datasets.mnist")


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


@pytest.mark.parametrize("name", PUBLISHED)
def test_raw_files_have_the_published_checksums(name):
    raw = gzip.decompress((FOLDER / f"{name}.gz").read_bytes())
    assert hashlib.sha256(raw).hexdigest() == PUBLISHED[name]


def test_readme_states_origin_licence_and_checksums():
    text = (FOLDER / "README.md").read_text()
    assert dict(re.findall(r"^\| (\S+) \| ([0-9a-f]{64}) \|$", text, re.M)) == PUBLISHED
    for words in ("LeCun", "Cortes", "Burges", "CC BY-SA 3.0"):
        assert words in text


def test_sizes(mnist):
    assert mnist.name == "mnist"
    assert mnist.train_images.shape == (60000, 784)
    assert mnist.test_images.shape == (10000, 784)
    assert mnist.image_shape == (28, 28)
    assert mnist.n_classes == 10
    assert mnist.train_images.dtype == np.uint8


def test_known_content(mnist):
    # The first digits and the class sizes are in every description of MNIST.
    assert mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    sizes = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.train_labels).tolist() == sizes
    assert round(mnist.train_images.mean() / 255, 4) == 0.1307


def test_images_are_upright(mnist):
    # A "1" is tall: its ink spreads over more rows than columns.
    ones = mnist.test_images[mnist.test_labels == 1].reshape(-1, 28, 28)
    ink = ones.mean(axis=0) > 64
    assert ink.any(axis=1).sum() > 1.5 * ink.any(axis=0).sum()


def test_it_is_the_default(mnist):
    data = load_dataset()
    assert data.fingerprint == mnist.fingerprint
