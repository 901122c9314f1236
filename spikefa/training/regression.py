"""Following rate networks while they learn a regression task.

The networks are those of `build_network`; this module presents examples and measures
on the way.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..analysis import nse
from ..devices.open import open_session
from ..errors import InputError
from ..network.architecture import Architecture
from ..seeds import generator, spike_seed
from .alignment import feedback_places
from .initial_state import set_initial_state

__all__ = [
    "Stage",
    "follow",
    "gates_of",
    "measure_nse",
    "open_rate_session",
    "remove_connections",
]


@dataclass(frozen=True)
class Stage:
    """A stretch of learning in some of the layers.

    Parameters
    ----------
    examples : int
        How many are presented.
    layers : tuple of int, optional
        Layers, from 1, whose forward weights learn; default: all that do not have
        to stay as they are.
    """

    examples: int
    layers: tuple | None = None


def open_rate_session(
    layer_sizes, transfers, model, rule, *, device="cpp", chunk=1000, **choices
):
    """Open a rate network for regression: one step an example, vector targets.

    Parameters
    ----------
    layer_sizes : sequence of int
    transfers : sequence of str
        ``"linear"``, ``"hyperbolic"`` or ``"logistic"`` for each layer above the input.
    model : Model
        A rate model.
    rule : str
    device : str, optional
    chunk : int, optional
        Most examples of one run.
    **choices
        See `Architecture`; there are no biases unless asked for.

    Returns
    -------
    session : Session
        The same one if the same is asked for again in this process (opening it takes
        seconds, even if it is compiled), so it may have any state.
    """
    choices = {"biases": False, "vector_target": True} | choices
    architecture = Architecture(
        tuple(layer_sizes),
        steps_per_image=1,
        chunk_images=chunk,
        transfers=tuple(transfers),
        **choices,
    )
    return _opened(architecture, _Hashed(model), rule, device)


class _Hashed:
    """A model that is told apart by its text."""

    def __init__(self, model):
        self.model = model

    def __hash__(self):
        return hash(self.model.text_hash)

    def __eq__(self, other):
        return self.model.text_hash == other.model.text_hash


@lru_cache(maxsize=16)
def _opened(architecture, hashed, rule, device):
    return open_session(architecture, hashed.model, rule, device=device)


def gates_of(session, layers=None):
    """Return the gates with which some layers learn.

    Parameters
    ----------
    session : Session
    layers : sequence of int, optional
        From 1; default: all that are not frozen.

    Returns
    -------
    gates : numpy.ndarray of bool
        For `Session.run`.

    Raises
    ------
    InputError
        If there is no such layer.
    """
    gates = session.learn_everything
    if layers is None:
        return gates
    for layer in layers:
        if not 1 <= layer < len(gates):
            raise InputError(f"there is no layer {layer} that could learn")
    gates[1:] &= np.isin(np.arange(1, len(gates)), layers)
    return gates


def remove_connections(session, fraction, seed):
    """Remove a fraction of all forward and feedback synapses, drawn at random.

    Parameters
    ----------
    session : Session
        Of an architecture with ``sparse=True``, and already initialized.
    fraction : float
        0 to 1, of each projection; rounded to whole synapses.
    seed : int
        Forward and feedback synapses are removed independently of each other.

    Raises
    ------
    InputError
        If the network has no masks, or the fraction is not one.
    """
    if not 0 <= fraction <= 1:
        raise InputError(f"the removed fraction must be 0 to 1, got {fraction}")
    if not session.network.architecture.sparse:
        raise InputError("only a network built with sparse=True has masks")
    for layer in range(1, session.network.n_layers + 1):
        name = f"forward_{layer}.W"
        present = _kept(session.shapes[name], fraction, seed, name)
        _multiply(session, name, present)
        if f"forward_{layer}.present" in session.variables:
            session.set_state({f"forward_{layer}.present": present})
    for name, place in feedback_places(session).values():
        whole = f"{place.group}.{place.variable}"
        # What learns together stays together: a weight that is not there cannot learn.
        kept_as = f"{place.group}.W" if place.plastic else whole
        _multiply(session, name, _kept(session.shapes[name], fraction, seed, kept_as))


def _kept(shape, fraction, seed, name):
    """Draw which synapses of a projection stay: 1 or 0 for each."""
    size = int(np.prod(shape))
    order = generator(seed, f"removed {name}").permutation(size)
    present = np.ones(size, dtype=bool)
    present[order[: round(fraction * size)]] = False
    return present.reshape(shape)


def _multiply(session, name, present):
    value = session.get_state([name])[name]
    session.set_state({name: np.where(present, value, 0)})


def measure_nse(session, task):
    """Return the outputs for the test examples and their normalized squared error.

    Parameters
    ----------
    session : Session
    task : Task

    Returns
    -------
    outputs : numpy.ndarray, shape (n_test, n_outputs)
    error : float
        NaN or infinite if the network has diverged.
    """
    parts, size = [], session.chunk_images
    with session.evaluating():
        for start in range(0, len(task.test_inputs), size):
            shown = slice(start, start + size)
            result = session.run(
                task.test_inputs[shown],
                task.test_targets[shown],
                seed=0,
                gates=session.learn_nothing,
            )
            parts.append(result.output[:, 0])
    outputs = np.concatenate(parts).astype(float)
    if not np.isfinite(outputs).all():
        return outputs, np.nan
    return outputs, nse(task.test_targets, outputs)


def follow(session, task, stages, *, seed, every, measure, progress=None):
    """Present the examples of a task in order, and measure on the way.

    Parameters
    ----------
    session : Session
    task : Task
    stages : sequence of Stage
    seed : int
        Of the initial weights, and of what the rule draws.
    every : int
        Examples between measurements; there is one at the start and the end of
        every stage too.
    measure : callable
        Takes the session and the task, returns a dict of numbers or arrays.
    progress : callable, optional
        Called with the number of examples presented.

    Returns
    -------
    curves : dict of numpy.ndarray
        ``"examples"``, the number seen at each measurement, and what was measured.

    Raises
    ------
    InputError
        If the task has fewer examples than the stages.
    """
    needed = sum(stage.examples for stage in stages)
    if needed > len(task):
        raise InputError(f"{needed} examples needed, the task has {len(task)}")
    set_initial_state(session, seed)
    seen, rows = 0, []

    def note():
        rows.append({"examples": seen} | measure(session, task))

    note()
    for stage in stages:
        gates, end = gates_of(session, stage.layers), seen + stage.examples
        while seen < end:
            stop = min(end, seen + every)
            _present(session, task, slice(seen, stop), seed, gates)
            if progress:
                progress(stop - seen)
            seen = stop
            note()
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _present(session, task, shown, seed, gates):
    for start in range(shown.start, shown.stop, session.chunk_images):
        part = slice(start, min(shown.stop, start + session.chunk_images))
        session.run(
            task.inputs[part],
            task.targets[part],
            seed=spike_seed(seed, "examples", start),
            gates=gates,
        )
