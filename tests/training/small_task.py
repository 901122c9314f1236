"""A task and a network that train in a blink."""

import hashlib
import shutil

import numpy as np

from spikefa import (
    Architecture,
    Callback,
    Dataset,
    Trainer,
    load_model,
    open_session,
)

N_CLASSES = 3
RECORD = {
    "layer_1.h": [0],
    "delta_1.delta": [0],
    "layer_0.spikes": True,
    "layer_1.spikes": range(3, 28),
    "forward_2.W": [(0, 1), (30, 14)],
}


def small_dataset(n_train=47, n_test=23):
    """Three noisy patterns of 4 x 5 pixels."""
    random = np.random.default_rng(7)
    patterns = random.integers(0, 256, (N_CLASSES, 20))

    def part(n):
        labels = (np.arange(n) % N_CLASSES).astype(np.uint8)
        noise = random.integers(-40, 41, (n, 20))
        return np.clip(patterns[labels] + noise, 0, 255).astype(np.uint8), labels

    return Dataset("small", *part(n_train), *part(n_test), image_shape=(4, 5))


def small_architecture(**changes):
    """20-31-15: sizes that are multiples of little."""
    values = {
        "layer_sizes": (20, 31, 15),
        "n_classes": N_CLASSES,
        "steps_per_image": 2,
        "chunk_images": 30,
    }
    return Architecture(**(values | changes))


def open_compiled():
    """Open the network in C++ standalone mode; it is compiled once."""
    model = load_model().replace(eta=0.03)  # few neurons, few images
    return open_session(small_architecture(), model, record=RECORD)


def small_trainer(session, **changes):
    """Two passes of 47 images in chunks of 10, shown for 4 steps."""
    values = {"steps": 4, "test_steps": 6, "seed": 5, "epochs": 2, "chunk_images": 10}
    values |= {"dataset": small_dataset()}
    return Trainer(session, **(values | changes))


class StopAt(Callback):
    """Calls `Trainer.stop` at the n-th event."""

    def __init__(self, event, after):
        self.event, self.left = event, after

    def _count(self, event, trainer):
        if event == self.event:
            self.left -= 1
            if self.left == 0:
                trainer.stop()

    def on_chunk(self, trainer, point, guessed):
        self._count("chunk", trainer)

    def on_test_images(self, trainer, number):
        self._count("test", trainer)


def settle(session, folder):
    """Let a session of a fork run in a folder of its own, with what it had."""
    before = session.run_dir
    session._settle(folder)
    shutil.copy2(before / "main", session.run_dir / "main")
    for name in ("static_arrays", "state"):
        shutil.copytree(before / name, session.run_dir / name, dirs_exist_ok=True)


def fingerprint(session):
    """A hash of the whole state."""
    digest = hashlib.sha256()
    for name, value in sorted(session.get_state().items()):
        digest.update(name.encode() + value.tobytes())
    return digest.hexdigest()
