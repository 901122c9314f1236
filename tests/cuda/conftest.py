"""CUDA without a card: nvcc compiles, and a shim runs the programs on the processor.

The folder ``shim`` has stand-ins for nvcc and nvidia-smi. Whatever is compiled while
they come first in PATH is the generated code as it is, with other headers around it.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SHIM = TESTS / "cuda" / "shim" / "bin"
# The same networks, and the same oracle, as on the other devices.
sys.path += [str(TESTS / "dense"), str(TESTS / "network")]

#: The real one, before the shim is put in its place.
NVCC = shutil.which("nvcc")


@pytest.fixture
def shim(monkeypatch):
    """Put the stand-ins in the place of CUDA, for one test."""
    monkeypatch.setenv("PATH", f"{SHIM}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_PATH", raising=False)


@pytest.fixture(scope="module")
def module_shim():
    """Put the stand-ins in the place of CUDA, for all tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{SHIM}{os.pathsep}{os.environ['PATH']}")
        patch.delenv("CUDA_PATH", raising=False)
        yield


@pytest.fixture
def nvcc():
    """Skip where there is no CUDA compiler."""
    if NVCC is None:
        pytest.skip("needs nvcc")
    return NVCC
