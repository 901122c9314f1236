"""CUDA without a card: nvcc compiles, and a shim runs the programs on the processor.

The folder ``shim`` has stand-ins for nvcc and the driver. Whatever is compiled while
they come first in PATH is the generated code as it is, with other headers around it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SHIM = TESTS / "cuda" / "shim" / "bin"
# The same networks, and the same oracle, as on the other devices.
sys.path += [str(TESTS / name) for name in ("dense", "network", "rate")]

#: The real one, before the shim is put in its place.
NVCC = shutil.which("nvcc")


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """Folder of the stand-in for the driver's library."""
    folder = tmp_path_factory.mktemp("driver")
    command = ["gcc", "-shared", "-fPIC", "-o", folder / "libcuda.so.1"]
    subprocess.run([*command, SHIM.parent / "driver.c"], check=True)
    return folder


def _in_the_place_of_cuda(patch, driver):
    patch.setenv("PATH", f"{SHIM}{os.pathsep}{os.environ['PATH']}")
    patch.setenv("LD_LIBRARY_PATH", str(driver))
    patch.delenv("CUDA_PATH", raising=False)


@pytest.fixture
def shim(monkeypatch, driver):
    """Put the stand-ins in the place of CUDA, for one test."""
    _in_the_place_of_cuda(monkeypatch, driver)


@pytest.fixture(scope="module")
def module_shim(driver):
    """Put the stand-ins in the place of CUDA, for all tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        _in_the_place_of_cuda(patch, driver)
        yield


@pytest.fixture(scope="session")
def rate_network():
    """Transfer functions of a small rate network; W changes by this much at least."""
    return ("hyperbolic", "logistic", "linear"), 0.02


@pytest.fixture(scope="session")
def unlinked():
    """Configurations that no program can have: none here."""
    return frozenset()


@pytest.fixture(scope="session")
def unseen():
    """Planted faults that are known not to show: none here."""
    return frozenset()


@pytest.fixture
def nvcc():
    """Skip where there is no CUDA compiler."""
    if NVCC is None:
        pytest.skip("needs nvcc")
    return NVCC
