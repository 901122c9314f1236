#!/usr/bin/env python
"""Dense layers of other people's networks: `DenseSynapses` against `Synapses`.

Each use case is built twice, as C++ standalone programs that differ in the class of
their synapses only, and the programs take turns. Printed are the milliseconds of a time
step (the fastest of the repeats), the most memory that a program held, and the ratios.

    python sims/benchmarks/dense.py  # all cases, one thread and two
    python sims/benchmarks/dense.py stdp --threads 1
    python sims/benchmarks/dense.py density  # where masks pay
    python sims/benchmarks/dense.py stdp --threads 2 --busy 2   # with busy neighbours
"""

import argparse
import multiprocessing
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    PoissonGroup,
    Synapses,
    defaultclock,
    device,
    ms,
    prefs,
    set_device,
)
from brian2.devices.device import reset_device

from spikefa.dense import DenseSynapses, connectivity

N_STEPS = 2000
REPEATS = 3


def stdp(synapses_class):
    """Inputs to excitatory neurons of the STDP network for digits, 784 x 400."""
    inputs = PoissonGroup(784, rates="20*Hz*(i % 4 == 0)", name="inputs")
    neurons = NeuronGroup(
        400,
        """
        dv/dt = (ge - v)/(20*ms) : 1
        dge/dt = -ge/ms : 1
        dtheta/dt = -theta/(1e7*ms) : 1
        """,
        threshold="v > 0.5 + theta",
        reset="v = 0; theta += 0.05",
        method="exact",
        name="neurons",
    )
    synapses = synapses_class(
        inputs,
        neurons,
        """
        w : 1
        dapre/dt = -apre/(20*ms) : 1 (event-driven)
        dapost/dt = -apost/(20*ms) : 1 (event-driven)
        """,
        on_pre="ge_post += w; apre = 1; w = clip(w - 0.0001*apost, 0, 1)",
        on_post="w = clip(w + 0.01*apre, 0, 1); apost = 1",
        name="synapses",
    )
    synapses.connect()
    synapses.w = "0.3*rand()"
    return [inputs, neurons, synapses]


def gap_junctions(synapses_class):
    """Neurons of which each is joined to each by a gap junction, 1000 x 1000."""
    neurons = NeuronGroup(
        1000,
        "dv/dt = (1.1 + current - v)/(10*ms) : 1\ncurrent : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        name="neurons",
    )
    neurons.v = "rand()"
    synapses = synapses_class(
        neurons,
        neurons,
        "w : 1\ncurrent_post = w*(v_pre - v_post) : 1 (summed)",
        name="synapses",
    )
    synapses.connect()
    synapses.w = "0.001*rand()"
    return [neurons, synapses]


def three_factor(synapses_class):
    """Eligibility traces that a reward makes into weights, 784 x 1000."""
    inputs = PoissonGroup(784, rates="20*Hz", name="inputs")
    neurons = NeuronGroup(
        1000,
        "dv/dt = -v/(20*ms) : 1\nda/dt = -a/(20*ms) : 1\nreward : 1 (shared)",
        threshold="v > 1",
        reset="v = 0; a += 1",
        method="exact",
        name="neurons",
    )
    synapses = synapses_class(
        inputs,
        neurons,
        "w : 1\neligibility : 1",
        on_pre="v_post += w; eligibility += 0.1*a_post",
        name="synapses",
    )
    synapses.connect()
    synapses.w = "0.02*rand()"
    synapses.run_regularly(
        "w = clip(w + 0.01*reward*eligibility, 0, 1); eligibility *= 0.9", dt=10 * ms
    )
    neurons.reward = 0.1
    return [inputs, neurons, synapses]


#: Statements on a spike, by name, from those that do least for a synapse.
STATEMENTS = {
    "transmit": "x_post += w",
    "learn": "x_post += w; w = clip(w - 0.0001*y_post, 0, 1)",
}


def masked(statements, density):
    """Some of the pairs of 784 x 400 neurons, of whose sources a fifth spikes."""

    def build(synapses_class):
        inputs = PoissonGroup(784, rates="200*Hz", name="inputs")
        neurons = NeuronGroup(400, "x : 1\ny : 1", name="neurons")
        synapses = synapses_class(
            inputs, neurons, "w : 1", on_pre=statements, name="synapses"
        )
        i, j = np.nonzero(np.random.default_rng(0).random((784, 400)) < density)
        synapses.connect(i=i, j=j)
        synapses.w = "0.3*rand()"
        return [inputs, neurons, synapses]

    return build


CASES = {"stdp": stdp, "gap": gap_junctions, "three-factor": three_factor}


class Program:
    """One use case, built."""

    def __init__(self, build, synapses_class, threads, folder):
        self.folder = Path(folder)
        prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
        set_device("cpp_standalone", directory=str(folder), build_on_run=False)
        defaultclock.dt = 1 * ms
        objects = build(synapses_class)
        Network(objects).run(N_STEPS * defaultclock.dt)
        # When a program has ended, the kernel counts the memory of Python as its own,
        # of which the program was a copy before it began.
        device.insert_code(
            "before_end",
            'if (system("grep VmHWM /proc/$PPID/status > memory")) exit(1);',
        )
        device.build(directory=str(folder), run=False, compile=True)
        device.reinit()
        device.activate()
        reset_device()

    def run(self):
        """Milliseconds of a time step, and megabytes held at most."""
        subprocess.run(
            ["./main", "--results_dir", "results/"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        information = (self.folder / "results/last_run_info.txt").read_text()
        kilobytes = (self.folder / "memory").read_text().split()[1]
        return 1000 * float(information.split()[0]) / N_STEPS, int(kilobytes) / 1024


def keep_busy():
    """What another program does."""
    while True:
        sum(range(10_000))


def measure(name, build, threads, folder):
    """Print one line of the table."""
    programs = [
        Program(build, synapses_class, threads, Path(folder) / f"{name}_{k}_{threads}")
        for k, synapses_class in enumerate((Synapses, DenseSynapses))
    ]
    runs = [[program.run() for program in programs] for _ in range(REPEATS)]
    best = np.array(runs).min(axis=0)
    (stock, stock_mb), (dense, dense_mb) = best
    print(
        f"{name:14} {threads:7} {stock:9.4f} {dense:9.4f} {stock / dense:6.1f}x "
        f"{stock_mb:8.0f} {dense_mb:8.0f}",
        flush=True,
    )


def main():
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[*CASES, "density", []])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--busy", type=int, default=0, help="other busy processes")
    options = parser.parse_args()
    prefs.core.default_float_dtype = np.float32
    # The measurement is what the limit comes from.
    connectivity.LOWEST_DENSITY = 0
    others = [
        multiprocessing.Process(target=keep_busy, daemon=True)
        for _ in range(options.busy)
    ]
    for other in others:
        other.start()
    print("case           threads  Synapses     dense  ratio    MB    MB dense")
    with tempfile.TemporaryDirectory() as folder:
        for threads in options.threads:
            for name in options.cases or CASES:
                if name != "density":
                    measure(name, CASES[name], threads, folder)
                    continue
                for what, statements in STATEMENTS.items():
                    for percent in (100, 80, 50, 30, 15):
                        build = masked(statements, percent / 100)
                        measure(f"{what} {percent} %", build, threads, folder)


if __name__ == "__main__":
    main()
