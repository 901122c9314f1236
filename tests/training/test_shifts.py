"""Training images that are moved, another move in each pass."""

import numpy as np
import pytest
from small_task import fingerprint, small_dataset, small_trainer

from spikefa.datasets.dataset import Inputs
from spikefa.datasets.regression import Task
from spikefa.errors import InputError
from spikefa.training.data import data_of
from spikefa.training.shifts import Shifts, moved

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


def test_images_do_not_depend_on_the_chunk_they_are_in():
    shifts, images = Shifts(2, SHAPE, 47, seed=1), small_dataset().train_inputs
    whole = shifts(images, np.arange(47), 7)
    indices = np.array([40, 3])
    assert isinstance(whole, Inputs)
    part = shifts(images.take(indices), indices, 7)
    np.testing.assert_array_equal(part.pixels, whole.pixels[indices])


def test_a_training_goes_on_in_any_chunk(session):
    """And test images stay where they are."""
    trainer = small_trainer(session, shift=1)
    trainer.train()
    expected, error = fingerprint(session), trainer.evaluation.error_percent
    first = small_trainer(session, shift=1, epochs=1)
    first.train()
    second = small_trainer(session, shift=1)
    second.position = first.position
    second.train()
    assert fingerprint(session) == expected
    assert second.evaluation.error_percent == error
    plain = small_trainer(session)
    plain.train()
    assert fingerprint(session) != expected
    same = plain.data.dataset.test_images
    np.testing.assert_array_equal(trainer.data.dataset.test_images, same)


def test_what_is_refused(session):
    for pixels in (4, -1):
        with pytest.raises(InputError, match=f"4 x 5 pixels .* shifted by {pixels}"):
            small_trainer(session, shift=pixels)
    task = Task(*(np.zeros((3, 2)) for _ in range(4)))
    with pytest.raises(InputError, match="no images"):
        data_of(task, 0, None, 1)
