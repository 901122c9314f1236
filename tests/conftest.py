"""What all tests share: where builds go, and Brian2 as each test found it."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _build_cache(request):
    """Compiled programs go to pytest's cache folder, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPIKEFA_CACHE", str(request.config.cache.mkdir("spikefa")))
        yield


@pytest.fixture(autouse=True, scope="module")
def _untouched_brian():
    """Start each module on the runtime device with Brian2's own preferences.

    Command lines and sessions that run in this process choose a device, a target and
    a precision for the rest of it.
    """
    from brian2 import prefs, set_device
    from brian2.devices.device import all_devices, reset_device

    kept = (prefs.core.default_float_dtype, prefs.codegen.target)
    reset_device()
    set_device("runtime")
    # It keeps the arrays of groups that are gone, and would build them again.
    all_devices["cpp_standalone"].reinit()
    yield
    reset_device()
    set_device("runtime")
    prefs.core.default_float_dtype, prefs.codegen.target = kept
