"""What type checkers, and imports on demand, find where."""

from .dataset import Dataset as Dataset, Inputs as Inputs
from .idx import read_idx as read_idx
from .idx_folder import load_idx as load_idx
from .image_folder import load_image_folder as load_image_folder
from .loaders import load_dataset as load_dataset, load_folder as load_folder
from .mnist import load_mnist as load_mnist
from .names import DATASETS as DATASETS
from .npz import load_npz as load_npz
from .regression import (
    Task as Task,
    linear_task as linear_task,
    quadratic_task as quadratic_task,
    teacher_task as teacher_task,
)
from .svhn import load_svhn as load_svhn
