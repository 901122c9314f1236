"""What the checks of ``check_gpu.py`` share: the network on the card, and its size."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import spikefa
from spikefa import datasets

__all__ = ["ETA", "QUICK", "Bench", "Left", "Scale"]

#: Learning rate of all checks: something is learned from few images.
ETA = 1e-2


@dataclass(frozen=True)
class Scale:
    """How large the checks are.

    Attributes
    ----------
    sizes : tuple of int
        Layers of the network.
    images : int
        Of a run.
    replayed : int
        Images of the run that NumPy repeats.
    trained, tested : int
        Images of the training that is compared with the reference.
    points : float
        Percent that the test errors may differ by.
    """

    sizes: tuple = (784, 1500, 1500, 1500, 1000)
    images: int = 200
    replayed: int = 4
    trained: int = 5000
    tested: int = 2000
    points: float = 2.0


#: For the tests; so few test images differ by chance.
QUICK = Scale((784, 15, 10), 2, 1, 8, 2, 100.0)


class Left(Exception):
    """A check that cannot be made here; says why."""


@dataclass
class Bench:
    """The network on the card, and what the checks share.

    Parameters
    ----------
    scale : Scale
    choice, reference : DeviceChoice
    folder : pathlib.Path
        For checkpoints.
    """

    scale: Scale
    choice: object
    reference: object
    folder: Path
    stack: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def data(self):
        return datasets.load_mnist()

    @cached_property
    def session(self):
        """The network on the card, with everything recorded that is compared."""
        return self.stack.enter_context(self.open(self.choice))

    def leave_the_card(self):
        """End the program on the card, which may be for one at a time; keep the state.

        The next run starts another one.
        """
        if "session" in vars(self):
            self.session.restart()

    def open(self, choice):
        """Open the network on a device."""
        hidden = range(1, len(self.scale.sizes) - 1)
        record = {f"layer_{n}.spikes": True for n in (0, *hidden)}
        record |= {"layer_0.phi": True, "layer_1.phi": True}
        return spikefa.open_session(
            spikefa.Architecture(self.scale.sizes, chunk_images=self.scale.images),
            spikefa.load_model().replace(eta=ETA),
            device=choice,
            record=record,
        )

    def start(self, seed=1):
        """Set the state that a training starts from."""
        spikefa.set_initial_state(self.session, seed)

    def show(self, n, seed=1, record=False, **kwds):
        """Present the first images."""
        return self.session.run(
            self.data.train_inputs[:n],
            self.data.train_labels[:n],
            seed=seed,
            record=record,
            **kwds,
        )

    def trainer(self, session, images, **kwds):
        """Train on the first images, in runs of a quarter of them at most."""
        return spikefa.Trainer(
            session,
            self.data,
            images=images,
            test_images=self.scale.tested,
            chunk_images=min(self.scale.images, images // 4),
            **kwds,
        )
