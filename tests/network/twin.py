"""A session of spikefa and the NumPy oracle, side by side on the same numbers."""

from pathlib import Path

import numpy as np
import pytest
from oracle import Oracle

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.training.initial_state import set_initial_state

FORCED_MODEL = Path(__file__).with_name("models") / "forced_spikes.py"
LIF_MODEL = Path(__file__).parents[1] / "models" / "lif.py"

# The dense engine compiles for minutes where stock Synapses run through NumPy; that
# both agree, `tests/dense` shows for the runtime device.
ENGINES = ["stock", pytest.param("dense", marks=pytest.mark.slow)]

# What a session runs on, for indirect parameters of fixtures.
BACKENDS = [
    pytest.param(("stock", "numpy"), id="stock-numpy"),
    pytest.param(("dense", "runtime"), id="dense-runtime", marks=pytest.mark.slow),
    pytest.param(
        ("stock", "cpp"),
        id="stock-cpp",
        marks=[pytest.mark.compiles, pytest.mark.long],
    ),
    pytest.param(("dense", "cpp"), id="dense-cpp", marks=pytest.mark.compiles),
    # Minutes of compiling what NumPy has computed already.
    pytest.param(("stock", "runtime"), id="stock-cython", marks=pytest.mark.slow),
]

# The same with less to compile: each engine once, other devices long or slow.
FEW_BACKENDS = [
    BACKENDS[0],
    BACKENDS[1],
    pytest.param(*BACKENDS[2].values, id="stock-cpp", marks=pytest.mark.slow),
    pytest.param(
        *BACKENDS[3].values,
        id="dense-cpp",
        marks=[pytest.mark.compiles, pytest.mark.long],
    ),
]

# Sizes that are no multiple of each other, or of a vector register.
SIZES = (13, 11, 7, 9, 6)
LIF_SIZES = (10, 7, 6)
N_CLASSES = 3
STEPS_PER_IMAGE = 5
CHUNK_IMAGES = 12

# Images of a pass: eta falls to an eighth in the 24 images of a test.
PASS_IMAGES = 2

# Float32 rounds to 6e-8 of a number. A PSP sums up to 13 weights, and 120 steps round
# a weight 240 times: 1e-5 leaves room for errors that add up (3e-6 is what is seen).
# `test_the_comparison_would_see_a_wrong_network` shows that it is not too much room.
TOLERANCE = dict(rtol=1e-5, atol=2e-6)


def open_forced(rule="fa", *, engine="stock", model=None, **kwds):
    """Open a session whose spikes follow from given numbers."""
    return _open(model or load_model(FORCED_MODEL), rule, SIZES, engine, **kwds)


def open_lif(engine="stock", **kwds):
    """Open a session of integrate-and-fire neurons."""
    return _open(load_model(LIF_MODEL), "fa", LIF_SIZES, engine, **kwds)


def open_plain(engine="stock", model=None, **kwds):
    """Open a session of the built-in model."""
    return _open(model or load_model(), "fa", SIZES, engine, **kwds)


def recorded(sizes, rule="fa"):
    """What is compared step by step: a PSP, a delta, and all spikes."""
    first = 1 if get_rule(rule).learning_layers == "all" else len(sizes) - 1
    spikes = {f"layer_{layer}.spikes": True for layer in range(len(sizes) - 1)}
    return {f"layer_{first}.h": [0], f"delta_{first}.delta": [0]} | spikes


def _open(
    model,
    rule,
    sizes,
    engine,
    steps=STEPS_PER_IMAGE,
    images=CHUNK_IMAGES,
    recording=False,
    record=None,
    feedback_bits=32,
    sparse=False,
    **kwds,
):
    architecture = Architecture(
        sizes,
        n_classes=N_CLASSES,
        steps_per_image=steps,
        chunk_images=images,
        engine=engine,
        feedback_bits=feedback_bits,
        sparse=sparse,
    )
    if recording:
        record = recorded(sizes, rule)
    session = open_session(architecture, model, rule, record=record, **kwds)
    session.pass_length = PASS_IMAGES, steps
    return session


def stimuli(n_images, seed=3, n_inputs=SIZES[0]):
    """Draw images, some of whose pixels are 0 or 1, and labels."""
    rng = np.random.default_rng(seed)
    images = np.clip(rng.uniform(-0.3, 1.3, (n_images, n_inputs)), 0, 1)
    return images, rng.integers(0, N_CLASSES, n_images)


def random_state(session, seed=5):
    """Draw weights, biases, PSPs and deltas large enough to matter."""
    rng = np.random.default_rng(seed)
    widths = {"W": 0.8, "B": 0.8, "b": 0.5, "h": 1.0, "delta": 0.5}
    state = {}
    for name, shape in session.shapes.items():
        width = widths.get(name.split(".")[1])
        if width is not None:
            state[name] = rng.uniform(-width, width, shape).astype(np.float32)
    return state


def start_spiking(session):
    """Set an initial state in which hidden neurons spike often."""
    set_initial_state(session, 4)
    rng = np.random.default_rng(8)
    session.set_state(
        {
            name: rng.uniform(0, 0.9, shape)
            for name, shape in session.shapes.items()
            if name.endswith(".W")
        }
    )


class Twin:
    """A session and an oracle that start from the same state.

    Parameters
    ----------
    session : Session
        Its model has a TimedArray ``uniforms``.
    decay : str, optional
        See `Oracle`.
    dtype : type, optional
        Of the oracle.
    oracle_class : type, optional
    """

    def __init__(
        self,
        session,
        decay="exponential",
        dtype=np.float64,
        oracle_class=Oracle,
    ):
        self.session = session
        arch, model = session.network.architecture, session.network.model
        session.pass_length = PASS_IMAGES, arch.steps_per_image
        self.uniforms = model["uniforms"].values
        self.columns = model["columns"]
        self.oracle = oracle_class(
            arch.layer_sizes,
            arch.n_classes,
            eta=self.eta(0),
            gamma=model["gamma"],
            rule=session.network.rule.name,
            decay=decay,
            dtype=dtype,
        )
        state = random_state(session)
        session.set_state(state)
        session.step = 0
        for name, value in state.items():
            of_oracle = self._oracle_array(name)
            assert of_oracle.shape == value.shape
            of_oracle[...] = value

    def _oracle_array(self, name):
        group, variable = name.split(".")
        layer = int(group.split("_")[1])
        array = getattr(self.oracle, variable)
        if variable == "B" and layer not in array:
            array[layer] = np.zeros(self.session.shapes[name], self.oracle.dtype)
        return array[layer]

    def run(self, images, labels, gates=None):
        """Show the same images to both."""
        oracle, session = self.oracle, self.session
        gates = session.learn_everything if gates is None else gates
        learning, start = set(np.flatnonzero(gates)) - {0}, session.step
        result = session.run(images, labels, seed=1, gates=gates)
        steps = session.network.architecture.steps_per_image
        pooled, psp, delta = [], [], []
        for t in range(len(images) * steps):
            image = t // steps
            oracle.eta = oracle.dtype(self.eta((start + t) // steps))
            oracle.step(
                images[image],
                labels[image],
                self.numbers(start + t),
                gates[0],
                learning,
            )
            pooled.append(oracle.phi(oracle.m).reshape(oracle.n_classes, -1).sum(1))
            first = oracle.learning_layers()[0]
            psp.append(oracle.h[first][:1])
            delta.append(oracle.delta[first][:1])
        deviations = {"output": _compare("output", _flat(result.output), pooled)}
        first = oracle.learning_layers()[0]
        for name, key, expected in (
            ("psp", f"layer_{first}.h", psp),
            ("delta", f"delta_{first}.delta", delta),
        ):
            if key in result.records:
                found = result.records[key].values
                deviations[name] = _compare(name, _flat(found), expected)
        return deviations

    def eta(self, image):
        """Return eta while an image is shown, counted from the start of time."""
        halving = self.session.network.model["halving"]
        return 0.05 * 0.5 ** (image / PASS_IMAGES / halving)

    def numbers(self, t):
        """Return the random numbers of step t, by layer."""
        return [
            self.uniforms[t, np.arange(size) + self.columns * size]
            for size in self.oracle.sizes[:-1]
        ]

    def compare(self):
        """Assert that h, delta, W, b and B agree; return the largest deviations."""
        # No rounding can have turned a spike into none.
        assert self.oracle.margin > 1e-6
        deviations = {}
        for name, value in self.session.get_state().items():
            group, variable = name.split(".")
            if variable in ("W", "B", "b", "h", "delta"):
                found = _compare(name, value, self._oracle_array(name))
                deviations[variable] = max(found, deviations.get(variable, 0.0))
        return deviations


def _flat(array):
    return np.asarray(array).reshape(-1, np.shape(array)[-1])


def _compare(name, found, expected):
    assert np.isfinite(found).all(), name
    np.testing.assert_allclose(found, expected, **TOLERANCE, err_msg=name)
    return float(np.abs(found - np.asarray(expected)).max())
