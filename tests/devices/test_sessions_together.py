"""Sessions in several threads and processes: each as if it were alone."""

import multiprocessing
import threading

import numpy as np
import pytest

from spikefa import Architecture, Dataset, load_model, open_session, set_initial_state

N_IMAGES = 10


def learned(device, seed):
    """Weights of a tiny network after some images."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (N_IMAGES, 6)).astype(np.uint8)
    labels = (np.arange(N_IMAGES) % 2).astype(np.uint8)
    data = Dataset("small", pixels, labels, pixels, labels, (2, 3))
    # Each seed has another network, so that what one builds fits no other.
    sizes = Architecture((6, 3 + seed, 4), n_classes=2, chunk_images=N_IMAGES)
    with open_session(sizes, load_model(), device=device) as session:
        set_initial_state(session, seed)
        for chunk in range(3):
            session.run(data.train_inputs[:], data.train_labels, seed=chunk)
        return session.get_state()["forward_1.W"].tobytes()


DEVICES = ["numpy", pytest.param("cpp", marks=[pytest.mark.compiles, pytest.mark.slow])]


@pytest.mark.long
@pytest.mark.parametrize("device", DEVICES)
def test_threads_learn_what_they_would_alone(device):
    expected, found = {seed: learned(device, seed) for seed in (1, 2, 3)}, {}

    def learn(seed):
        found[seed] = learned(device, seed)

    threads = [threading.Thread(target=learn, args=(seed,)) for seed in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("device", DEVICES)
def test_forks_learn_what_they_would_alone(device):
    expected = {seed: learned(device, seed) for seed in (1, 2)}
    held, ready, done = threading.Thread(target=hold), *EVENTS
    held.start()
    ready.wait()  # a fork of a process whose other thread is opening a session
    try:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            found = pool.starmap(learned, [(device, seed) for seed in expected])
    finally:
        done.set()
        held.join()
    assert found == list(expected.values())


EVENTS = threading.Event(), threading.Event()


def hold():
    """Hold what sessions in other threads wait for."""
    from spikefa.brian import kept_globals

    with kept_globals():
        EVENTS[0].set()
        EVENTS[1].wait()
