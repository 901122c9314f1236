"""Sessions that several test files share."""

import pytest
import twin
from brian2 import prefs

from spikefa.devices import open as devices


@pytest.fixture
def numpy_codegen(monkeypatch):
    """Let stock runtime sessions run through NumPy: nothing to compile.

    The dense engine has no NumPy code and stays on Cython.
    """
    build = devices.build_network

    def build_network(architecture, *args, **kwds):
        if architecture.engine == "stock":
            prefs.codegen.target = "numpy"
        return build(architecture, *args, **kwds)

    monkeypatch.setattr(devices, "build_network", build_network)


@pytest.fixture(scope="session")
def open_compiled():
    """Open C++ sessions and keep them; a build takes about half a minute."""
    sessions = {}

    def opened(opener, engine):
        if (opener, engine) not in sessions:
            sessions[opener, engine] = opener(
                engine=engine, device="cpp", recording=True
            )
        return sessions[opener, engine]

    yield opened
    for session in sessions.values():
        session.close()


@pytest.fixture
def forced(request, open_compiled):
    """A session with forced spikes, parametrized by (engine, device).

    Device "numpy" is the runtime device that generates NumPy code.
    """
    engine, device = request.param
    if device == "cpp":
        return open_compiled(twin.open_forced, engine)
    if device == "numpy":
        request.getfixturevalue("numpy_codegen")
        device = "runtime"
    return twin.open_forced(engine=engine, device=device, recording=True)


@pytest.fixture
def lif(request, open_compiled):
    """A session of integrate-and-fire neurons, parametrized by (engine, device)."""
    engine, device = request.param
    if device == "cpp":
        return open_compiled(twin.open_lif, engine)
    request.getfixturevalue("numpy_codegen")
    return twin.open_lif(engine=engine, device="runtime", recording=True)
