"""Named settings of the main job, and how the command line changes them."""

from dataclasses import asdict, dataclass, field, fields

from ..errors import InputError

__all__ = ["PRESETS", "QUICK", "Settings", "settings_of"]


@dataclass(frozen=True)
class Settings:
    """Everything that shapes a run; the defaults are the preset ``demo``.

    Parameters
    ----------
    preset : str
    layers : tuple of int
        Neurons of each hidden layer.
    outputs_per_class : int
    steps, test_steps : int
        Time steps per image in training (the paper's N) and in tests (its M).
    epochs : int
        Passes over the training images.
    images, test_images : int or None
        Training images per pass, and images per evaluation; None: all.
    validation : int
        Training images that are held out and tested with instead of the test images.
    evaluate_every : int or None
        Training images between evaluations; None: a pass.
    angle_images : int
        Images that the deltas are compared with those of backpropagation for, at each
        evaluation; 0: none.
    evaluations : int
        Tests of the final weights, each with other spikes.
    evaluation_steps : tuple of int
        Time steps per image of these; all tests for each. Empty: ``test_steps``.
    chunk_images : int
        Images of one run of the network.
    shuffle : str
        When images get a new order, see `Schedule`.
    removed : float
        Fraction of the forward and feedback synapses that are removed at the start.
    feedback_bits : int
        Bits of a feedback weight, see `Architecture`.
    weight_bits : int
        Bits of a forward weight that spikes read, see `Architecture`.
    precision : str
        Of all variables, see `Architecture`.
    rule, engine, device, threads, seed
        See `open_session`.
    dataset : str
    data, model : str or None
        Folder of the data, and a model file.
    record : tuple of str
        What to record, see `parse_record`.
    record_window : tuple of str
        When, see `Windows`.
    parameters : dict
        Model parameters that replace the model's, as text such as ``"0.4*ms"``.
    """

    preset: str = "demo"
    layers: tuple = (500, 500, 500)
    outputs_per_class: int = 100
    steps: int = 5
    test_steps: int = 5
    epochs: int = 1
    images: int | None = None
    test_images: int | None = None
    validation: int = 0
    evaluate_every: int | None = None
    angle_images: int = 200
    evaluations: int = 1
    evaluation_steps: tuple = ()
    chunk_images: int = 1000
    shuffle: str = "every"
    rule: str = "fa"
    removed: float = 0.0
    feedback_bits: int = 32
    weight_bits: int = 32
    precision: str = "single"
    engine: str = "dense"
    device: str = "cpp"
    threads: int = 1
    seed: int = 1
    dataset: str = "mnist"
    data: str | None = None
    model: str | None = None
    record: tuple = ()
    record_window: tuple = ("first", "last")
    parameters: dict = field(default_factory=dict)

    def to_dict(self):
        """Return the settings as JSON can hold them."""
        found = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


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
    },
}

#: ``--quick``: all parts of the job, in seconds; nothing is learned.
QUICK = {
    "layers": (20,),
    "outputs_per_class": 5,
    "epochs": 2,
    "images": 200,
    "test_images": 100,
    "angle_images": 20,
    "chunk_images": 100,
    "evaluations": 1,
    "evaluation_steps": (),
}


def settings_of(explicit, *, quick=False, stored=None):
    """Merge what the user gave with a preset, or with the settings of a checkpoint.

    Parameters
    ----------
    explicit : dict
        Settings given on the command line.
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
        If there is no such preset.
    """
    if stored is not None:
        known = {f.name for f in fields(Settings)}
        base = {name: value for name, value in stored.items() if name in known}
        # What earlier versions had no setting for is as the preset has it.
        base = PRESETS.get(stored.get("preset"), {}) | base
    else:
        preset = explicit.get("preset", "demo")
        if preset not in PRESETS:
            raise InputError(f"unknown preset '{preset}' (known: {', '.join(PRESETS)})")
        base = PRESETS[preset] | (QUICK if quick else {})
    parameters = base.get("parameters", {}) | explicit.get("parameters", {})
    values = base | explicit | {"parameters": parameters}
    for name in ("layers", "record", "record_window", "evaluation_steps"):
        values[name] = tuple(values.get(name, getattr(Settings, name)))
    return Settings(**values)
