"""Where the pages are, and sessions that need no compiler."""

import sys
from functools import partial
from pathlib import Path

import pytest
from brian2 import prefs

import spikefa
from spikefa import Architecture
from spikefa.devices import open as devices

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))


@pytest.fixture(scope="session")
def docs():
    """The folder of the pages."""
    return DOCS


@pytest.fixture
def nothing_to_compile(monkeypatch):
    """Let networks run on Brian2's own synapses, through NumPy."""
    build = devices.build_network

    def build_network(*args, **kwds):
        prefs.codegen.target = "numpy"
        return build(*args, **kwds)

    monkeypatch.setattr(devices, "build_network", build_network)
    stock = partial(Architecture, engine="stock")
    monkeypatch.setattr(spikefa, "Architecture", stock, raising=False)
    return stock
