"""How fast memory lets a step be: bytes that it must move, over the copy bandwidth.

A step with immediate plasticity reads and writes the rows of W whose neuron spiked
and reads all of B. That is the yardstick of the benchmark; putting updates off moves
less (see the performance page of the docs).
"""

import threading
import time

import numpy as np

__all__ = ["bytes_per_step", "copy_bandwidth"]


def bytes_per_step(layer_sizes, spike_fractions, feedback_bytes=4):
    """Count the bytes of synapses that one step has to move.

    Parameters
    ----------
    layer_sizes : sequence of int
    spike_fractions : sequence of float
        Fraction of the neurons of each layer below the output that spike in a step.
    feedback_bytes : int, optional
        Size of a feedback weight.

    Returns
    -------
    dict
        ``weights_read``, ``weights_written``, ``feedback_read`` and ``total``.
    """
    pairs = list(zip(layer_sizes, layer_sizes[1:], strict=False))
    rows = sum(
        4 * fraction * pre * post
        for fraction, (pre, post) in zip(spike_fractions, pairs, strict=False)
    )
    feedback = feedback_bytes * sum(pre * post for pre, post in pairs[1:])
    return {
        "weights_read": round(rows),
        "weights_written": round(rows),
        "feedback_read": feedback,
        "total": round(2 * rows) + feedback,
    }


def copy_bandwidth(n_bytes, threads=1, repeats=15):
    """Measure how fast memory is copied, in bytes read plus written a second.

    Parameters
    ----------
    n_bytes : int
        Size of source and copy together: take that of the weights, so that caches
        help as much as they help the simulation.
    threads : int, optional
        Each copies a part of its own.
    repeats : int, optional
        The median of these is returned.

    Returns
    -------
    float
        Bytes per second over all threads.
    """
    size = n_bytes // (2 * threads)
    parts = [(np.ones(size, np.uint8), np.ones(size, np.uint8)) for _ in range(threads)]
    seconds = []
    for _ in range(repeats):
        workers = [threading.Thread(target=np.copyto, args=part) for part in parts]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        seconds.append(time.perf_counter() - start)
    return 2 * size * threads / float(np.median(seconds))
