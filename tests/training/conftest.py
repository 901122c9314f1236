"""One compiled session for all training tests."""

import pytest
from small_task import open_small


@pytest.fixture(scope="session")
def session():
    """A small network in C++ standalone mode, which any test may leave changed."""
    with open_small() as session:
        yield session
