"""Spikes that read weights in 16 bits, against NumPy: when and how they are copied."""

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    StateMonitor,
    TimedArray,
    defaultclock,
    device,
    ms,
    prefs,
    set_device,
)
from brian2.core.base import BrianObjectException
from brian2.devices.device import reset_device
from standalone import compile_here

from spikefa.dense import DenseSynapses

N_PRE, N_POST, N_STEPS, PUT_OFF = 23, 331, 60, 7
LEARN = {"learn": "w += 0.125*z_post", "transmit": "y_post += w"}


def projection(on_pre=LEARN, **kwds):
    neurons = "y : 1\nz : 1\nx = train(t, i) : 1"
    namespace = {"train": TimedArray(trains(), dt=0.1 * ms)}
    source = NeuronGroup(
        N_PRE, neurons, threshold="x > 0.5", namespace=namespace, name="source"
    )
    target = NeuronGroup(N_POST, "y : 1\nz : 1", threshold="y > 1e9", name="target")
    kwds = {"put_off": PUT_OFF, "read_bits": 16} | kwds
    return DenseSynapses(source, target, "w : 1", on_pre=on_pre, **kwds)


def trains():
    return (np.random.default_rng(1).uniform(size=(2 * N_STEPS, N_PRE)) < 0.3) * 1.0


def drawn(seed, *shape):
    """Numbers of few bits: weights have no rounding of their own in this test."""
    normal = np.random.default_rng(seed).normal(size=shape)
    return (np.rint(normal * 1024) / 1024).astype(np.float32)


def rounded(numbers):
    """To 8 significant bits, to the nearest, and to the even one of two."""
    mantissa, exponent = np.frexp(numbers)
    return np.ldexp(np.rint(mantissa * 256) / 256, exponent).astype(np.float32)


class Oracle:
    """The same with loops over time steps."""

    def __init__(self):
        self.y = np.zeros(N_POST, np.float32)
        self.z = drawn(3, N_POST)
        self.history = []

    def run(self, w, first_step):
        """One run; return the weights at its end."""
        self.start(w)
        for step in range(first_step, first_step + N_STEPS):
            self.z = -self.z
            if step % 20 == 0:
                self.start(self.updated() * np.float32(0.5))
            self.history.append(self.y.copy())
            self.events(np.flatnonzero(trains()[step] > 0.5))
        return self.updated()

    def start(self, w):
        self.w, self.copy, self.pending = w, rounded(w), []

    def events(self, rows):
        if not len(rows):
            return
        self.pending.append((np.float32(0.125) * self.z, rows))
        if len(self.pending) == PUT_OFF:
            self.start(self.updated())
        missing = sum(f * len(np.intersect1d(r, rows)) for f, r in self.pending)
        self.y = self.y + self.copy[rows].sum(axis=0) + missing

    def updated(self):
        w = self.w.copy()
        for f, rows in self.pending:
            w[rows] += f
        return w


@pytest.mark.long
@pytest.mark.compiles
@pytest.mark.parametrize("threads", [0, 2])
def test_spikes_read_the_rounded_copy(threads, tmp_path):
    standalone = prefs.devices.cpp_standalone
    before, standalone.openmp_threads = standalone.openmp_threads, threads
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    try:
        defaultclock.dt = 0.1 * ms
        synapses = projection()
        synapses.connect()
        target = synapses.target
        target.run_regularly("z = -z")
        synapses.run_regularly("w *= 0.5", dt=2 * ms, when="start", order=1)
        monitor = StateMonitor(target, "y", record=True, when="start", order=2)
        network = Network(synapses.source, target, synapses, monitor)
        first, second = drawn(1, N_PRE, N_POST), drawn(2, N_PRE, N_POST)
        target.z = drawn(3, N_POST)
        synapses.w = first.ravel()
        network.run(N_STEPS * 0.1 * ms)
        synapses.w = second.ravel()
        network.run(N_STEPS * 0.1 * ms)
        compile_here(tmp_path)
        device.run(with_output=False)
        found, w = np.array(monitor.y).T, np.array(synapses.w)
    finally:
        device.reinit()
        device.activate()
        reset_device()
        standalone.openmp_threads = before
    oracle = Oracle()
    oracle.run(first, 0)
    expected = oracle.run(second, N_STEPS)
    np.testing.assert_allclose(found, oracle.history, rtol=1e-5, atol=2e-4)
    np.testing.assert_array_equal(w, expected.ravel())


def test_the_comparison_tells_rounded_weights_from_others(monkeypatch):
    """What the tolerances above let pass is far from what rounding changes."""
    histories = []
    for rounding in (rounded, np.array, cut):
        monkeypatch.setattr(f"{__name__}.rounded", rounding)
        oracle = Oracle()
        oracle.run(drawn(1, N_PRE, N_POST), 0)
        histories.append(np.array(oracle.history))
    for other in histories[1:]:
        assert np.abs(other - histories[0]).max() > 0.01


def cut(numbers):
    """To 8 significant bits, towards 0."""
    mantissa, exponent = np.frexp(numbers)
    return np.ldexp(np.trunc(mantissa * 256) / 256, exponent).astype(np.float32)


@pytest.mark.usefixtures("_standalone")
class TestRefused:
    @pytest.mark.parametrize(
        "kwds",
        [
            {"put_off": 0},
            {"on_pre": "y_post += w"},
            {"on_pre": LEARN | {"peek": "z_pre = w"}},
            {"on_pre": LEARN, "on_post": "y_pre += w"},
            {"dtype": {"w": np.float64}},
        ],
    )
    def test_what_cannot_be_put_off(self, kwds):
        with pytest.raises(NotImplementedError, match="read_bits=16"):
            projection(**kwds)

    @pytest.mark.parametrize("bits", [8, 24, "16", None])
    def test_other_bits(self, bits):
        with pytest.raises(ValueError, match="read_bits"):
            projection(read_bits=bits)

    def test_what_would_see_weights_late(self):
        synapses = projection()
        synapses.connect()
        monitor = StateMonitor(synapses, "w", record=[0])
        network = Network(synapses.source, synapses.target, synapses, monitor)
        with pytest.raises(BrianObjectException) as caught:
            network.run(1 * ms)
        assert "read_bits=16: 'synapses" in str(caught.value.__cause__)

    def test_delays_and_pairs_that_are_not_connected(self):
        with pytest.raises(NotImplementedError, match="read_bits=16"):
            projection().connect("i != j")
        with pytest.raises(NotImplementedError, match="read_bits=16"):
            projection().transmit.delay = 1 * ms


def test_no_copy_at_runtime():
    with pytest.raises(NotImplementedError, match=r"C\+\+ standalone"):
        projection()
