"""The dense kernels, as generated, run thread by thread and agree with `Synapses`.

The shim draws the order of blocks and threads, fills memory with garbage, and ends the
program if two threads use an address with no barrier between them.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, TimedArray, defaultclock, prefs, set_device
from brian2.devices.device import get_device, reset_device
from dense_networks import (
    CONFIGURATIONS,
    N_STEPS,
    SEEDS,
    Part,
    in_program,
    names_of,
    simulate_stock,
    spike_train,
)

from spikefa.dense import DenseSynapses
from spikefa.devices.cuda import activate, check_machine
from spikefa.devices.cuda_project import compile_cuda_project

ORDERS = (0, 1, 2)
KEYS = [key for key, configuration in CONFIGURATIONS.items() if configuration.on_cuda]


class Program:
    """All configurations in one program, behind the shim."""

    def __init__(self, folder):
        self.folder = folder
        machine = check_machine()
        activate(machine)
        self.train = TimedArray(spike_train(0), dt=defaultclock.dt, name="train")
        self.parts = {
            key: Part(key, DenseSynapses, self.train, prefix=f"p{number}_")
            for number, key in enumerate(KEYS)
        }
        for part in self.parts.values():
            part.set(part.drawn_values(SEEDS[0]))
        objects = [obj for part in self.parts.values() for obj in part.objects]
        Network(objects).run(N_STEPS * defaultclock.dt, namespace={})
        compile_cuda_project(get_device(), folder, machine)
        self.device = get_device()
        self._known = {}
        reset_device()
        set_device("runtime")

    def run(self, seed, order, counts=""):
        """State of every configuration after a run."""
        if (seed, order) not in self._known or counts:
            self._known[seed, order] = self._run(seed, order, counts)
        return self._known[seed, order]

    def _run(self, seed, order, counts):
        (self.folder / "arguments").mkdir(exist_ok=True)
        values = {"train.values": spike_train(seed).astype(float)}
        for part in self.parts.values():
            for (owner, name), value in part.drawn_values(seed).items():
                variable = part.view(owner, name).variable
                name_in_program = f"{variable.owner.name}.{variable.name}"
                value = in_program(part, owner, value.astype(variable.dtype))
                values[name_in_program] = value
        arguments = []
        for name, value in values.items():
            value.tofile(self.folder / "arguments" / name)
            arguments.append(f"{name}=arguments/{name}")
        subprocess.run(
            ["./main", "--results_dir", "results/", *arguments],
            cwd=self.folder,
            env=os.environ | {"SHIM_SEED": str(order), "SHIM_COUNTS": counts},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return {key: self._state(part) for key, part in self.parts.items()}

    def _state(self, part):
        """Read what the program wrote, by the names of `Part.state`."""
        state = {}
        for owner_name, owner in part._owners().items():
            for name in names_of(owner):
                variable = owner.variables[name]
                file = self.device.get_array_filename(variable)
                path = self.folder / "results" / Path(file).name
                values = np.fromfile(path, variable.dtype)
                if getattr(owner, "mask", None) is not None:
                    values = values[owner.positions()]
                state[f"{owner_name}.{name}"] = values
        return state


@pytest.fixture(scope="module")
def program(tmp_path_factory, module_shim):
    before = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = np.float32
    yield Program(tmp_path_factory.mktemp("kernels") / "project")
    prefs.core.default_float_dtype = before


@pytest.fixture(scope="module")
def stock():
    """State before and after a run with `Synapses` at runtime."""
    known = {}

    def run(key, seed):
        if (key, seed) not in known:
            before = prefs.codegen.target
            prefs.codegen.target = CONFIGURATIONS[key].reference
            known[key, seed] = simulate_stock(key, seed)
            prefs.codegen.target = before
        return known[key, seed]

    return run


def _cases():
    """All configurations; those whose reference has to be compiled too are slow."""
    for key in KEYS:
        compiled = CONFIGURATIONS[key].reference != "numpy"
        yield pytest.param(key, marks=[pytest.mark.slow] if compiled else [])


@pytest.mark.compiles
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("key", _cases())
def test_kernels_agree_with_stock(key, seed, order, program, stock):
    found = program.run(seed, order)[key]
    before, expected = stock(key, seed)
    for name, value in expected.items():
        scale = np.abs(value).max(initial=1e-12)
        np.testing.assert_allclose(
            found[name], value, rtol=2e-5, atol=2e-6 * scale, err_msg=name
        )
    changed = any(np.any(before[name] != expected[name]) for name in expected)
    assert changed == (key != "silent"), "the configuration tests nothing"


@pytest.mark.compiles
@pytest.mark.parametrize("key", KEYS)
def test_results_do_not_depend_on_the_order_of_blocks(key, program):
    first, *others = [program.run(SEEDS[0], order)[key] for order in ORDERS]
    for other in others:
        for name, value in first.items():
            assert np.array_equal(other[name], value), name


@pytest.mark.compiles
def test_each_weight_of_a_spiking_row_is_read_once_and_written_once(program, tmp_path):
    counts = tmp_path / "counts"
    program.run(SEEDS[0], 0, str(counts))
    key = "propagate and learn"
    part, n_post = program.parts[key], CONFIGURATIONS[key].n_post
    expected = spike_train(SEEDS[0])[:, : CONFIGURATIONS[key].n_pre].sum(1) * n_post
    name = part.synapses.name
    for pathway, writes in (("learn", 1), ("transmit", 0)):
        rows = [line.split() for line in counts.read_text().splitlines()]
        launches = [
            [int(number) for number in row[2:]]
            for row in rows
            if row[:2]
            == [f"_run_kernel_{name}_{pathway}_codeobject", f"dev_array_{name}_w"]
        ]
        # A launch in which nothing spikes touches no weight and has no line.
        assert len(launches) == np.count_nonzero(expected) > 12
        for (loads, stores, loaded, stored, most_loads, most_stores), n in zip(
            launches, expected[expected > 0], strict=True
        ):
            assert loads == loaded == n
            assert stores == stored == writes * n
            assert most_loads == 1
            assert most_stores == writes
