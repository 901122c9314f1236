"""Rate networks through NumPy: nothing to compile, same equations."""

import pytest
from brian2 import prefs

from spikefa.devices import open as devices


@pytest.fixture
def numpy_codegen(monkeypatch):
    """Let runtime sessions run through NumPy."""
    activate = devices._activate_runtime

    def activate_runtime(threads):
        activate(threads)
        prefs.codegen.target = "numpy"

    monkeypatch.setattr(devices, "_activate_runtime", activate_runtime)
    yield
    prefs.codegen.target = "cython"
