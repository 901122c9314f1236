"""Configurations of `DenseSynapses` in one program behind the shim."""

import os
import subprocess
from pathlib import Path

import numpy as np
from brian2 import Network, TimedArray, defaultclock, set_device
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
from spikefa.devices.cuda.project import compile_cuda_project
from spikefa.devices.cuda.session import activate, check_machine

__all__ = ["KEYS", "ORDERS", "Program", "assert_same_state", "simulate_stock"]

KEYS = [key for key, configuration in CONFIGURATIONS.items() if configuration.on_cuda]

#: Seeds of the order of blocks and threads.
ORDERS = (0, 1, 2)


class Program:
    """Some configurations in one program, compiled while the shim is in place.

    Parameters
    ----------
    folder : pathlib.Path
    keys : sequence of str, optional
        Of `CONFIGURATIONS`.
    """

    def __init__(self, folder, keys=KEYS):
        self.folder = folder
        machine = check_machine()
        activate(machine)
        self.train = TimedArray(spike_train(0), dt=defaultclock.dt, name="train")
        self.parts = {
            key: Part(key, DenseSynapses, self.train, prefix=f"p{number}_")
            for number, key in enumerate(keys)
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
            stderr=subprocess.PIPE,
            text=True,
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


def assert_same_state(found, expected):
    """Compare with `Synapses`: sums are added up in another order."""
    for name, value in expected.items():
        scale = np.abs(value).max(initial=1e-12)
        np.testing.assert_allclose(
            found[name], value, rtol=2e-5, atol=2e-6 * scale, err_msg=name
        )
