"""One compiled session for all training tests."""

import pytest
from small_task import open_compiled


@pytest.fixture(scope="session")
def session():
    """A small network in C++ standalone mode, which any test may leave changed."""
    with open_compiled() as session:
        yield session
