"""What a rule delivers to the hidden layers, compared with backpropagation.

The angle between the matrices B and W^T starts near 90 degrees and hides, behind what
is left of its random start, how well the two agree about the errors that there are.
`Comparison` measures what the claim of the paper is about: the angle between the deltas
themselves, for the same activity.
"""

import logging
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from ..analysis import alignment_cosines, row_angles
from ..devices.choice import DeviceChoice
from ..devices.open import open_session
from ..errors import ModelError
from ..learning.reference import compared
from ..network.removed import masks_first
from .alignment import feedback_weights, transposed_weights
from .callbacks import DeltaAngles
from .evaluation import repeats_per_image

__all__ = ["Comparison", "DeltaAlignment", "can_be_compared", "comparing_deltas"]

#: Networks up to so many synapses are computed by NumPy: a compiler takes longer.
SMALL = 50_000


@dataclass(frozen=True)
class DeltaAlignment:
    """How well the teaching signals of a rule agree with those of backpropagation.

    Each list has an entry for each hidden layer, from the first up; None where it is
    undefined, as nothing is sent.

    Attributes
    ----------
    delta_angles : list of float or None
        Angle between the delta of the rule and that of backpropagation, in degrees: the
        mean over images, of each the last time step.
    teaching_percent : list of float or None
        Images with e^T W B e > 0, the paper's condition for a useful teaching signal;
        e is the third factor of the layer that the feedback comes from. Empty for rules
        whose feedback weights alone do not say what they send.
    teaching_cosines : list of float or None
        Mean of e^T W B e over images, each divided by the lengths of W^T e and B e.
    """

    delta_angles: list = field(default_factory=list)
    teaching_percent: list = field(default_factory=list)
    teaching_cosines: list = field(default_factory=list)

    def to_dict(self):
        """Return the lists by name."""
        return asdict(self)


def can_be_compared(network):
    """Whether a network has hidden layers that learn by something else than backprop.

    Parameters
    ----------
    network : FeedbackNetwork
    """
    route = network.rule.route
    learns = network.n_layers > 1 and network.learns(1)
    return learns and compared(network.rule).route.strings != route.strings


class Comparison:
    """A network like another one that has the deltas of backpropagation besides.

    Its state is copied from the other network; it never learns, and leaves no trace in
    it. Error, activity and third factor are the same for both kinds of deltas.

    Parameters
    ----------
    network : FeedbackNetwork
        Of the session that is measured.
    n_images : int
        Most images of a measurement.
    steps : int, optional
        Time steps per image; default: the network's.
    device : str or DeviceChoice, optional
        See `open_session`. Small networks are computed by NumPy, and those on a
        graphics card by the processor: a few hundred images need no card.

    Raises
    ------
    ModelError
        If the model has no psi, or other strings with which there is no
        backpropagation.
    """

    def __init__(self, network, n_images, *, steps=None, device="cpp"):
        arch, last = network.architecture, network.n_layers
        steps = steps or arch.steps_per_image
        repeats = steps // arch.steps_per_image
        hidden = range(1, last)
        record = {f"delta_{layer}.delta": True for layer in hidden}
        record |= {f"reference_{layer}.delta": True for layer in hidden}
        record |= {f"delta_{layer + 1}.third_factor": True for layer in hidden}
        choice = _device(device, network)
        with _warned_before():
            self.session = open_session(
                # Backpropagation reads the weights themselves.
                replace(arch, chunk_images=n_images * repeats, weight_bits=32),
                network.model,
                compared(network.rule),
                device=choice,
                record=record,
            )
        self.steps = steps
        self.repeats = repeats_per_image(self.session, steps)

    def close(self):
        """Release what its session holds."""
        self.session.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def measure(self, session, images, targets, *, seed):
        """Show images to the network as it is now, and compare the deltas.

        Parameters
        ----------
        session : Session
            That of the network that was given.
        images, targets : numpy.ndarray
            See `Session.run`.
        seed : int
            Of the spikes.

        Returns
        -------
        alignment : DeltaAlignment
        """
        self._copy_state(session)
        gates = self.session.learn_nothing
        gates[0] = True  # the backward sweep
        records = self.session.run(
            np.repeat(images, self.repeats, axis=0),
            np.repeat(targets, self.repeats, axis=0),
            seed=seed,
            gates=gates,
            keep_state=False,
        ).records
        last = {
            name: r.values[self.steps - 1 :: self.steps] for name, r in records.items()
        }
        layers = range(1, self.session.network.n_layers)
        angles = [
            row_angles(last[f"delta_{n}.delta"], last[f"reference_{n}.delta"])
            for n in layers
        ]
        cosines = self._cosines(last)
        return DeltaAlignment(
            [_mean(of_layer) for of_layer in angles],
            [_mean(_percent_positive(of_layer)) for of_layer in cosines],
            [_mean(of_layer) for of_layer in cosines],
        )

    def _copy_state(self, session):
        own = self.session
        for name in masks_first(session.variables):  # one by one: W and B are large
            own.set_state(session.get_state([name]))
        for layer in range(2, own.network.n_layers + 1):
            for variable in ("present", "W"):
                name = f"transposed_{layer}.{variable}"
                if name in own.variables:
                    forward = f"forward_{layer}.{variable}"
                    own.set_state({name: session.get_state([forward])[forward]})
        own.step = session.step
        if session.pass_length is not None:
            own.pass_length = session.pass_length

    def _cosines(self, last):
        """e^T W B e of each image, normalized, for each hidden layer."""
        found = []
        for layer, B in sorted(feedback_weights(self.session).items()):
            backprop = transposed_weights(self.session, layer)
            if backprop is None:
                return []
            route, network = self.session.network.rule.route, self.session.network
            source = route.crossed_layers(network, layer)[-1]
            e = last[f"delta_{source}.third_factor"]
            found.append(alignment_cosines(e, backprop.T, B))
        return found


@contextmanager
def comparing_deltas(session, n_images, *, steps=None, device="cpp"):
    """Compare deltas with those of backpropagation, where that says something.

    Parameters
    ----------
    session : Session
        Of the network that is trained.
    n_images : int
        How many at each evaluation; 0: none.
    steps, device
        See `Comparison`.

    Yields
    ------
    callbacks : list of Callback
        For the training. There are none for a rule that delivers what backpropagation
        does, and, with a warning, for a model without backpropagation.
    """
    if not (n_images and can_be_compared(session.network)):
        yield []
        return
    try:
        comparison = Comparison(session.network, n_images, steps=steps, device=device)
    except ModelError as exc:
        logging.getLogger("spikefa").warning(
            "deltas are not compared with those of backpropagation: %s", exc
        )
        yield []
        return
    with comparison:
        yield [DeltaAngles(comparison, n_images)]


def _device(device, network):
    """Choose what a comparison runs on."""
    choice = device if isinstance(device, DeviceChoice) else DeviceChoice(device)
    sizes = network.architecture.layer_sizes
    if sum(n * m for n, m in zip(sizes[:-1], sizes[1:], strict=True)) <= SMALL:
        return DeviceChoice("numpy")
    if choice.name == "cuda":
        return DeviceChoice("cpp")
    return choice


@contextmanager
def _warned_before():
    """Leave unsaid what has been said about the model when it was opened before."""
    logger = logging.getLogger("spikefa")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _percent_positive(cosines):
    return np.where(np.isnan(cosines), np.nan, 100.0 * (cosines > 0))


def _mean(values):
    """Return the mean of what is defined, None if nothing is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None
