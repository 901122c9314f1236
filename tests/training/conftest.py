"""One compiled session for all training tests."""

import pytest
from small_task import small_architecture

from spikefa import load_model, open_session


@pytest.fixture(scope="session")
def session():
    """A small network in C++ standalone mode, which any test may leave changed."""
    model = load_model().replace(eta=0.03)  # few neurons, few images
    with open_session(small_architecture(), model, watch=True) as session:
        yield session
