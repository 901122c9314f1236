"""The configurations run once for each target, in one program each for C++."""

import logging

import numpy as np
import pytest
from brian2 import (
    Network,
    Quantity,
    TimedArray,
    defaultclock,
    device,
    prefs,
    set_device,
)
from brian2.devices.device import reset_device
from dense_networks import (
    CONFIGURATIONS,
    N_STEPS,
    SEEDS,
    Part,
    in_program,
    simulate,
    simulate_stock,
    spike_train,
)
from standalone import compile_here

from spikefa.dense import DenseSynapses


@pytest.fixture(autouse=True, scope="session")
def _single_precision():
    before = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = np.float32
    yield
    prefs.core.default_float_dtype = before


@pytest.fixture
def target(request):
    """Brian2's code generation target of a test; 'cython' unless it is parametrised."""
    before = prefs.codegen.target
    prefs.codegen.target = getattr(request, "param", "cython")
    yield prefs.codegen.target
    prefs.codegen.target = before


@pytest.fixture
def numpy_in_double(monkeypatch):
    """NumPy code in double precision, and no word of Brian2."""
    monkeypatch.setattr(logging.getLogger("brian2"), "level", logging.CRITICAL)
    before = prefs.codegen.target, prefs.core.default_float_dtype
    prefs.codegen.target, prefs.core.default_float_dtype = "numpy", np.float64
    yield
    prefs.codegen.target, prefs.core.default_float_dtype = before


@pytest.fixture
def _standalone(tmp_path):
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    yield
    reset_device()


@pytest.fixture(scope="session")
def stock():
    """State before and after a run with `Synapses` at runtime, by name and seed."""
    known = {}

    def run(key, seed):
        if (key, seed) not in known:
            before = prefs.codegen.target
            prefs.codegen.target = CONFIGURATIONS[key].reference
            known[key, seed] = simulate_stock(key, seed)
            prefs.codegen.target = before
        return known[key, seed]

    return run


@pytest.fixture(scope="session")
def standalone(tmp_path_factory):
    """Results of `run_standalone` on one thread."""
    return run_standalone(tmp_path_factory.mktemp("standalone"), 0, CONFIGURATIONS)


@pytest.fixture(scope="session")
def openmp(request, tmp_path_factory):
    """Results of `run_standalone` on two threads, of what the chosen tests ask for."""
    chosen = [getattr(item, "callspec", None) for item in request.session.items]
    asked = {
        spec.params["key"]
        for spec in chosen
        if spec is not None and spec.params.get("where") == "openmp"
    }
    keys = [key for key in CONFIGURATIONS if key in asked]
    return run_standalone(tmp_path_factory.mktemp("openmp"), 2, keys)


@pytest.fixture
def dense_state(request, target):
    """Final state of a `DenseSynapses` run by target, name and seed."""

    def run(where, key, seed):
        if where == "cython":
            return simulate(key, DenseSynapses, seed)[1]
        return request.getfixturevalue(where)[key, seed]

    return run


class RunArguments(dict):
    """Values by variable; comparing variables, as dictionaries do, reads them."""

    def __init__(self, pairs):
        self._pairs = pairs

    def items(self):
        return self._pairs


def run_standalone(folder, threads, keys):
    """Build configurations into one program; run it for every seed."""
    standalone = prefs.devices.cpp_standalone
    before = standalone.openmp_threads, standalone.extra_make_args_unix
    standalone.openmp_threads = threads
    # Brian2's '-j' starts all at once.
    standalone.extra_make_args_unix = ["-j2", *(a for a in before[1] if a != "-j")]
    set_device("cpp_standalone", directory=str(folder), build_on_run=False)
    try:
        train = TimedArray(spike_train(0), dt=defaultclock.dt, name="train")
        parts = {
            key: Part(key, DenseSynapses, train, prefix=f"p{number}_")
            for number, key in enumerate(keys)
        }
        for part in parts.values():
            part.set(part.drawn_values(SEEDS[0]))
        network = Network([obj for part in parts.values() for obj in part.objects])
        network.run(N_STEPS * defaultclock.dt, namespace={})
        compile_here(folder)
        results = {}
        for seed in SEEDS:
            values = [(train, spike_train(seed))]
            for part in parts.values():
                for (owner, name), value in part.drawn_values(seed).items():
                    view, value = part.view(owner, name), in_program(part, owner, value)
                    values.append((view, Quantity(value, dim=view.dim)))
            device.run(run_args=RunArguments(values), with_output=False)
            for key, part in parts.items():
                results[key, seed] = part.state()
        return results
    finally:
        device.reinit()
        device.activate()
        reset_device()
        standalone.openmp_threads, standalone.extra_make_args_unix = before
