"""How fast memory lets a step be: bytes that it must move, over the copy bandwidth.

A step with immediate plasticity reads and writes the rows of W whose neuron spiked
and reads all of B. That is the yardstick of the benchmark; putting updates off moves
less (see the performance page of the docs), most of which is read: how fast memory is
read is measured too, since on some machines one core copies faster than it reads.
"""

import threading
import time

import numpy as np

__all__ = ["bytes_per_step", "copy_bandwidth", "read_bandwidth"]

#: Bytes that a thread moves at least while it is timed: to start it takes the time of a
#: few hundred thousand.
_LEAST = 2**25


def bytes_per_step(
    layer_sizes, spike_fractions, feedback_bytes=4, put_off=0, weight_bytes=4
):
    """Count the bytes of synapses that one step has to move.

    Parameters
    ----------
    layer_sizes : sequence of int
    spike_fractions : sequence of float
        Fraction of the neurons of each layer below the output that spike in a step.
    feedback_bytes : int, optional
        Size of a feedback weight.
    put_off : int, optional
        Time steps after which all rows are read and written, instead of writing those
        of each step.
    weight_bytes : int, optional
        Size of a weight that a spike reads; if it is not 4, from a copy that is written
        together with the weight.

    Returns
    -------
    dict
        ``weights_read``, ``weights_written``, ``feedback_read`` and ``total``.
    """
    pairs = list(zip(layer_sizes, layer_sizes[1:], strict=False))
    rows = sum(
        weight_bytes * fraction * pre * post
        for fraction, (pre, post) in zip(spike_fractions, pairs, strict=False)
    )
    feedback = feedback_bytes * sum(pre * post for pre, post in pairs[1:])
    late = 4 * sum(pre * post for pre, post in pairs) / put_off if put_off else 0
    copied = late * weight_bytes / 4 if weight_bytes < 4 else 0
    read, written = round(rows + late), round(late + copied if put_off else rows)
    return {
        "weights_read": read,
        "weights_written": written,
        "feedback_read": feedback,
        "total": read + written + feedback,
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
    return 2 * size * threads / _median_seconds(np.copyto, parts, repeats)


def read_bandwidth(n_bytes, threads=1, repeats=15):
    """Measure how fast memory is read, in bytes a second; see `copy_bandwidth`.

    The largest of many integers is looked for, which takes a fraction of the time that
    memory takes.
    """
    size = n_bytes // (4 * threads)
    parts = [(np.ones(size, np.int32),) for _ in range(threads)]
    return 4 * size * threads / _median_seconds(np.max, parts, repeats)


def _median_seconds(function, parts, repeats):
    """Seconds of a call, with different arguments in a thread each."""
    loops = -(-_LEAST // sum(array.nbytes for array in parts[0]))
    seconds = []
    for _ in range(repeats):
        workers = [
            threading.Thread(target=_repeat, args=(function, loops, *part))
            for part in parts
        ]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        seconds.append((time.perf_counter() - start) / loops)
    return float(np.median(seconds))


def _repeat(function, loops, *arrays):
    for _ in range(loops):
        function(*arrays)
