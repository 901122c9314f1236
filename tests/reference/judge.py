"""A session and the literal reading, side by side through the same runs."""

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import numpy as np
import pytest
from brian2 import DEFAULT_FUNCTIONS, defaultclock
from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from brian2.core.base import BrianObjectException

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import SpikefaError
from spikefa.network.architecture import Architecture
from spikefa.training.connectivity import remove_connections
from spikefa.training.initial_state import set_initial_state

from .session import Reading

__all__ = ["Case", "given_random_numbers", "judge", "random_numbers"]

#: Random numbers by kind, time step and neuron or synapse: the same for both sides.
_TABLES = {
    "rand": np.random.default_rng(7).random((97, 89)),
    "randn": np.random.default_rng(8).standard_normal((97, 89)),
}

#: What rounding may amount to.
TOLERANCE = {
    "double": dict(rtol=1e-7, atol=1e-9),
    "single": dict(rtol=1e-3, atol=1e-4),
}


def random_numbers(kind, step, numbers):
    """Look up the random numbers of some neurons or synapses in a time step."""
    return _TABLES[kind][step % 97, np.asarray(numbers) % 89]


def given_random_numbers(monkeypatch):
    """Let ``rand()``, ``randn()`` and ``xi`` be given numbers on NumPy's device."""
    for kind in _TABLES:

        def draw(vectorisation_idx, kind=kind):
            step = round(defaultclock.t_ / defaultclock.dt_)
            numbers = vectorisation_idx
            if hasattr(numbers, "start"):  # Brian2's lazy range
                numbers = np.arange(len(numbers))
            return random_numbers(kind, step, numbers)

        implementations = DEFAULT_FUNCTIONS[kind].implementations._implementations
        monkeypatch.setattr(implementations[NumpyCodeGenerator], "_code", draw)


@dataclass
class Case:
    """A model file, and what is done with it.

    Attributes
    ----------
    text : str
        The model file.
    rule : str
    rate : bool
    architecture : dict
        Of `Architecture`.
    removed : float
        Fraction of the synapses that are removed.
    plan : list of tuple
        What is done, see `_Both`.
    strings, options : set of str
        What this is a case of, for the table of coverage.
    """

    text: str = field(default="", repr=False)
    rule: str = "fa"
    rate: bool = False
    architecture: dict = field(default_factory=dict)
    removed: float = 0.0
    plan: list = field(default_factory=lambda: [("run", 3)])
    strings: set = field(default_factory=set)
    options: set = field(default_factory=set)


def judge(case, folder, device="numpy", threads=1, checked=True):
    """Assert that a session does what the literal reading says.

    Parameters
    ----------
    case : Case
    folder : pathlib.Path
        For the model file.
    device : str, optional
    threads : int, optional
    checked : bool, optional
        Whether the model is checked first, as it always is for users; that is half of
        the time.

    Returns
    -------
    refusal : str or None
        The line in which the case was refused.

    Raises
    ------
    AssertionError
        If they differ, or if a refusal has more than a line or names no string.
    """
    path = folder / "my_model.py"
    path.write_text(case.text)
    try:
        architecture = Architecture(**case.architecture)
        model = load_model(path, rate=case.rate)
        how = {"device": device, "threads": threads}
        with nullcontext() if checked else _unchecked():
            session = open_session(architecture, model, case.rule, **how)
        with session:
            _Both(session, case).go()
        return None
    except _ExplodedError:
        return None
    except SpikefaError as exc:
        refusal = str(exc)
    except BrianObjectException:
        if checked:
            raise
        return judge(case, folder, device, threads)
    assert refusal.isprintable(), refusal
    return refusal


@contextmanager
def _unchecked():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spikefa.devices.open.check_model", lambda *args: None)
        yield


class _ExplodedError(Exception):
    """The numbers of a network have grown beyond all measure."""


class _Both:
    """Does the same with a session and with a reading, and compares."""

    def __init__(self, session, case):
        self.session, self.case = session, case
        net = session.network
        self.reading = Reading(
            net.model,
            net.architecture,
            net.rule.name,
            net.decay_period,
            random_numbers,
        )
        self.tolerance = TOLERANCE[net.architecture.precision]
        self.random = np.random.default_rng(3)
        self.engine = net.architecture.engine

    def go(self):
        set_initial_state(self.session, 1)
        self.session.pass_length = self.reading.pass_length = (
            4,
            self.session.network.architecture.steps_per_image,
        )
        before = self.session.get_state()
        drawn = {n: v for n, v in before.items() if n.split(".")[1] in _DRAWN}
        self.reading.start(drawn)
        self.compare("at the start")
        if self.case.removed:
            remove_connections(self.session, self.case.removed, 1)
            after = self.session.get_state(list(drawn))
            names = [n for n in drawn if n.split(".")[1] != "b"]
            gone = {n: (drawn[n] != 0) & (after[n] == 0) for n in names}
            self.reading.remove(gone)
            self.compare("after the removal")
        for what, *how in self.case.plan:
            getattr(self, what)(*how)
            self.compare(f"after {what}")

    def run(self, n, gates=None, keep_state=True):
        """Show n images, with all gates or those given."""
        images, targets = self.shown(n)
        how = {"gates": gates, "keep_state": keep_state}
        found = self.session.run(images, targets, seed=1, **how).output
        self.check("output", found, self.reading.run(images, targets, **how))

    def test(self, *parts):
        """Test with some images in some parts, and go on as if nothing had been."""
        with self.session.evaluating(), self.reading.evaluating():
            for n in parts:
                self.run(n, self.session.learn_nothing)
                self.compare("in a test", of_test=True)

    def set_state(self):
        """Give all weights and variables new values."""
        self.both_take(
            {
                name: self.random.uniform(-0.7, 0.7, shape)
                for name, shape in self.session.shapes.items()
                if name.split(".")[1] in ("W", "b", "h", "delta", "B")
                and np.dtype(self.session.variables[name].dtype).kind == "f"
            }
        )

    def both_take(self, state):
        gone = self.session.get_state([n for n in state if n.endswith((".W", ".B"))])
        state |= {n: np.where(value == 0, 0, state[n]) for n, value in gone.items()}
        self.session.set_state(state)
        self.reading.set_state(state)

    def resume(self):
        """Go on from a state and a step that were taken along."""
        state, step = self.session.get_state(), self.session.step
        self.session.set_state({name: np.zeros_like(v) for name, v in state.items()})
        self.session.step = 0
        self.session.set_state(state)
        self.session.step = step

    def shown(self, n):
        arch = self.session.network.architecture
        images = self.random.random((n, arch.layer_sizes[0]))
        if arch.vector_target:
            return images, self.random.uniform(-1, 1, (n, arch.layer_sizes[-1]))
        return images, self.random.integers(0, arch.n_classes, n)

    def compare(self, when, of_test=False):
        read = self.reading.get_state()
        state = self.session.get_state()
        kept = {
            name for name in read if not name.endswith((".lastspike", ".class_index"))
        }
        if self.reading.network.rule != "shallow" and self.engine == "stock":
            kept = {n for n in kept if not n.endswith((".not_refractory", ".present"))}
            assert kept <= state.keys(), kept - state.keys()
        for name, found in state.items():
            group, variable = name.split(".")
            if name not in read and variable != "present":
                continue  # what the network keeps besides
            synapses = self.reading.groups[group]
            expected = synapses.exists if variable == "present" else read[name]
            if hasattr(synapses, "exists") and variable not in ("W", "present"):
                found = np.where(synapses.exists, found, 0)
                expected = np.where(synapses.exists, expected, 0)
            self.check(f"{name} {when}", found, expected)

    def check(self, what, found, expected):
        if not np.isfinite(expected).all() or np.abs(expected).max() > 1e6:
            raise _ExplodedError  # rounding is all that is left to compare
        np.testing.assert_allclose(
            np.asarray(found, float),
            np.asarray(expected, float),
            **self.tolerance,
            err_msg=f"{what} in\n{self.case.text}\n{self.case}",
        )


_DRAWN = ("W", "b", "B", "B_steps")
