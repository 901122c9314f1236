"""All settings of a training, each declared once, and named sets of them.

A setting that only the trainer needs is declared here and handed to the trainer in
``sims/mnist_spiking.py``; everything else follows from the declaration.
"""

from dataclasses import dataclass

from ..datasets import DATASETS
from ..devices.choice import DEVICES
from ..errors import InputError
from ..learning.rules import RULES
from ..network.architecture import ENGINES, FEEDBACK_BITS, PRECISIONS, WEIGHT_BITS
from ..training.schedule import SHUFFLES
from .command_line import (
    fraction,
    nonnegative_int,
    nonnegative_number,
    pairs,
    positive_int,
)
from .declaration import OnResume, as_dict, from_dict, given_options, option
from .record_options import record_option, window_option

__all__ = ["PRESETS", "QUICK", "Settings", "given_settings", "settings_of"]

#: The paper's network and constants; ``demo`` has smaller layers and one pass, and is
#: tested once. The constants themselves (tau, eta, gamma, ...) are the model's: both
#: presets share them.
PRESETS = {
    "demo": {},
    "paper": {
        "layers": (1500, 1500, 1500),
        "epochs": 10,
        "evaluations": 10,
        "evaluation_steps": (5, 25),
        "interim_images": 0,
    },
}

#: ``--quick``: all parts of the job, in seconds; nothing is learned.
QUICK = {
    "layers": (20,),
    "outputs_per_class": 5,
    "epochs": 2,
    "images": 200,
    "test_images": 100,
    "interim_images": 0,
    "angle_images": 20,
    "chunk_images": 100,
    "evaluations": 1,
    "evaluation_steps": (),
}


def _in_group(group):
    """Return `option` for a group of options."""
    return lambda *args, **declared: option(*args, group=group, **declared)


_network = _in_group("network")
_training = _in_group("training")
_testing = _in_group("tests")
_source = _in_group("model and data")
_record = _in_group("what is recorded")
_machine = _in_group("how it is run")

_MUST_STAY = {"on_resume": OnResume.REFUSED}
_ROUNDING = {"on_resume": OnResume.WARNED}
_INTEGER = {"read": positive_int, "metavar": "N"}
_IMAGES = {"read": positive_int, "metavar": "IMAGES"}


@dataclass(frozen=True)
class Settings:
    """Everything that shapes a run; the defaults are the preset ``demo``.

    ``--help`` and the documentation list what is declared here.
    """

    preset: str = _network("demo", "what the others start from", choices=PRESETS)
    layers: tuple = _network(
        (500, 500, 500),
        "neurons of each hidden layer",
        described_as="layer_sizes",
        **_INTEGER,
        **_MUST_STAY,
    )
    outputs_per_class: int = _network(
        100,
        "output neurons of each class",
        described_as="layer_sizes",
        **_INTEGER,
        **_MUST_STAY,
    )
    rule: str = _network(
        "fa",
        "how the error reaches the hidden layers",
        choices=RULES,
        described_as="rule",
        **_MUST_STAY,
    )
    removed: float = _network(
        0.0,
        "fraction of all forward and feedback synapses that are removed at the start, "
        "such as 0.5",
        read=fraction,
        metavar="X",
        **_MUST_STAY,
    )
    feedback_bits: int = _network(
        32, "bits of a feedback weight", choices=FEEDBACK_BITS, **_MUST_STAY
    )
    weight_bits: int = _network(
        32,
        "bits of a weight that spikes read; it learns in 32",
        choices=WEIGHT_BITS,
        **_MUST_STAY,
    )
    precision: str = _network(
        "single", "of all variables", choices=PRECISIONS, **_MUST_STAY
    )

    steps: int = _training(5, "time steps per image", **_INTEGER, **_MUST_STAY)
    epochs: int = _training(1, "passes over the training images", **_INTEGER)
    images: int | None = _training(
        None, "training images of a pass", unset="all", **_INTEGER, **_MUST_STAY
    )
    chunk_images: int = _training(
        1000,
        "images of one run of the network; a run is stopped and resumed between two",
        **_INTEGER,
        **_MUST_STAY,
    )
    shuffle: str = _training(
        "every",
        "put the images into a new order before every pass, once, or never",
        choices=SHUFFLES,
        **_MUST_STAY,
    )
    shift: int = _training(
        0,
        "move training images by at most N pixels, each pass another of all such moves",
        read=nonnegative_int,
        metavar="N",
        **_MUST_STAY,
    )
    rotate: float = _training(
        0.0,
        "rotate training images by at most so many degrees, each pass by other angles",
        read=nonnegative_number,
        metavar="DEGREES",
        **_MUST_STAY,
    )
    average: float = _training(
        0.0,
        "average the weights over so many passes at the end, and test the mean too",
        read=nonnegative_number,
        metavar="PASSES",
        **_MUST_STAY,
    )
    seed: int = _training(
        1,
        "everything random follows from it",
        read=nonnegative_int,
        metavar="N",
        **_MUST_STAY,
    )

    test_steps: int = _testing(
        5, "time steps per image in tests", read=positive_int, metavar="M"
    )
    test_images: int | None = _testing(
        None, "images of a test, the first ones", unset="all", **_INTEGER
    )
    evaluate_every: int | None = _testing(
        None, "training images between two tests", unset="a pass", **_IMAGES
    )
    interim_images: int = _testing(
        500,
        "test images, evenly spaced, that are tested ten times in a pass; 0: none",
        read=nonnegative_int,
        metavar="N",
    )
    validation: int = _testing(
        0,
        "hold out the last N training images and test with these instead",
        read=nonnegative_int,
        metavar="N",
        **_MUST_STAY,
    )
    angle_images: int = _testing(
        200,
        "images of each test for which deltas are compared with those of "
        "backpropagation",
        read=nonnegative_int,
        metavar="N",
    )
    evaluations: int = _testing(
        1, "tests of the final weights, each with other spikes", **_INTEGER
    )
    evaluation_steps: tuple = _testing(
        (),
        "time steps per image in the tests of the final weights",
        read=positive_int,
        metavar="M",
        unset="--test-steps",
    )

    model: str | None = _source(
        None,
        "Python file, or folder, with equations that you changed",
        metavar="FILE",
        unset="models/",
        described_as="model",
        **_MUST_STAY,
    )
    parameters: dict = _source(
        {},
        "values of parameters of the model",
        flag=False,
        described_as="model",
        **_MUST_STAY,
    )
    dataset: str = _source(
        "mnist", "data set", choices=DATASETS, described_as="data", **_MUST_STAY
    )
    data: str | None = _source(
        None,
        "folder (or .npz file) of other images",
        metavar="DIR",
        described_as="data",
        **_MUST_STAY,
    )

    record: tuple = _record(
        (),
        "such as layer_2.h:0,1 layer_1.spikes:0-49 forward_3.W:all (neurons at every "
        "step, synapses after every chunk; I:J is the synapse from I to J)",
        read=record_option,
        metavar="NAME:WHICH",
    )
    record_window: tuple = _record(
        ("first", "last"),
        "chunks in which is recorded: first, last, all, or N for every N-th",
        read=window_option,
        metavar="WHEN",
    )

    engine: str = _machine(
        "dense", "how all-to-all synapses are simulated", choices=ENGINES, **_ROUNDING
    )
    device: str = _machine(
        "cpp", "what the equations are compiled for", choices=DEVICES, **_ROUNDING
    )
    threads: int = _machine(1, "threads of device cpp", **_INTEGER, **_ROUNDING)

    def to_dict(self):
        """Return the settings as JSON can hold them."""
        return as_dict(self)


def given_settings(args):
    """Collect the settings that were given on the command line.

    Raises
    ------
    InputError
        If a parameter of the model is given twice, with two values.
    """
    given = given_options(args, Settings)
    return given | {"parameters": pairs(given.get("parameters", ()))}


def settings_of(given, *, quick=False, stored=None):
    """Merge what the user gave with a preset, or with the settings of a checkpoint.

    Parameters
    ----------
    given : dict
        See `given_settings`.
    quick : bool, optional
        Put `QUICK` on top of the preset.
    stored : dict, optional
        Settings of the run that is resumed.

    Returns
    -------
    settings : Settings

    Raises
    ------
    InputError
        If what is stored cannot be.
    """
    if stored is not None:
        try:
            base = from_dict(Settings, stored)
        except (InputError, AttributeError) as exc:
            raise InputError(f"the stored settings make no sense: {exc}") from exc
    else:
        base = PRESETS[given.get("preset", "demo")] | (QUICK if quick else {})
    parameters = base.get("parameters", {}) | given.get("parameters", {})
    return Settings(**from_dict(Settings, base | given | {"parameters": parameters}))
