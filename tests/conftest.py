"""What all tests share: where builds go, and Brian2 as each test found it."""

import gc
import logging
import subprocess
import time
from functools import cache, partial
from pathlib import Path

import pytest

#: Folders whose tests need no compiler, and little time.
QUICK = {"analysis", "datasets", "figures", "house", "models"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what builds CUDA projects as long, and what is quick as quick."""
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder == "cuda" and "compiles" in marks:
            item.add_marker("long")
        if folder in QUICK and not marks & {"compiles", "long", "slow"}:
            item.add_marker("quick")


@pytest.fixture(autouse=True, scope="session")
def _build_cache(request):
    """Compiled programs go to pytest's cache folder, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPIKEFA_CACHE", str(request.config.cache.mkdir("spikefa")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _fast_brian():
    """Compile for the runtime device without optimization, and log problems only.

    Most of the time of these tests is that of the compiler. Standalone programs keep
    the flags that users get. Brian2 keeps the statements that it has read: to find them
    again takes longer than to read them, where all networks are tiny.
    """
    from brian2.codegen import translation
    from brian2.codegen.generators import base
    from brian2.codegen.runtime.cython_rt import cython_rt

    make_statements = translation.make_statements.__wrapped__

    compiler_and_args = cython_rt.get_compiler_and_args

    def quick_compiler_and_args():
        compiler, args = compiler_and_args()
        return compiler, [*args, "-O0"]

    logging.getLogger("brian2").setLevel(logging.WARNING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cython_rt, "get_compiler_and_args", quick_compiler_and_args)
        for module in (translation, base):
            patch.setattr(module, "make_statements", make_statements)
        yield


@pytest.fixture(autouse=True, scope="session")
def _digits_once():
    """Unpack MNIST once in a process: it takes a fifth of a second each time."""
    from spikefa.datasets import loaders

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loaders, "load_mnist", cache(loaders.load_mnist))
        yield


@pytest.fixture(autouse=True, scope="session")
def _short_collections():
    """Let a run of a network go through what is new, not through everything.

    It begins with `gc.collect`, which was a third of the time of small tests. Python
    still looks at all objects when there are many new ones.
    """
    from brian2.core import network

    class Collector:
        collect = staticmethod(partial(gc.collect, 1))

    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "gc", Collector)
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_needless_words():
    """Leave out what Brian2 writes for people, and asks again and again.

    Each object keeps the source lines that made it and describes its clock for the log,
    each look at a preference writes the documentation of its category, and each name is
    parsed whenever equations are joined: a third of the time of small tests.
    """
    from brian2.core import base, clocks, preferences
    from brian2.equations.equations import Equations, check_identifier_basic

    class NoTraceback:
        extract_stack = staticmethod(list)

    checks = Equations.identifier_checks - {check_identifier_basic}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "traceback", NoTraceback)
        patch.setattr(clocks.Clock, "__repr__", object.__repr__)
        patch.setattr(
            preferences.BrianGlobalPreferences,
            "_get_one_documentation",
            lambda self, basename, link_targets: "",
        )
        patch.setattr(
            Equations, "identifier_checks", checks | {cache(check_identifier_basic)}
        )
        yield


@pytest.fixture(autouse=True, scope="session")
def _names_of_living_objects():
    """Let Brian2 look for a free name while no object goes.

    It asks each object twice, and a collection between the two ends in an error once
    in some thousands of tests.
    """
    from brian2.core import names

    find_name = names.find_name

    def find_among_living(name, taken=None):
        if taken is None and name.endswith("*"):
            living = [reference() for reference in names.Nameable.__instances__()]
            taken = {getattr(obj, "name", None) for obj in living}
        return find_name(name, taken)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "find_name", find_among_living)
        yield


@pytest.fixture(autouse=True, scope="module")
def _untouched_brian():
    """Start each module on the runtime device with Brian2's own preferences.

    Command lines and sessions that run in this process choose a device, a target and
    a precision for the rest of it.
    """
    from brian2 import defaultclock, ms, prefs, set_device
    from brian2.devices.device import all_devices, reset_device

    kept = (prefs.core.default_float_dtype, prefs.codegen.target)
    reset_device()
    set_device("runtime")
    # It keeps the arrays of groups that are gone, and would build them again.
    all_devices["cpp_standalone"].reinit()
    defaultclock.dt = 0.1 * ms  # the models of earlier modules have their own
    yield
    reset_device()
    set_device("runtime")
    prefs.core.default_float_dtype, prefs.codegen.target = kept


@pytest.fixture
def mount_disk(tmp_path):
    """Mount small disks with given options; skip where only root may."""
    places = []

    def mount(options):
        place = tmp_path / f"disk {len(places)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root can mount a disk")
        places.append(place)
        return place

    yield mount
    for place in places:
        unmount(place)


def unmount(place, seconds=5):
    """Remove a disk; a process that another thread starts may hold it for a moment."""
    deadline = time.monotonic() + seconds
    while True:
        result = subprocess.run(["umount", place], capture_output=True, text=True)
        if result.returncode == 0:
            return
        assert time.monotonic() < deadline, result.stderr
        time.sleep(0.1)
