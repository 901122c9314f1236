"""Compiled programs of the tests go to pytest's cache folder, not to the user's."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _build_cache(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPIKEFA_CACHE", str(request.config.cache.mkdir("spikefa")))
        yield
