"""Random numbers that are given to both sides."""

import pytest

from .judge import given_random_numbers


@pytest.fixture(autouse=True, scope="module")
def _given_random_numbers():
    with pytest.MonkeyPatch.context() as patch:
        given_random_numbers(patch)
        yield
