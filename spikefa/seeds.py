"""All randomness of a run, derived from one seed by purpose.

Every use of random numbers has a name and an index (a layer, a pass, a chunk), so
that any of them can be drawn again without drawing those before it.
"""

from zlib import crc32

import numpy as np

__all__ = ["generator", "spike_seed"]


def _sequence(seed, purpose, index):
    # The name itself is the key: a new purpose leaves the others as they are.
    return np.random.SeedSequence(seed, spawn_key=(crc32(purpose.encode()), *index))


def generator(seed, purpose, *index):
    """Return the generator of one purpose.

    Parameters
    ----------
    seed : int
        Seed of the whole run, 0 or more.
    purpose : str
        What the numbers are for, such as ``"order"``.
    *index : int
        Which of several such uses.

    Returns
    -------
    generator : numpy.random.Generator
    """
    return np.random.default_rng(_sequence(seed, purpose, index))


def spike_seed(seed, purpose, *index):
    """Return the seed of the spikes of one run of a session, 0 to 2**31 - 1."""
    return int(_sequence(seed, purpose, index).generate_state(1)[0] >> 1)
