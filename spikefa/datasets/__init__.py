"""Images to learn from: MNIST (in the package), any folder of IDX files, SVHN."""

from .dataset import Dataset
from .idx import load_idx, read_idx
from .loaders import DATASETS, load_dataset
from .mnist import load_mnist
from .svhn import load_svhn

__all__ = [
    "DATASETS",
    "Dataset",
    "load_dataset",
    "load_idx",
    "load_mnist",
    "load_svhn",
    "read_idx",
]
