"""Sessions that several test files share."""

import pytest
import twin


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
    """A session with forced spikes, parametrized by (engine, device)."""
    engine, device = request.param
    if device == "cpp":
        return open_compiled(twin.open_forced, engine)
    return twin.open_forced(engine=engine, device=device, recording=True)


@pytest.fixture
def lif(request, open_compiled):
    """A session of integrate-and-fire neurons, parametrized by (engine, device)."""
    engine, device = request.param
    if device == "cpp":
        return open_compiled(twin.open_lif, engine)
    return twin.open_lif(engine=engine, device=device, recording=True)
