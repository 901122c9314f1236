"""Training images that are moved: shifted or rotated, another way in each pass."""

import numpy as np
import pytest
from small_task import fingerprint, small_dataset, small_trainer

from spikefa.datasets.dataset import Inputs
from spikefa.datasets.regression import Task
from spikefa.errors import InputError
from spikefa.training.data import data_of
from spikefa.training.moves import Rotations, Shifts, moved

SHAPE = (4, 5)


@pytest.mark.parametrize("down", [-3, -1, 0, 2])
@pytest.mark.parametrize("right", [-4, 0, 1, 3])
def test_each_pixel_goes_where_it_should(down, right):
    images = np.arange(1, 41, dtype=np.uint8).reshape(2, 20)
    found = moved(images, SHAPE, down, right).reshape(2, *SHAPE)
    for n, row, column in np.ndindex(2, *SHAPE):
        from_row, from_column = row - down, column - right
        inside = 0 <= from_row < SHAPE[0] and 0 <= from_column < SHAPE[1]
        expected = images[n].reshape(SHAPE)[from_row, from_column] if inside else 0
        assert found[n, row, column] == expected


def test_an_image_goes_through_all_moves():
    data = small_dataset()
    shifts, indices = Shifts(1, SHAPE, 47, seed=3), np.array([5, 0, 46, 12])
    images = data.train_inputs.take(indices)
    passes = [shifts(images, indices, epoch).pixels for epoch in range(18)]
    np.testing.assert_array_equal(passes[:9], passes[9:])
    for n, image in enumerate(images.pixels):
        expected = {
            moved(image[None], SHAPE, down, right).tobytes()
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
        }
        assert len(expected) == 9
        assert {of_pass[n].tobytes() for of_pass in passes[:9]} == expected
    # Not all images move the same way, and another seed is another order.
    assert len({shifts.first[n] for n in range(47)}) > 4
    other = Shifts(1, SHAPE, 47, seed=4)
    assert not np.array_equal(other(images, indices, 0).pixels, passes[0])


@pytest.fixture
def turned(monkeypatch):
    """Rotate one image by an angle that is not drawn."""

    def rotate(image, angle):
        monkeypatch.setattr(Rotations, "angles", lambda self, epoch: np.array([angle]))
        rotations = Rotations(90, image.shape, 1, seed=1)
        images = rotations(Inputs(image.reshape(1, -1), 255), np.array([0]), 0)
        return images.pixels.reshape(image.shape)

    return rotate


@pytest.mark.parametrize(("angle", "quarters"), [(0, 0), (90, 1), (-90, 3), (180, 2)])
def test_right_angles_only_move_pixels(turned, angle, quarters):
    image = np.random.default_rng(1).integers(0, 256, (7, 7), dtype=np.uint8)
    np.testing.assert_array_equal(turned(image, angle), np.rot90(image, quarters))


@pytest.mark.parametrize("angle", [-30.0, 4.0, 17.0])
def test_a_dot_moves_on_a_circle(turned, angle):
    """Linear interpolation keeps a smooth dot's centre and brightness."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    dot = 200 * np.exp(-((rows - 2) ** 2 + (columns - 7) ** 2) / 8)
    found = turned(np.rint(dot).astype(np.uint8), angle).astype(float)
    turn = np.deg2rad(angle)
    # Rows go down: anticlockwise, as one sees it, is towards smaller rows.
    row = 2 * np.cos(turn) - 7 * np.sin(turn)
    column = 2 * np.sin(turn) + 7 * np.cos(turn)
    weight = found.sum()
    assert (rows * found).sum() / weight == pytest.approx(row, abs=0.05)
    assert (columns * found).sum() / weight == pytest.approx(column, abs=0.05)
    assert weight == pytest.approx(dot.sum(), rel=0.02)


def test_angles_are_drawn_evenly_and_anew_in_each_pass():
    rotations = Rotations(8, SHAPE, 5000, seed=3)
    first, second = rotations.angles(0), rotations.angles(1)
    for angles in (first, second):
        counts, _ = np.histogram(angles, 8, (-8, 8))
        assert counts.sum() == 5000
        # Five standard deviations of a binomial number.
        assert np.abs(counts - 625).max() < 5 * np.sqrt(625 * 7 / 8)
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(5000)
    np.testing.assert_array_equal(Rotations(8, SHAPE, 5000, seed=3).angles(1), second)
    assert not np.array_equal(Rotations(8, SHAPE, 5000, seed=4).angles(1), second)


@pytest.mark.parametrize(("kind", "most"), [(Shifts, 2), (Rotations, 40)])
def test_images_do_not_depend_on_the_chunk_they_are_in(kind, most):
    moves, images = kind(most, SHAPE, 47, seed=1), small_dataset().train_inputs
    whole = moves(images, np.arange(47), 7)
    assert isinstance(whole, Inputs)
    assert whole.scale == images.scale
    assert not np.array_equal(whole.pixels, images.pixels)
    indices = np.array([40, 3])
    part = moves(images.take(indices), indices, 7)
    np.testing.assert_array_equal(part.pixels, whole.pixels[indices])


def test_images_are_rotated_before_they_are_shifted():
    data = data_of(small_dataset(), 0, None, shift=1, rotate=30.0, seed=2)
    indices = np.array([5, 0, 46])
    found, _ = data.examples(indices, 3)
    images = data.dataset.train_inputs.take(indices)
    for move in (Rotations(30, SHAPE, 47, seed=2), Shifts(1, SHAPE, 47, seed=2)):
        images = move(images, indices, 3)
    np.testing.assert_array_equal(found.pixels, images.pixels)


@pytest.mark.parametrize("moves", [{"shift": 1}, {"rotate": 20.0}])
def test_a_training_goes_on_in_any_chunk(session, moves):
    """And test images stay where they are."""
    trainer = small_trainer(session, **moves)
    trainer.train()
    expected, error = fingerprint(session), trainer.evaluation.error_percent
    first = small_trainer(session, **moves, epochs=1)
    first.train()
    second = small_trainer(session, **moves)
    second.position = first.position
    second.train()
    assert fingerprint(session) == expected
    assert second.evaluation.error_percent == error
    plain = small_trainer(session)
    plain.train()
    assert fingerprint(session) != expected
    same = plain.data.dataset.test_images
    np.testing.assert_array_equal(trainer.data.dataset.test_images, same)


@pytest.mark.parametrize("pixels", [4, -1])
def test_other_shifts_are_refused(session, pixels):
    with pytest.raises(InputError, match=f"4 x 5 pixels .* shifted by {pixels}"):
        small_trainer(session, shift=pixels)


@pytest.mark.parametrize("degrees", [-1, 181, float("nan")])
def test_other_angles_are_refused(session, degrees):
    with pytest.raises(InputError, match=f"0 to 180 degrees, not by {degrees}"):
        small_trainer(session, rotate=degrees)


@pytest.mark.parametrize("option", ["shift", "rotate"])
def test_examples_of_a_task_are_no_images(option):
    task = Task(*(np.zeros((3, 2)) for _ in range(4)))
    with pytest.raises(InputError, match=f"no images: {option} 0"):
        data_of(task, 0, None, **{option: 1})
