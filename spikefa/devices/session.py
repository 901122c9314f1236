"""Running a built network in chunks of images, on any Brian2 device.

A session holds one network and its state. Training, evaluation and checkpoints see
only this interface: set the state, run a chunk with some seed, read the state.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from brian2.equations.equations import PARAMETER
from numpy.typing import ArrayLike, NDArray

from ..datasets.dataset import Inputs
from ..equations.statements import sets_variable
from ..errors import InputError, SpikefaError
from ..network.projections import KINDS, part_of
from ..network.records import Recording, unit_of
from ..network.removed import MASK
from .given import checked_images, checked_state, checked_targets
from .state import shape_of, state_variables

__all__ = ["ChunkResult", "RunInterrupted", "Session"]

#: What ``labels(t)`` is where the backward sweep, and so any teacher, stands still.
NO_CLASS = -1


#: What can change weights in tests too.
_ALWAYS = ("transmit", "synapse")

#: Time steps that a number of double precision counts.
_MOST_STEPS = 2**53


class RunInterrupted(SpikefaError):
    """A run was given up; the state is that from before it."""


@dataclass
class ChunkResult:
    """What a chunk of n presentations showed.

    Attributes
    ----------
    output : numpy.ndarray, shape (n, steps_per_image, n_classes or n_outputs)
        Summed output of each class (class targets) or the outputs (vector targets).
    records : dict of Recording
        What was recorded, by the names given to `open_session`.
    seconds : float
        Time that the steps took, start-up and files not included.
    """

    output: NDArray
    records: dict[str, Recording] = field(default_factory=dict)
    seconds: float = float("nan")


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
        variables that a group shares. What dense synapses keep once for each neuron
        of a side is (n_pre,) or (n_post,), under a name that begins with ``_``.
    """

    def __init__(self, network: Any) -> None:
        self.network = network
        self.variables = state_variables(network)
        self.shapes = {name: shape_of(var) for name, var in self.variables.items()}
        self._step = 0
        self._pass_length: tuple[int, int] | None = None
        # In an evaluation: those before it.
        self._learned_steps: int | None = None
        self._interrupted = False

    @property
    def step(self) -> int:
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
    def step(self, step: int) -> None:
        unit = self.network.architecture.steps_per_image
        if step != int(step) or not 0 <= step < _MOST_STEPS or step % unit:
            raise InputError(
                f"a run starts at multiples of {unit} time steps, got {step}"
            )
        self._step = int(step)

    @property
    def pass_length(self) -> tuple[int, int] | None:
        """What ``passes(t)`` counts: images of a pass, and the time steps of each.

        A tuple of two integers, or None if nobody has said it; `Trainer` does. The
        number of passes follows from `step`, in fractions of a pass that change from
        one image to the next. In an evaluation it stays what it was before.

        Raises
        ------
        InputError
            If it is set to what is no number of images or steps.
        """
        return self._pass_length

    @pass_length.setter
    def pass_length(self, length: tuple[int, int]) -> None:
        images, steps = length
        unit = self.network.architecture.steps_per_image
        if images < 1 or steps < 1 or steps % unit:
            raise InputError(
                f"a pass has 1 image or more, for multiples of {unit} time steps, got "
                f"{images} for {steps}"
            )
        self._pass_length = int(images), int(steps)

    @property
    def chunk_images(self) -> int:
        """Most images that one run can hold."""
        return self.network.architecture.chunk_images

    @property
    def learn_everything(self) -> NDArray[np.bool_]:
        """Gates of normal training: backward sweep and plasticity where not frozen."""
        gates = np.ones(self.network.n_layers + 1, dtype=bool)
        gates[list(self.network.architecture.frozen)] = False
        return gates

    @property
    def learn_nothing(self) -> NDArray[np.bool_]:
        """Gates of an evaluation."""
        return np.zeros(self.network.n_layers + 1, dtype=bool)

    @abstractmethod
    def get_state(self, names: Collection[str] | None = None) -> dict[str, NDArray]:
        """Read state variables.

        Returns
        -------
        state : dict
            One array by ``"group.variable"``, in the shape that `shapes` gives.
        """

    def set_state(self, state: Mapping[str, ArrayLike]) -> None:
        """Write state variables; those not named keep their values.

        Weights of synapses that are not ``present`` are 0, whatever is written.

        Parameters
        ----------
        state : dict
            For each ``"group.variable"`` numbers of the shape that `shapes` gives, in
            base units, or one number for all of them.

        Raises
        ------
        InputError
            If there is no such variable, or it has another shape, unit or type; then
            nothing is written.
        """
        self._write_state(
            {
                name: checked_state(self.variables, self.shapes, name, value)
                for name, value in state.items()
            }
        )
        self._remove_again(set(state))

    @abstractmethod
    def _write_state(self, state): ...

    def _remove_again(self, written):
        """Set the weights of removed synapses to 0 where these, or masks, were set."""
        for group, weights in self.network.weights.items():
            mask, names = f"{group}.{MASK}", {f"{group}.{w}" for w in weights}
            if mask not in self.variables or not written & {mask, *names}:
                continue
            present = self.get_state([mask])[mask]
            if not present.all():
                state = self.get_state(names)
                self._write_state(
                    {n: np.where(present, v, v.dtype.type(0)) for n, v in state.items()}
                )

    def run(
        self,
        images: ArrayLike | Inputs,
        targets: ArrayLike,
        *,
        seed: int,
        gates: ArrayLike | None = None,
        record: bool | Collection[str] = True,
        keep_state: bool = True,
    ) -> ChunkResult:
        """Present images and return the outputs.

        Parameters
        ----------
        images : numpy.ndarray or Inputs, shape (n, n_inputs)
            Inputs as they are, such as ``dataset.train_inputs[:20]``, or the same
            numbers in less memory, ``dataset.train_inputs.take(range(20))``. Whole
            numbers are taken with target vectors only, and bytes never: what stands
            for 1 is known to the data set.
        targets : numpy.ndarray, shape (n,) or (n, n_outputs)
            Class labels, from 0, or target vectors.
        seed : int
            Seed of the spikes of this run: no random state is carried from run to run.
        gates : array of bool, shape (n_layers + 1,), optional
            Entry 0: run the backward sweep; entry l: learn in layer l. Default all.
        record : bool or collection of str, optional
            Names of what to record, of all that the session was opened with; True:
            all. What is not recorded costs nothing.
        keep_state : bool, optional
            False leaves the state and the time as they were before the run.

        Returns
        -------
        result : ChunkResult

        Raises
        ------
        InputError
            If the arrays do not fit the network, if one has something else than finite
            numbers in it, or if a label is that of no class.
        RunInterrupted
            If `interrupt` was called. After this or any other exception the state
            is that from before the run, and so is the time.
        """
        arch = self.network.architecture
        shown = checked_images(arch, images)
        wanted = checked_targets(arch, targets, len(shown))
        gates = self.learn_everything if gates is None else np.asarray(gates, bool)
        recorded = self._recorded_names(record)
        gates = np.append(gates, [name in recorded for name in self.network.records])
        self._raise_if_interrupted()
        start = self._step
        if not gates[0]:  # in a test nobody knows what it is
            wanted = np.full_like(wanted, 0 if arch.vector_target else NO_CLASS)
        with self._untaught(gates, keep_state):
            result = self._run(shown, wanted, int(seed), gates, keep_state)
        result.records = {
            name: self._recording(name, start, len(shown)) for name in recorded
        }
        return result

    @contextmanager
    def _untaught(self, gates, keep_state):
        """Let forward neurons hear of no error in a run without the backward sweep."""
        names = [] if gates[0] else self.network.error_inputs
        before = self.get_state(names)
        self._write_state({name: np.zeros_like(v) for name, v in before.items()})
        try:
            yield
        except BaseException:
            self._write_state(before)
            raise
        if not keep_state:
            self._write_state(before)

    def _recorded_names(self, record):
        known = self.network.records
        names = list(known) if record is True else list(record or ())
        for name in names:
            if name not in known:
                there = ", ".join(known) or "nothing"
                raise InputError(f"{name} is not recorded here; recorded is {there}")
        return names

    @abstractmethod
    def _run(self, images, targets, seed, gates, keep_state): ...

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Let runs without plasticity follow each other, then forget them.

        Inside the ``with`` block neurons carry their state from run to run, and time
        goes on; after it state and time are those from before, without a copy of the
        weights. Where forward neurons use the third factor or the feedback, it begins
        with an image that is dark, in which what they were taught dies out.
        """
        before, self._learned_steps = self._learned_steps, self._step
        try:
            with self._forgetting():
                if self.network.error_inputs:
                    self._show_darkness()
                yield
        finally:
            self._learned_steps = before

    def _show_darkness(self):
        arch = self.network.architecture
        n_inputs, *_, n_outputs = arch.layer_sizes
        self.run(
            np.zeros((1, n_inputs)),
            np.zeros((1, n_outputs) if arch.vector_target else 1),
            seed=0,
            gates=self.learn_nothing,
            record=False,
        )

    @abstractmethod
    @contextmanager
    def _forgetting(self):
        """Put state and time back at the end."""

    def interrupt(self) -> None:
        """Give up the current run, or the next one; safe in a signal handler."""
        self._interrupted = True
        self._stop_run()

    def clear_interrupt(self) -> None:
        """Forget an `interrupt` that came when nothing was running."""
        self._interrupted = False

    @abstractmethod
    def _stop_run(self): ...

    def _raise_if_interrupted(self):
        if self._interrupted:
            self._interrupted = False
            raise RunInterrupted("the run was interrupted")

    def close(self) -> None:  # noqa: B027
        """Release what the session holds on disk."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _places(self, n_images):
        """Rows of the stimuli that a run from now on reads."""
        first = self._step // self.network.architecture.steps_per_image
        return self.network.images.rows(first, n_images)

    def _changed_by(self, gates):
        """Names of the state that a run can change; weights only if they learn."""
        model = self.network.model
        learns = gates[: self.network.n_layers + 1].any()
        transmit, synapse = ([part_of(k, p) for k in KINDS] for p in _ALWAYS)
        always = [n for base in transmit for n in model.variants(base)]
        always += model.variants("synapse_on_image")
        learning = learns or any(sets_variable(model[name], "W") for name in always)
        for name in (n for base in synapse for n in model.variants(base)):
            equations = model.equations(name)
            learning |= "W" in equations and equations["W"].type != PARAMETER
        return [
            name
            for name, variable in self.variables.items()
            if not variable.constant and (learning or not name.endswith(".W"))
        ]

    def _stimuli(self, images, targets, gates):
        """List what equations are shown in a run from now on, with its values."""
        n = len(images)
        values = images, targets, self._passes(n), np.full(n, gates[0], float)
        return list(zip(self.network.stimuli, values, strict=True))

    def _passes(self, n_images):
        """Passes over the training set before each of the next images."""
        if self._pass_length is None:
            if "passes" in self.network.model.used_words:
                raise InputError(
                    "the model uses passes(t), and how many images a pass has is not "
                    "known: set pass_length of the session"
                )
            return np.zeros(n_images)
        images, steps = self._pass_length
        unit = self.network.architecture.steps_per_image
        if self._learned_steps is None:
            steps_before = self._step + unit * np.arange(n_images)
        else:
            steps_before = np.full(n_images, self._learned_steps)
        return steps_before // steps / images

    @abstractmethod
    def _recorded(self, monitor, name):
        """Read what a monitor recorded of one variable, as a flat array."""

    def _result(self, n_images):
        net, steps = self.network, self.network.architecture.steps_per_image
        recorded = self._recorded(net.readout, *net.readout.record_variables)
        return ChunkResult(recorded.reshape(n_images, steps, -1))

    def _recording(self, name, start, n_images):
        """Read one record after a run from a time step on."""
        record, monitor = self.network.records[name], self.network.monitors.get(name)
        if monitor is None:
            return self._synaptic_recording(record, n_images)
        dt = float(self.network.model["dt"])
        # Whole steps: the same times whatever the time of the network.
        t = (np.rint(self._recorded(monitor, "t") / dt) - start) * dt
        if record.variable == "spikes":
            i = self._recorded(monitor, "i") + record.indices[0]
            # Those between others were not chosen; CUDA lists them in any order.
            kept = np.flatnonzero(np.isin(i, record.indices))
            kept = kept[np.lexsort((i[kept], t[kept]))]
            return Recording(t[kept], i[kept])
        values = self._recorded(monitor, record.variable).reshape(len(t), -1)
        unit = unit_of(monitor.source, record.variable)
        return Recording(t, np.array(record.indices), None, values, unit)

    def _synaptic_recording(self, record, n_images):
        """Read synapses as they are after a run."""
        model, steps = self.network.model, self.network.architecture.steps_per_image
        matrix = self.get_state([record.name])[record.name]
        unit = unit_of(self.variables[record.name].owner, record.variable)
        t = np.array([n_images * steps * float(model["dt"])])
        if record.indices is None:
            return Recording(t, None, None, matrix[np.newaxis], unit)
        i, j = np.unravel_index(record.indices, matrix.shape)
        return Recording(t, i, j, matrix[i, j][np.newaxis], unit)
