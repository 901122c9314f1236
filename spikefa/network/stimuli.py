"""What is shown to a network, as functions of time for its equations.

Time goes on from run to run, and a run shows a few hundred images: the arrays behind
``images(t, i)``, ``labels(t)``, ``targets(t, i)`` and ``passes(t)`` are rings. A run
writes its images to the places that its time steps read.
"""

import re

import numpy as np
from brian2 import TimedArray, defaultclock, prefs, second

__all__ = ["Stimulus", "add_stimuli"]


class Stimulus(TimedArray):
    """A `TimedArray` that starts again when it has come to its end.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_rows,) or (n_rows, n)
    dt : Quantity
        How long each row is shown.
    name : str
    dtype : type, optional
        Default: as precise as what the network makes of it.
    """

    # Brian2 copies nothing but names of these into its caches.
    _cache_irrelevant_attributes = TimedArray._cache_irrelevant_attributes

    def __init__(self, values, dt, name, dtype=None):
        super().__init__(values, dt=dt, name=name)
        # Programs read it from a file for every run.
        self.values = self.values.astype(dtype or prefs.core.default_float_dtype)
        ndim, flat = self.values.ndim, self.values.reshape(-1)
        self.implementations.add_dynamic_implementation("numpy", self._in_numpy)
        for target, of_ndim in TimedArray.implementations.items():
            code = of_ndim[ndim - 1](self.values, self.dt, self.name)
            self.implementations.add_dynamic_implementation(
                target,
                self._in_a_ring(code),
                namespace=lambda owner: {f"{self.name}_values": flat},
                name=self.name,
            )

    def rows(self, first, number):
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

    def _in_numpy(self, owner):
        values, duration = self.values, self.dt
        # Half of a time step, so that rounding errors do not matter.
        half = owner.clock.dt_ / 2

        def show(t, *index):
            row = np.int_(np.floor((t + half) / duration)) % len(values)
            return values[(row, *index)]

        show._arg_units = [second, 1][: values.ndim]
        show._return_unit = 1
        return show

    def _in_a_ring(self, code):
        """Change Brian2's code, in which time stays at the last row."""

        def ring(owner):
            text, found = re.subn(
                r"= \(int\)\((.+)\)(;?)$",
                rf"= (int)(\1) % {len(self.values)}\2",
                code(owner),
                flags=re.MULTILINE,
            )
            if found != 1:
                raise RuntimeError(
                    f"Brian2's code for a TimedArray has changed: {text}"
                )
            return text

        return ring


def add_stimuli(net):
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
    net.images = Stimulus(
        np.zeros((arch.chunk_images, n_inputs)), dt=shown_for, name="images"
    )
    net.targets = Stimulus(
        np.zeros(shape),
        dt=shown_for,
        name="targets" if arch.vector_target else "labels",
    )
    # A pass has more images than single precision can tell apart after some hundreds.
    net.passes = Stimulus(
        np.zeros(arch.chunk_images), dt=shown_for, name="passes", dtype=np.float64
    )
    return [net.images, net.targets, net.passes]
