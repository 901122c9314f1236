"""Running a built network in chunks of images, on any Brian2 device.

A session holds one network and its state. Training, evaluation and checkpoints see
only this interface: set the state, run a chunk with some seed, read the state.
"""

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from brian2.core.variables import ArrayVariable

from ..errors import InputError, SpikefaError

__all__ = ["ChunkResult", "RunInterrupted", "Session", "state_variables"]


class RunInterrupted(SpikefaError):
    """A run was given up; the state is that from before it."""


@dataclass
class ChunkResult:
    """What a chunk of n presentations showed.

    Attributes
    ----------
    output : numpy.ndarray, shape (n, steps_per_image, n_classes or n_outputs)
        Summed output of each class (class targets) or the outputs (vector targets).
    traces : dict
        Recorded arrays by monitor name, if the network has monitors; times ``t`` in
        seconds from the start of the run.
    seconds : float
        Time that the steps took, start-up and files not included.
    """

    output: np.ndarray
    traces: dict = field(default_factory=dict)
    seconds: float = float("nan")


def state_variables(network):
    """List the variables that make up the state of a network.

    Parameters
    ----------
    network : FeedbackNetwork

    Returns
    -------
    variables : dict
        ``{"group.variable": ArrayVariable}`` of all arrays of numbers and truth values
        that the groups and projections own: weights, what the model's equations
        define, shared and constant variables too, refractoriness, and when synapses
        with event-driven variables were last updated. Not the integers that Brian2
        keeps itself, such as indices, and the class of an output neuron, which no run
        can change. Spikes are delivered in the step they were fired in, so that none
        is under way between two runs.
    """
    return {
        f"{group.name}.{name}": variable
        for group in network.stateful
        for name, variable in group.variables.items()
        if _is_state(group, name, variable)
    }


def _is_state(group, name, variable):
    if (
        not isinstance(variable, ArrayVariable)
        or getattr(variable.owner, "name", None) != group.name
        or name.startswith("_")
        or name == "class_index"
    ):
        return False
    kind = np.dtype(variable.dtype).kind
    return kind in "fb" or (kind in "iu" and not variable.read_only)


class Session(ABC):
    """One network on one device.

    Parameters
    ----------
    network : FeedbackNetwork

    Attributes
    ----------
    variables : dict
        The state variables by ``"group.variable"``.
    shapes : dict
        Their shapes: (n,) for neurons, (n_pre, n_post) for synapses, (1,) for
        variables that a group shares.
    """

    def __init__(self, network):
        self.network = network
        self.variables = state_variables(network)
        self.shapes = {name: self._shape(var) for name, var in self.variables.items()}
        self._step = 0
        self._interrupted = False

    @property
    def step(self):
        """Time steps that the network has been through; its time is ``step * dt``.

        It goes on from run to run. An evaluation goes on from it, and leaves it as it
        was. Set it to go on from another time, together with `set_state`.

        Raises
        ------
        InputError
            If it is set to a number at which no presentation can start.
        """
        return self._step

    @step.setter
    def step(self, step):
        unit = self.network.architecture.steps_per_image
        if step != int(step) or step < 0 or step % unit:
            raise InputError(
                f"a run starts at multiples of {unit} time steps, got {step}"
            )
        self._step = int(step)

    @staticmethod
    def _shape(variable):
        group = variable.owner
        if variable.scalar:
            return (1,)
        if "N_pre" in group.variables:  # synapses
            return len(group.source), len(group.target)
        return (len(group),)

    @property
    def chunk_images(self):
        """Most images that one run can hold."""
        return self.network.architecture.chunk_images

    @property
    def learn_everything(self):
        """Gates of normal training: backward sweep and plasticity where not frozen."""
        gates = np.ones(self.network.n_layers + 1, dtype=bool)
        gates[list(self.network.architecture.frozen)] = False
        return gates

    @property
    def learn_nothing(self):
        """Gates of an evaluation."""
        return np.zeros(self.network.n_layers + 1, dtype=bool)

    @abstractmethod
    def get_state(self, names=None):
        """Read state variables.

        Returns
        -------
        state : dict
            One array by ``"group.variable"``, in the shape that `shapes` gives.
        """

    @abstractmethod
    def set_state(self, state):
        """Write state variables; those not named keep their values."""

    def run(self, images, targets, *, seed, gates=None, keep_state=True):
        """Present images and return the outputs.

        Parameters
        ----------
        images : numpy.ndarray, shape (n, n_inputs)
            Pixels; integers are divided by 255.
        targets : numpy.ndarray, shape (n,) or (n, n_outputs)
            Class labels or target vectors.
        seed : int
            Seed of the spikes of this run: no random state is carried from run to run.
        gates : array of bool, shape (n_layers + 1,), optional
            Entry 0: run the backward sweep; entry l: learn in layer l. Default all.
        keep_state : bool, optional
            False leaves the state and the time as they were before the run.

        Returns
        -------
        result : ChunkResult

        Raises
        ------
        InputError
            If the arrays do not fit the network.
        RunInterrupted
            If `interrupt` was called. After this or any other exception the state
            is that from before the run, and so is the time.
        """
        images, targets = self._checked(images, targets)
        gates = self.learn_everything if gates is None else np.asarray(gates, bool)
        self._raise_if_interrupted()
        return self._run(images, targets, int(seed), gates, keep_state)

    @abstractmethod
    def _run(self, images, targets, seed, gates, keep_state): ...

    @abstractmethod
    @contextmanager
    def evaluating(self):
        """Let runs without plasticity follow each other, then forget them.

        Inside the ``with`` block neurons carry their state from run to run, and time
        goes on; after it state and time are those from before, without a copy of the
        weights.
        """

    def interrupt(self):
        """Give up the current run, or the next one; safe in a signal handler."""
        self._interrupted = True
        self._stop_run()

    def clear_interrupt(self):
        """Forget an `interrupt` that came when nothing was running."""
        self._interrupted = False

    @abstractmethod
    def _stop_run(self): ...

    def _raise_if_interrupted(self):
        if self._interrupted:
            self._interrupted = False
            raise RunInterrupted("the run was interrupted")

    def close(self):  # noqa: B027
        """Release what the session holds on disk."""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _checked(self, images, targets):
        arch = self.network.architecture
        images = np.asarray(images)
        if images.ndim != 2 or images.shape[1] != arch.layer_sizes[0]:
            raise InputError(
                f"images of shape {images.shape} do not fit "
                f"{arch.layer_sizes[0]} input neurons"
            )
        if not 1 <= len(images) <= self.chunk_images:
            raise InputError(
                f"a run takes 1 to {self.chunk_images} images, got {len(images)}"
            )
        if len(targets) != len(images):
            raise InputError(f"{len(images)} images but {len(targets)} targets")
        if images.dtype.kind in "ui":
            images = images / 255.0
        return images, np.asarray(targets, dtype=np.float64)

    def _places(self, n_images):
        """Rows of the stimuli that a run from now on reads."""
        first = self._step // self.network.architecture.steps_per_image
        return self.network.images.rows(first, n_images)

    @abstractmethod
    def _recorded(self, monitor, name):
        """Read what a monitor recorded of one variable, as a flat array."""

    def _result(self, n_images):
        net, steps = self.network, self.network.architecture.steps_per_image
        start = self._step * float(net.model["dt"])
        recorded = self._recorded(net.readout, *net.readout.record_variables)
        traces = {}
        for name, monitor in net.monitors.items():
            arrays = {
                var: self._recorded(monitor, var) for var in monitor.record_variables
            }
            if "i" not in arrays:  # a StateMonitor: one row per time step
                arrays = {k: v.reshape(n_images * steps, -1) for k, v in arrays.items()}
            elif "t" in arrays:
                arrays["t"] = arrays["t"] - start
            traces[name] = arrays
        return ChunkResult(recorded.reshape(n_images, steps, -1), traces)
