"""Running the scripts of the rate figures in this process."""

import dataclasses
import importlib
import json

import numpy as np
import pytest
from brian2 import prefs

from spikefa.devices import open as devices
from spikefa.experiments.command_line import run_command


@pytest.fixture
def numpy_codegen(monkeypatch):
    """Let runtime sessions run through NumPy, on the stock engine: nothing to compile.

    What is simulated is the same; that it is so on the dense engine too is for the
    tests of the engines.
    """
    build = devices.build_network

    def build_network(architecture, *args, **kwds):
        prefs.codegen.target = "numpy"
        architecture = dataclasses.replace(architecture, engine="stock")
        return build(architecture, *args, **kwds)

    monkeypatch.setattr(devices, "build_network", build_network)
    yield
    prefs.codegen.target = "cython"


class Finished:
    """A script that has run."""

    def __init__(self, code, out, printed):
        self.code, self.out = code, out
        self.stdout, self.stderr = printed

    @property
    def results(self):
        return json.loads((self.out / "results.json").read_text())

    @property
    def arrays(self):
        with np.load(self.out / "arrays.npz") as file:
            return dict(file)


@pytest.fixture
def script(capsys, tmp_path):
    """Run a script with options; results go to a folder of their own."""

    def run(name, *options, out="out"):
        module = importlib.import_module(f"spikefa.sims.{name}")
        folder = tmp_path / out
        argv = [*map(str, options), "--out", str(folder)]
        code = run_command(module.build_parser(), module.main, argv)
        return Finished(code, folder, capsys.readouterr())

    return run
