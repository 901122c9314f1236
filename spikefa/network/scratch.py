"""A Brian2 device for what is only tried out: through NumPy, and then forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from brian2 import defaultclock, prefs, seed as brian2_seed
from brian2.devices.device import RuntimeDevice, reset_device, set_device

__all__ = ["numpy_device"]


@contextmanager
def numpy_device(seed: int | None = None) -> Iterator[None]:
    """Work on a Brian2 device of its own, and leave the others as they were.

    Parameters
    ----------
    seed : int, optional
        Of the random numbers that are drawn on it.
    """
    target, dt = prefs.codegen.target, defaultclock.dt
    random = np.random.get_state()  # noqa: NPY002 Brian2 draws from it
    set_device(RuntimeDevice())
    prefs.codegen.target = "numpy"
    try:
        if seed is not None:
            brian2_seed(seed)
        yield
    finally:
        prefs.codegen.target = target
        reset_device()
        defaultclock.dt = dt
        np.random.set_state(random)  # noqa: NPY002
