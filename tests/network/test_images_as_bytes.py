"""Pixels go to a network as the bytes they are, and results are those of numbers."""

import numpy as np
import pytest
from twin import (
    CHUNK_IMAGES,
    FEW_BACKENDS,
    N_CLASSES,
    SIZES,
    open_plain,
    random_state,
    stimuli,
)

from spikefa import Architecture, InputError, load_model, open_session
from spikefa.datasets.dataset import Inputs

#: The program of the dense engine takes a build of its own.
ENGINES = [
    *FEW_BACKENDS[:3],
    pytest.param(
        *FEW_BACKENDS[3].values,
        id="dense-cpp",
        marks=[pytest.mark.compiles, pytest.mark.long],
    ),
]

#: Together they go around the ring.
PARTS = (slice(0, 5), slice(5, 12), slice(0, 9))


def byte_images(scale=255, seed=3):
    pixels = np.random.default_rng(seed).integers(0, 256, (CHUNK_IMAGES, SIZES[0]))
    return Inputs(pixels.astype(np.uint8), scale)


def present(session, images, in_bytes):
    """Show the parts, each as bytes or as numbers; return outputs and the state."""
    session.set_state(random_state(session))
    session.step = 0
    _, labels = stimuli(CHUNK_IMAGES)
    outputs = []
    for part, as_they_are in zip(PARTS, in_bytes, strict=True):
        rows = np.arange(CHUNK_IMAGES)[part]
        shown = images.take(rows) if as_they_are else images[rows]
        outputs.append(session.run(shown, labels[rows], seed=1).output)
    return outputs, session.get_state()


def assert_same_bits(found, expected):
    for one, other in zip(found[0], expected[0], strict=True):
        assert one.tobytes() == other.tobytes()
    for name, value in expected[1].items():
        assert found[1][name].tobytes() == value.tobytes(), name


# White is 1, or half of it, by a division that no binary number is the result of.
@pytest.mark.parametrize("scale", [255, 511.3])
@pytest.mark.parametrize("forced", ENGINES, indirect=True)
def test_bytes_and_numbers_give_the_same_bits(forced, scale):
    images = byte_images(scale)
    expected = present(forced, images, (False, False, False))
    for in_bytes in ((True, True, True), (True, False, True)):
        assert_same_bits(present(forced, images, in_bytes), expected)
    other = present(forced, byte_images(scale, seed=4), (True, True, True))
    assert (other[1]["forward_1.W"] != expected[1]["forward_1.W"]).any()


def test_in_double_precision_too():
    architecture = Architecture(
        SIZES, n_classes=N_CLASSES, chunk_images=CHUNK_IMAGES, precision="double"
    )
    session = open_session(architecture, load_model(), device="numpy")
    images = byte_images(127)
    assert session.network.images.values.dtype == np.float64
    expected = present(session, images, (False, False, False))
    assert_same_bits(present(session, images, (True, True, True)), expected)


@pytest.mark.parametrize("forced", [ENGINES[3]], indirect=True)
def test_a_program_reads_bytes_and_no_numbers(forced):
    images = byte_images()
    arrays = forced.run_dir / "static_arrays"
    present(forced, images, (True, True, True))
    assert (arrays / "images_values").stat().st_size == 0
    assert (arrays / "images_pixels").stat().st_size == CHUNK_IMAGES * SIZES[0]
    present(forced, images, (False, False, False))
    assert (arrays / "images_values").stat().st_size == 4 * CHUNK_IMAGES * SIZES[0]
    assert (arrays / "images_pixels").stat().st_size == 0


def test_bytes_that_do_not_fit_are_refused_like_numbers():
    session = open_plain(device="numpy")
    with pytest.raises(InputError, match=r"shape \(2, 4\) do not fit 13 input"):
        session.run(Inputs(np.zeros((2, 4), np.uint8), 255), [0, 0], seed=1)
    with pytest.raises(InputError, match="1 to 12 images, got 13"):
        session.run(byte_images().take([0] * 13), [0] * 13, seed=1)
