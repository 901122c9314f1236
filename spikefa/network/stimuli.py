"""What is shown to a network, as functions of time for its equations.

Time goes on from run to run, and a run shows a few hundred images: the arrays behind
``images(t, i)``, ``labels(t)``, ``targets(t, i)`` and ``passes(t)`` are rings. A run
writes its images to the places that its time steps read.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import Quantity, TimedArray, defaultclock, prefs
from brian2.groups.group import VariableOwner
from numpy.typing import NDArray

from ..brian import RewrittenArray
from ..datasets.dataset import Inputs
from .generated import in_a_ring, of_bytes_too

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["Images", "Stimulus", "add_stimuli"]


class Stimulus(RewrittenArray):
    """A `TimedArray` that starts again when it has come to its end.

    Parameters
    ----------
    shape : tuple of int, (n_rows,) or (n_rows, n)
    dt : Quantity
        How long each row is shown.
    name : str
    dtype : type, optional
        Default: as precise as what the network makes of it.

    Attributes
    ----------
    arrays : dict of numpy.ndarray
        What equations read. In programs the name of the stimulus stands before theirs:
        ``images_values``.
    """

    def __init__(
        self,
        shape: int | tuple[int, ...],
        dt: Quantity,
        name: str,
        dtype: type | None = None,
    ) -> None:
        super().__init__(np.zeros(shape), dt=dt, name=name)
        # Programs read it from a file for every run.
        self.values = np.zeros(shape, dtype or prefs.core.default_float_dtype)
        self.arrays = {"values": self.values} | self._more_arrays()
        self.implementations.add_dynamic_implementation("numpy", self._in_numpy)
        for target, of_ndim in TimedArray.implementations.items():
            code = of_ndim[self.values.ndim - 1](self.values, self.dt, self.name)
            namespace = {
                f"{self.name}_{key}": _as_known_to(target, array).reshape(-1)
                for key, array in self.arrays.items()
            }
            self.implementations.add_dynamic_implementation(
                target,
                self._in_a_ring(code, target),
                namespace=lambda owner, namespace=namespace: namespace,
                name=self.name,
            )

    def rows(self, first: int, number: int) -> NDArray[np.int_]:
        """Places of some rows in a row.

        Parameters
        ----------
        first : int
            Counted from the start of time.
        number : int

        Returns
        -------
        rows : numpy.ndarray of int
        """
        return (first + np.arange(number)) % len(self.values)

    def stored(
        self, values: Any
    ) -> tuple[dict[str, NDArray | None], dict[str, NDArray]]:
        """Say what has to be in the arrays to show some rows.

        Parameters
        ----------
        values : array_like, shape (n,) or (n, n_columns)

        Returns
        -------
        rings : dict
            By the name of the array, rows for the places that are shown; None if
            nothing of the array is read.
        tables : dict of numpy.ndarray
            Arrays that are written as a whole.
        """
        return {"values": np.asarray(values, self.values.dtype)}, {}

    def show(self, values: Any, places: NDArray[np.int_]) -> None:
        """Write rows to some places.

        Parameters
        ----------
        values : array_like, shape (n,) or (n, n_columns)
        places : numpy.ndarray of int, shape (n,)
            See `rows`.
        """
        rings, tables = self.stored(values)
        for key, rows in rings.items():
            if rows is not None:
                self.arrays[key][places] = rows
        for key, table in tables.items():
            self.arrays[key][:] = table

    def _more_arrays(self) -> dict[str, NDArray]:
        """Arrays that a derived class reads, by name."""
        return {}

    def _in_numpy(self, owner: VariableOwner) -> Callable[..., NDArray]:
        n_rows, duration = len(self.values), self.dt
        # Half of a time step, so that rounding errors do not matter.
        half = owner.clock.dt_ / 2

        def show(t: Any, *index: Any) -> NDArray:
            row = np.int_(np.floor((t + half) / duration)) % n_rows
            if not index:
                return self._at((row,))
            known = (index[0] >= 0) & (index[0] < self.values.shape[1])
            if np.all(known):
                return self._at((row, *index))
            # As in Brian2's C++: what there is not is no number.
            return np.where(
                known, self._at((row, np.where(known, index[0], 0))), np.nan
            )

        return show

    def _at(self, place: tuple[Any, ...]) -> NDArray:
        return self.values[place]

    def _in_a_ring(
        self, code: Callable[[VariableOwner], str], target: str
    ) -> Callable[[VariableOwner], str]:
        """Change Brian2's code, in which time stays at the last row."""

        def ring(owner: VariableOwner) -> str:
            return self._adapted(in_a_ring(code(owner), len(self.values)), target)

        return ring

    def _adapted(self, text: str, target: str) -> str:
        """Change code of a target that returns one of the values."""
        return text


class Images(Stimulus):
    """A `Stimulus` that also takes `Inputs`, whose pixels are bytes.

    They are stored as they are, a fourth of the memory of numbers. What a byte stands
    for is looked up in a table that the data set has made, so that the results are the
    same bits.
    """

    def _more_arrays(self) -> dict[str, NDArray]:
        return {
            "pixels": np.zeros(self.values.shape, np.uint8),
            "levels": np.zeros(256, self.values.dtype),
            "in_pixels": np.zeros(1, np.int32),
        }

    def stored(
        self, values: Any
    ) -> tuple[dict[str, NDArray | None], dict[str, NDArray]]:
        """Say what has to be in the arrays to show some rows.

        Parameters
        ----------
        values : array_like or Inputs, shape (n, n_columns)

        Returns
        -------
        rings, tables : dict
            See `Stimulus.stored`.
        """
        if isinstance(values, Inputs):
            levels = values.levels.astype(self.values.dtype)
            tables = {"levels": levels, "in_pixels": np.array([1], np.int32)}
            return {"values": None, "pixels": values.pixels}, tables
        rings, tables = super().stored(values)
        return rings | {"pixels": None}, {"in_pixels": np.array([0], np.int32)}

    def _at(self, place: tuple[Any, ...]) -> NDArray:
        if self.arrays["in_pixels"][0]:
            return self.arrays["levels"][self.arrays["pixels"][place]]
        return self.values[place]

    def _adapted(self, text: str, target: str) -> str:
        return of_bytes_too(text, self.name, target)


def _as_known_to(target: str, array: NDArray) -> NDArray:
    """Return an array, of bytes as the type that a target has for them."""
    signed = array.dtype == np.uint8 and target != "cython"
    return array.view(np.int8) if signed else array


def add_stimuli(net: "FeedbackNetwork") -> list[TimedArray]:
    """Add the functions of time that tell equations what is shown, and how far it is.

    Parameters
    ----------
    net : FeedbackNetwork

    Returns
    -------
    functions : list of TimedArray
    """
    arch = net.architecture
    shown_for = arch.steps_per_image * defaultclock.dt
    n_inputs, n_outputs = arch.layer_sizes[0], arch.layer_sizes[-1]
    shape = (arch.chunk_images, n_outputs) if arch.vector_target else arch.chunk_images
    net.images = Images((arch.chunk_images, n_inputs), dt=shown_for, name="images")
    net.targets = Stimulus(
        shape, dt=shown_for, name="targets" if arch.vector_target else "labels"
    )
    # A pass has more images than single precision can tell apart after some hundreds.
    net.passes = Stimulus(
        arch.chunk_images, dt=shown_for, name="passes", dtype=np.float64
    )
    net.training = Stimulus(arch.chunk_images, dt=shown_for, name="is_training")
    steps = Stimulus(arch.steps_per_image, dt=defaultclock.dt, name="image_step")
    steps.values[:] = np.arange(arch.steps_per_image)
    return [*net.stimuli, steps]
