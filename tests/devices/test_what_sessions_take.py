"""What does not fit a network is refused by its session, and nothing has changed."""

import numpy as np
import pytest
from brian2 import mV, second

from spikefa import Architecture, load_model, open_session
from spikefa.datasets.dataset import Inputs
from spikefa.devices import memory
from spikefa.errors import InputError
from spikefa.training.initial_state import set_initial_state

RNG = np.random.default_rng(4)
IMAGES = RNG.random((6, 7))
LABELS = np.array([0, 1, 2, 2, 1, 0])
VECTORS = RNG.normal(size=(6, 6))


def opened(rate=False, **how):
    how = {"engine": "stock", "n_classes": 3, "chunk_images": 6} | how
    return open_session(
        Architecture((7, 5, 6), **how), load_model(rate=rate), device="numpy"
    )


@pytest.fixture(scope="module")
def session():
    return opened()


@pytest.fixture(scope="module")
def of_vectors():
    return opened(rate=True, vector_target=True)


def refusal(session, images, targets):
    set_initial_state(session, 1)
    before = session.get_state()
    with pytest.raises(InputError) as caught:
        session.run(images, targets, seed=1)
    assert session.step == 0
    for name, value in session.get_state().items():
        np.testing.assert_array_equal(value, before[name])
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LABELS + 1, "whole numbers from 0 to 2, the classes of the network, got 3"),
        (LABELS - 1, "got -1"),
        (LABELS + 7, "got 7"),
        (LABELS + 0.5, "got 0.5"),
        (np.where(LABELS == 2, np.nan, LABELS), "got nan"),
        (np.where(LABELS == 2, np.inf, LABELS), "got inf"),
        (np.eye(3)[LABELS], "(6, 3); of one-hot labels, argmax(axis=1) is the class"),
        (LABELS[:, np.newaxis], "must be of shape (6,)"),
        (1, "must be of shape (6,), got an array of shape ()"),
        (LABELS[:5], "6 images but 5 targets"),
        (["0", "1", "2", "2", "1", "0"], "labels must be numbers"),
        ([0, 1, 2, 2, 1, None], "labels must be numbers"),
        ([[0], [1, 2], 2, 2, 1, 0], "labels must be numbers"),
    ],
)
def test_labels_that_are_no_classes(session, labels, words):
    assert words in refusal(session, IMAGES, labels)


@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(np.uint8), LABELS * 1.0])
def test_labels_that_are_classes(session, labels):
    session.run(IMAGES, labels, seed=1)
    session.run(IMAGES, list(labels), seed=1)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers(session, wrong):
    images = IMAGES.copy()
    images[3, 2] = wrong
    assert "finite numbers" in refusal(session, images, LABELS)
    assert "finite numbers" in refusal(session, images.astype(np.float32), LABELS)


def test_bytes_that_stand_for_no_numbers(session):
    pixels = np.full((6, 7), 3, np.uint8)
    with np.errstate(all="ignore"):
        assert "finite" in refusal(session, Inputs(pixels, 0.0), LABELS)


def test_images_that_are_no_numbers(session):
    for images in (IMAGES.astype(str), IMAGES + 1j, [[0.0, 1.0], [0.0]], None):
        assert "images must be numbers" in refusal(session, images, LABELS)


@pytest.mark.parametrize(
    ("vectors", "words"),
    [
        (VECTORS[:, :5], "target vectors must be of shape (6, 6)"),
        (VECTORS[:, 0], "got an array of shape (6,)"),
        (VECTORS * np.nan, "target vectors must be finite"),
        (VECTORS[:3], "6 images but 3 targets"),
    ],
)
def test_target_vectors_that_do_not_fit(of_vectors, vectors, words):
    assert words in refusal(of_vectors, IMAGES, vectors)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("forward_1.W", np.zeros((5, 7)), "5 x 7 values given, 7 x 5 needed"),
        ("forward_1.W", np.zeros(35), "35 values given, 7 x 5 needed"),
        ("forward_1.W", np.zeros((1, 5)), "1 x 5 values given, 7 x 5 needed"),
        ("layer_1.h", np.zeros((5, 1)), "5 x 1 values given, 5 needed"),
        ("layer_1.h", np.zeros(6), "6 values given, 5 needed"),
        ("layer_1.h", np.zeros(1), "1 values given, 5 needed"),
        ("layer_1.h", "0.5", "layer_1.h must be numbers"),
        ("layer_1.h", 1j, "layer_1.h must be numbers"),
        ("layer_1.h", 3 * mV, "has the unit V, the variable has 1"),
        ("layer_1.H", 0.5, "no state variable 'layer_1.H', did you mean 'layer_1.h'?"),
        ("W", 0.5, "no state variable 'W'"),
    ],
)
def test_state_that_does_not_fit(session, name, value, words):
    set_initial_state(session, 1)
    before = session.get_state()
    with pytest.raises(InputError) as caught:
        session.set_state({"layer_1.b": 0.3, name: value})
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    for other, array in session.get_state().items():
        np.testing.assert_array_equal(array, before[other])


def test_state_that_fits(session):
    weights = RNG.random((7, 5)).astype(np.float32)
    session.set_state({"forward_1.W": weights, "layer_1.h": 0.5, "layer_2.h": range(6)})
    state = session.get_state()
    np.testing.assert_array_equal(state["forward_1.W"], weights)
    np.testing.assert_array_equal(state["layer_1.h"], np.full(5, 0.5, np.float32))
    np.testing.assert_array_equal(state["layer_2.h"], np.arange(6))


def test_integers_and_units_of_state(tmp_path):
    path = tmp_path / "my_model.py"
    path.write_text(
        "psp_neuron = '''\ndh/dt = (b + drive - h)/tau_m : 1\ndrive : 1\nb : 1\n"
        "last : second\ncount : integer\n'''\nreset = 'count += 1; last = t'\n"
    )
    session = open_session(
        Architecture((7, 5, 6), n_classes=3, chunk_images=6, engine="stock"),
        load_model(path),
        device="numpy",
    )
    session.set_state({"layer_1.last": 2 * second, "layer_1.count": [1.0, 2, 3, 4, 5]})
    assert session.get_state()["layer_1.last"].tolist() == [2.0] * 5
    assert session.get_state()["layer_1.count"].tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(InputError, match="layer_1.count: must be whole numbers"):
        session.set_state({"layer_1.count": 0.5})
    with pytest.raises(InputError, match="has the unit V, the variable has s"):
        session.set_state({"layer_1.last": 2 * mV})


def test_all_that_does_not_fit_the_memory(session, monkeypatch):
    """Counted are feedback weights and neurons too, not forward weights alone."""
    needed = sum(array.nbytes for array in session.get_state().values())
    assert needed > 4 * (7 * 5 + 5 * 6 + 6 * 5)
    monkeypatch.setattr(memory, "memory_here", lambda: needed)
    opened().close()
    monkeypatch.setattr(memory, "memory_here", lambda: needed - 1)
    with pytest.raises(InputError, match=r"variables of layers \[7, 5, 6\] need .* GB"):
        opened()
