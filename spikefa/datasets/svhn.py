"""Street View House Numbers, cropped digits: a harder task than MNIST.

Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, "Reading digits in natural
images with unsupervised feature learning", NIPS Workshop on Deep Learning and
Unsupervised Feature Learning (2011), http://ufldl.stanford.edu/housenumbers/. Free for
non-commercial use, therefore not part of the package.
"""

import warnings
from os import PathLike
from pathlib import Path

import numpy as np
import pooch
from requests import exceptions as web
from scipy.io import loadmat

from ..errors import DataError, InputError
from .assembly import build_dataset, grey
from .dataset import Dataset
from .files import one_line, reason

__all__ = ["BASE_URL", "REGISTRY", "load_svhn"]

BASE_URL = "http://ufldl.stanford.edu/housenumbers/"
REGISTRY = {
    "train_32x32.mat": (
        "sha256:435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"
    ),
    "test_32x32.mat": (
        "sha256:cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"
    ),
}
_TRAIN, _TEST = "train_32x32.mat", "test_32x32.mat"
_SHAPE = (32, 32, 3)
_HINT = f"download {_TRAIN} and {_TEST} yourself and pass their folder: data='DIR'"


def load_svhn(
    directory: str | PathLike[str] | None = None,
    *,
    base_url: str = BASE_URL,
    registry: dict[str, str] | None = None,
    cache: str | PathLike[str] | None = None,
    progress: bool = True,
) -> Dataset:
    """Load the cropped digits of SVHN as grey-scale images.

    Parameters
    ----------
    directory : str or path-like, optional
        Folder with ``train_32x32.mat`` and ``test_32x32.mat``. By default both are
        downloaded once (246 MB) and kept.
    base_url : str, optional
        Where to download from.
    registry : dict, optional
        Checksum of each of the two files, such as ``"sha256:..."``. A download
        with another checksum is deleted, a kept file is downloaded again.
    cache : str or path-like, optional
        Where downloads are kept; by default the user's cache folder.
    progress : bool, optional
        Whether a download shows a progress bar.

    Returns
    -------
    Dataset
        uint8 images of 32 x 32 pixels, labels 0..9 (the files call digit 0 "10").

    Raises
    ------
    InputError
        If `registry` lacks one of the files.
    DataError
        If a file cannot be had, read or understood; the text is one line.

    Notes
    -----
    Colours are turned into grey as `spikefa.datasets.assembly.grey` says.
    """
    if directory is None:
        registry = REGISTRY if registry is None else registry
        train_file, test_file = _download(base_url, registry, cache, progress)
    else:
        train_file, test_file = Path(directory) / _TRAIN, Path(directory) / _TEST
    return build_dataset(
        "svhn",
        train=_read_mat(train_file),
        test=_read_mat(test_file),
        sources=dict.fromkeys(("train_images", "train_labels"), train_file)
        | dict.fromkeys(("test_images", "test_labels"), test_file),
    )


def _download(base_url, registry, cache, progress):
    """Return the paths of both files, after downloading those not yet there."""
    if cache is None:
        cache = Path(pooch.os_cache("spikefa")) / "svhn"
    for name in (_TRAIN, _TEST):
        if name not in registry:
            raise InputError(f"registry has no checksum for {name}")
    base_url = base_url.rstrip("/") + "/"
    store = pooch.create(path=cache, base_url=base_url, registry=dict(registry))
    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 16)
    return [
        _fetch(store, name, downloader, f"{one_line(base_url)}{name}")
        for name in (_TRAIN, _TEST)
    ]


def _fetch(store, name, downloader, url):
    try:
        return Path(store.fetch(name, downloader=downloader))
    except web.RequestException as error:  # before OSError, which it is too
        raise DataError(f"{url}: {_network_reason(error)}; {_HINT}") from error
    except OSError as error:
        raise DataError(
            f"{one_line(store.abspath / name)}: cannot be kept there "
            f"({reason(error)}); {_HINT}"
        ) from error
    except ValueError as error:
        raise DataError(
            f"{url}: the download is not the known file ({reason(error)}); {_HINT}"
        ) from error


def _network_reason(error):
    """Return what went wrong, in fewer words than the layers of libraries use."""
    if isinstance(error, web.HTTPError):
        return f"the server answers {error.response.status_code}"
    if isinstance(error, web.Timeout):
        return "the server does not answer in time"
    if isinstance(error, web.ConnectionError):
        return "cannot connect"
    return f"cannot be downloaded ({reason(error)})"


def _read_mat(path):
    """Return (images, labels), uint8, shapes (n, 32, 32) and (n,)."""
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            # scipy warns of an unreadable variable and goes on with a stand-in,
            # which is refused below.
            warnings.simplefilter("ignore")
            content = loadmat(file, variable_names=["X", "y"])
    except FileNotFoundError:
        raise DataError(f"{one_line(path)}: no such file") from None
    # Exception: a damaged file makes scipy raise nearly anything.
    except Exception as error:
        raise DataError(
            f"{one_line(path)}: cannot be read as a MATLAB file ({reason(error)})"
        ) from error
    for name in ("X", "y"):
        if not isinstance(content.get(name), np.ndarray):
            raise DataError(f"{one_line(path)}: holds no array {name}")
    pixels, labels = content["X"], content["y"]
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[:3] != _SHAPE:
        raise DataError(
            f"{one_line(path)}: X is {pixels.dtype} of shape {pixels.shape}, "
            "not uint8 of shape (32, 32, 3, n)"
        )
    return grey(np.moveaxis(pixels, 3, 0)), _digits(labels, path)


def _digits(labels, path):
    labels = labels.ravel()
    if labels.dtype.kind not in "uif" or not np.isin(labels, np.arange(1, 11)).all():
        raise DataError(f"{one_line(path)}: y holds other labels than 1 to 10")
    return (labels % 10).astype(np.uint8)
