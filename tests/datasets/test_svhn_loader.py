"""SVHN: grey-scale preparation, download over loopback HTTP, and refusals."""

import hashlib
import http.server
import socket
import tempfile
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import requests
from hypothesis import given, settings, strategies as st
from scipy.io import savemat

from spikefa.datasets import load_dataset, load_svhn
from spikefa.datasets.svhn import BASE_URL, REGISTRY
from spikefa.errors import DataError, InputError

TRAIN, TEST = "train_32x32.mat", "test_32x32.mat"


def write_mats(folder, n_train=12, n_test=5, compress=True):
    """Write small random files like those of SVHN; return what is in them."""
    rng = np.random.default_rng(3)
    content = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, n in ((TRAIN, n_train), (TEST, n_test)):
        pixels = rng.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
        labels = (np.arange(n, dtype=np.uint8) % 10 + 1)[:, np.newaxis]
        savemat(folder / name, {"X": pixels, "y": labels}, do_compression=compress)
        content[name] = pixels, labels
    return content


def registry(folder):
    return {
        name: "sha256:" + hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (TRAIN, TEST)
    }


def refusal(*args, **kwargs):
    with pytest.raises(DataError) as caught:
        load_svhn(*args, progress=False, **kwargs)
    text = str(caught.value)
    assert text.isprintable()
    return text


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server(tmp_path):
    """Yield (folder served, its address, list of the paths asked for)."""
    folder, asked = tmp_path / "served", []
    write_mats(folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    handler = partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{httpd.server_port}/", asked
        httpd.shutdown()


def test_pixels_are_the_rounded_luma_in_place(tmp_path):
    # More images than are converted at a time.
    content = write_mats(tmp_path, n_train=1003)
    data = load_svhn(tmp_path)
    pixels = content[TRAIN][0].astype(float)
    luma = np.tensordot([0.299, 0.587, 0.114], pixels, axes=(0, 2))  # (32, 32, n)
    found = data.train_images.reshape(1003, 32, 32).transpose(1, 2, 0)
    assert data.train_images.dtype == np.uint8
    assert np.abs(found - luma).max() <= 0.5 + 1e-9


def test_luma_of_known_colours(tmp_path):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (9, 9, 9)]
    expected = [76, 150, 29, 255, 9]
    write_mats(tmp_path)
    pixels = np.zeros((32, 32, 3, 5), dtype=np.uint8)
    for image, colour in enumerate(colours):
        pixels[3, 7, :, image] = colour
    labels = np.array([[10], [1], [2], [10], [1]], dtype=float)
    savemat(tmp_path / TEST, {"X": pixels, "y": labels})
    data = load_svhn(tmp_path)
    images = data.test_images.reshape(5, 32, 32)
    assert images[:, 3, 7].tolist() == expected
    assert images.sum() == sum(expected)
    assert data.test_labels.tolist() == [0, 1, 2, 0, 1]


def test_folder(tmp_path):
    folder = tmp_path / "Straße 街 view"
    write_mats(folder)
    data = load_dataset("svhn", str(folder))
    assert data.name == "svhn"
    assert data.image_shape == (32, 32)
    assert data.n_classes == 10
    assert data.train_labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]
    assert data.fingerprint == load_svhn(folder).fingerprint


def test_download_is_kept(server, tmp_path):
    folder, url, asked = server
    cache = tmp_path / "a cache ü"
    load = partial(load_svhn, registry=registry(folder), cache=cache, progress=False)
    data = load(base_url=url)
    assert data.fingerprint == load_svhn(folder).fingerprint
    assert asked == [f"/{TRAIN}", f"/{TEST}"]
    assert load(base_url=url.rstrip("/")).fingerprint == data.fingerprint
    assert len(asked) == 2
    assert sorted(path.name for path in cache.iterdir()) == [TEST, TRAIN]


def test_damaged_kept_file_is_downloaded_again(server, tmp_path):
    folder, url, asked = server
    load = partial(
        load_svhn, base_url=url, registry=registry(folder), cache=tmp_path / "cache"
    )
    data = load(progress=False)
    (tmp_path / "cache" / TEST).write_bytes(b"damaged")
    assert load(progress=False).fingerprint == data.fingerprint
    assert asked == [f"/{TRAIN}", f"/{TEST}", f"/{TEST}"]


def test_download_can_show_its_progress(server, tmp_path, capfd):
    folder, url, _ = server
    load_svhn(base_url=url, registry=registry(folder), cache=tmp_path / "cache")
    assert "100%" in capfd.readouterr().err


def test_wrong_checksum_is_refused_and_not_kept(server, tmp_path):
    folder, url, _ = server
    cache = tmp_path / "cache"
    text = refusal(base_url=url, cache=cache)  # the checksums of the real files
    assert f"{url}{TRAIN}: the download is not the known file" in text
    assert "data='DIR'" in text
    assert not list(cache.iterdir())


def test_server_that_is_down(server, tmp_path):
    folder = server[0]
    with socket.socket() as taken:  # bound but not listening: nobody answers
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        text = refusal(base_url=url, registry=registry(folder), cache=tmp_path / "c")
    assert text == (
        f"{url}/{TRAIN}: cannot connect; download {TRAIN} and {TEST} yourself "
        "and pass their folder: data='DIR'"
    )


def test_server_without_the_file(server, tmp_path):
    folder, url, _ = server
    known = registry(folder)
    (folder / TEST).unlink()
    text = refusal(base_url=url, registry=known, cache=tmp_path / "cache")
    assert f"{url}{TEST}: the server answers 404; " in text


def test_server_that_is_silent(tmp_path, monkeypatch):
    def get(*args, **kwargs):
        assert kwargs["timeout"] > 0  # or a dead server would hang the run for good
        raise requests.ReadTimeout

    monkeypatch.setattr(requests, "get", get)
    text = refusal(cache=tmp_path / "cache")
    assert f"{BASE_URL}{TRAIN}: the server does not answer in time; " in text


def test_connection_that_breaks_off(tmp_path):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only the start")

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{httpd.server_port}/"
        text = refusal(base_url=url, cache=tmp_path / "cache")
        httpd.shutdown()
    assert text.startswith(f"{url}{TRAIN}: ")
    assert not list((tmp_path / "cache").iterdir())


def test_downloads_are_kept_in_the_users_cache_folder(server, tmp_path, monkeypatch):
    folder, url, _ = server
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    load_svhn(base_url=url, registry=registry(folder), progress=False)
    assert (tmp_path / "cache" / "spikefa" / "svhn" / TRAIN).exists()


def test_address_that_is_none(tmp_path):
    text = refusal(base_url="nowhere", cache=tmp_path / "cache")
    assert f"nowhere/{TRAIN}: cannot be downloaded" in text


def test_cache_that_cannot_be_written(server, tmp_path):
    folder, url, _ = server
    (tmp_path / "file").write_text("in the way")
    text = refusal(base_url=url, registry=registry(folder), cache=tmp_path / "file")
    assert f"{tmp_path / 'file' / TRAIN}: cannot be kept there" in text


def test_registry_must_know_both_files(tmp_path):
    with pytest.raises(InputError, match=f"no checksum for {TEST}"):
        load_svhn(registry={TRAIN: "sha256:00"}, cache=tmp_path)


def test_address_and_checksums_are_the_published_ones():
    assert BASE_URL == "http://ufldl.stanford.edu/housenumbers/"
    assert REGISTRY[TRAIN].endswith(
        "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"
    )
    assert REGISTRY[TEST].endswith(
        "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"
    )


GREY = np.zeros((32, 32, 3, 2), dtype=np.uint8)
ONE_TWO = np.array([[1], [2]], dtype=np.uint8)
BAD_CONTENT = {
    "no X": ({"y": ONE_TWO}, "no array X"),
    "no y": ({"X": GREY}, "no array y"),
    "text": ({"X": "pixels", "y": ONE_TWO}, "X is <U6"),
    "struct": ({"X": {"a": 1}, "y": ONE_TWO}, "not uint8"),
    "floats": ({"X": GREY.astype(float), "y": ONE_TWO}, "X is float64"),
    "other size": ({"X": GREY[:28, :28], "y": ONE_TWO}, "(28, 28, 3, 2)"),
    "no colours": ({"X": GREY[:, :, 0], "y": ONE_TWO}, "(32, 32, 2)"),
    "no images": ({"X": GREY[..., :0], "y": ONE_TWO[:0]}, "no images"),
    "label 0": ({"X": GREY, "y": ONE_TWO - 1}, "other labels than 1 to 10"),
    "label 11": ({"X": GREY, "y": ONE_TWO + 9}, "other labels than 1 to 10"),
    "label nan": ({"X": GREY, "y": ONE_TWO * np.nan}, "other labels"),
    "label 1.5": ({"X": GREY, "y": ONE_TWO * 1.5}, "other labels"),
    "label text": ({"X": GREY, "y": ["a", "b"]}, "other labels"),
    "fewer labels": ({"X": GREY, "y": ONE_TWO[:1]}, "1 labels for 2 images"),
}


@pytest.mark.parametrize("case", BAD_CONTENT)
def test_file_with_other_content(tmp_path, case):
    content, complaint = BAD_CONTENT[case]
    write_mats(tmp_path)
    savemat(tmp_path / TEST, content)
    text = refusal(tmp_path)
    assert text.startswith(f"{tmp_path / TEST}: ")
    assert complaint in text


def test_labels_with_a_gap(tmp_path):
    write_mats(tmp_path)
    savemat(tmp_path / TRAIN, {"X": GREY, "y": ONE_TWO})
    text = refusal(tmp_path)
    assert text.startswith(f"{tmp_path / TEST}: label ")
    assert "does not occur in training, where labels are 1, 2" in text
    savemat(tmp_path / TEST, {"X": GREY, "y": ONE_TWO[::-1]})
    data = load_svhn(tmp_path)
    assert data.classes == (1, 2)
    assert data.train_labels.tolist() == [0, 1]
    assert data.test_labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    "content", [b"", b"MATLAB 5.0", b"\x89HDF\r\n\x1a\n" + bytes(600), b"x" * 999]
)
def test_file_that_is_no_mat_file(tmp_path, content):
    write_mats(tmp_path)
    (tmp_path / TRAIN).write_bytes(content)
    text = refusal(tmp_path)
    assert text.startswith(f"{tmp_path / TRAIN}: ")


def test_missing_file_and_folder(tmp_path):
    assert refusal(tmp_path / "none") == f"{tmp_path / 'none' / TRAIN}: no such file"
    write_mats(tmp_path)
    (tmp_path / TEST).unlink()
    assert refusal(tmp_path) == f"{tmp_path / TEST}: no such file"
    (tmp_path / TEST).mkdir()
    assert "cannot be read" in refusal(tmp_path)


with tempfile.TemporaryDirectory() as _folder:
    write_mats(Path(_folder))
    SMALL = {name: (Path(_folder) / name).read_bytes() for name in (TRAIN, TEST)}


@settings(max_examples=40, deadline=None)
@given(cut=st.floats(0, 1, exclude_max=True), flip=st.booleans(), bit=st.integers(0, 7))
def test_damaged_mat_is_refused_or_loaded(cut, flip, bit):
    whole = SMALL[TEST]
    at = int(cut * len(whole))
    damaged = bytearray(whole)
    if flip:
        damaged[at] ^= 1 << bit
    else:
        del damaged[at:]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / TRAIN).write_bytes(SMALL[TRAIN])
        (Path(folder) / TEST).write_bytes(damaged)
        data, text = None, ""
        try:
            data = load_svhn(folder)
        except DataError as error:
            text = str(error)
    if data is None:
        assert text.isprintable()
        assert text.startswith(f"{Path(folder) / TEST}: ")
    else:
        assert flip
        assert data.test_images.shape == (5, 1024)
