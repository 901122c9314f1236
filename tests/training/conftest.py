"""One compiled session for all training tests."""

import pytest
from small_task import small_architecture

from spikefa import load_model, open_session

RECORD = {
    "layer_1.h": [0],
    "delta_1.delta": [0],
    "layer_0.spikes": True,
    "layer_1.spikes": range(3, 28),
    "forward_2.W": [(0, 1), (30, 14)],
}


@pytest.fixture(scope="session")
def session():
    """A small network in C++ standalone mode, which any test may leave changed."""
    model = load_model().replace(eta=0.03)  # few neurons, few images
    with open_session(small_architecture(), model, record=RECORD) as session:
        yield session
