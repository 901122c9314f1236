"""Programs that the real nvcc has compiled, executed by an emulator of its PTX.

``SPIKEFA_EMULATOR`` names the emulator's folder: ``bin/nvcc`` in it compiles and links,
``configure.ocelot`` is its configuration. Where it is not set these tests are skipped.
What they test is in the modules behind whose names theirs follow: the same tests, with
the emulator in the place of the shim.

The emulator executes blocks one after the other. ``SPIKEFA_OCELOT`` names a checkout of
the source that it is built from, with its submodule ``hydrazine``: then blocks take
turns and fences matter, see ``interleave.cpp``.
"""

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def emulator():
    """Folder of the emulator."""
    if not (named := os.environ.get("SPIKEFA_EMULATOR")):
        pytest.skip("needs an emulator: SPIKEFA_EMULATOR names its folder")
    folder = Path(named).resolve()
    assert (folder / "bin" / "nvcc").exists(), f"there is no emulator in {folder}"
    return folder


@pytest.fixture(scope="session")
def rate_network():
    """No transfer function with a power: the emulator has no function calls."""
    return ("logistic", "logistic", "linear"), 0.005


@pytest.fixture(scope="session")
def unlinked():
    """Variables are set by kernels that ask CUDA for the occupancy of the card."""
    return frozenset({"set by strings", "summed, narrow integers", "some pairs"})


@pytest.fixture(scope="session")
def unseen():
    """Four barriers; a read that nvcc repeats anyway; two uses out of bounds.

    The threads of a block are in lockstep, and arrays have no bounds: what does no harm
    by chance does not show.
    """
    return frozenset(
        {
            "barrier_before_counting_dropped",
            "barrier_between_flags_dropped",
            "barrier_between_lanes_dropped",
            "delay_moves_on_early",
            "sums_read_from_registers",
            "load_before_bounds_test",
            "one_word_too_many",
        }
    )


@pytest.fixture(scope="session")
def libraries(emulator, driver, tmp_path_factory):
    """Folders of the libraries that programs load, those that come first in front."""
    folders = [driver, emulator]
    if source := os.environ.get("SPIKEFA_OCELOT"):
        folder, ocelot = tmp_path_factory.mktemp("ocelot"), Path(source) / "ocelot"
        includes = [ocelot / "include", ocelot / "ThirdParty" / "hydrazine" / "include"]
        command = ["g++", "-O1", "-w", "-fPIC", "-shared", "-std=c++17", "-fpermissive"]
        command += [f"-I{include}" for include in includes]
        library = "librt_ocelot.so"
        files = [Path(__file__).with_name("interleave.cpp"), emulator / library]
        subprocess.run([*command, "-o", folder / library, *files, "-ldl"], check=True)
        folders.insert(0, folder)
    return os.pathsep.join(map(str, folders))


@pytest.fixture(scope="module")
def module_shim(emulator, libraries):
    """Put the emulator in the place of CUDA, for all tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{emulator / 'bin'}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("LD_LIBRARY_PATH", libraries)
        patch.setenv("OCELOT_CONFIG", str(emulator / "configure.ocelot"))
        patch.setenv("SHIM_CARD", "7.5")
        patch.setenv("SHIM_DRIVER", "13000")
        patch.delenv("CUDA_PATH", raising=False)
        yield


@pytest.fixture
def shim(module_shim):
    """Put the emulator in the place of CUDA, for one test."""
