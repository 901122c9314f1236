"""Every pass presents every image once, in an order of its own."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from spikefa.errors import InputError
from spikefa.seeds import generator, spike_seed
from spikefa.training.schedule import Schedule

sizes = st.integers(1, 60)


@given(n=sizes, epochs=st.integers(1, 4), chunk=sizes, seed=st.integers(0, 2**40))
def test_a_pass_is_a_permutation_in_chunks(n, epochs, chunk, seed):
    schedule = Schedule(n, n, epochs, chunk, seed)
    chunks = [schedule.indices(i) for i in range(schedule.n_chunks)]
    assert [schedule.images_before(i) for i in range(schedule.n_chunks + 1)] == [
        sum(map(len, chunks[:i])) for i in range(schedule.n_chunks + 1)
    ]
    assert max(map(len, chunks)) <= chunk
    for one_pass in np.concatenate(chunks).reshape(epochs, n):
        assert sorted(one_pass) == list(range(n))


def test_fewer_images_are_a_sample_of_all():
    schedule = Schedule(100, 10, 3, 4, seed=1)
    passes = [
        np.concatenate([schedule.indices(3 * e + i) for i in range(3)])
        for e in range(3)
    ]
    assert all(len(set(one_pass)) == 10 for one_pass in passes)
    assert len(set(np.concatenate(passes))) > 15


def test_orders_differ_between_passes_and_seeds_but_repeat():
    first = Schedule(50, 50, 2, 50, seed=1)
    other = Schedule(50, 50, 2, 50, seed=2)
    assert (first.indices(0) != first.indices(1)).any()
    assert (first.indices(0) != other.indices(0)).any()
    assert (first.indices(1) == Schedule(50, 50, 9, 50, seed=1).indices(1)).all()


def test_random_numbers_depend_on_seed_purpose_and_index():
    keys = [(1, "a", 0), (2, "a", 0), (1, "b", 0), (1, "a", 1), (1, "a", 0, 0)]
    assert len({spike_seed(*key) for key in keys}) == len(keys)
    assert len({generator(*key).random() for key in keys}) == len(keys)
    assert spike_seed(3, "x", 1) == spike_seed(3, "x", 1)
    assert all(0 <= spike_seed(0, "x", i) < 2**31 for i in range(1000))


def test_shuffled_once_or_never():
    once, never = (Schedule(9, 9, 3, 9, 1, shuffle) for shuffle in ("once", "never"))
    orders = [once.indices(n).tolist() for n in range(3)]
    assert orders[0] == orders[1] == orders[2] != list(range(9))
    assert sorted(orders[0]) == list(range(9))
    assert [never.indices(n).tolist() for n in range(3)] == 3 * [list(range(9))]


@pytest.mark.parametrize(
    "changes",
    [{"images": 0}, {"images": 11}, {"epochs": 0}, {"chunk": 0}, {"shuffle": "often"}],
)
def test_impossible_schedules_are_refused(changes):
    sound = {"n_available": 10, "images": 10, "epochs": 1, "chunk": 5, "seed": 1}
    with pytest.raises(InputError):
        Schedule(**(sound | changes))
