"""Images to learn from: MNIST (in the package), folders of any, SVHN."""

import importlib

from .names import DATASETS

_HOMES = {
    "Dataset": "dataset",
    "Inputs": "dataset",
    "load_dataset": "loaders",
    "load_folder": "loaders",
    "load_idx": "idx_folder",
    "load_image_folder": "image_folder",
    "load_mnist": "mnist",
    "load_npz": "npz",
    "load_svhn": "svhn",
    "read_idx": "idx",
}

__all__ = ["DATASETS", *_HOMES]


def __getattr__(name):
    # A command line's --help needs the names of data sets, and not SciPy.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__():
    return sorted({*globals(), *__all__})
