"""CUDA: Brian2CUDA's program for a graphics card, run again for every chunk.

The program is built, and its results are read, as in C++ standalone mode: Brian2CUDA
can neither store nor restore a state, but it takes new values as run arguments. No card
is needed to generate and compile it.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..errors import InputError, ProjectBuilt
from .cpp import StandaloneSession
from .cuda_project import compile_cuda_project

__all__ = [
    "DEFAULT_CAPABILITY",
    "CudaSession",
    "Machine",
    "activate",
    "check_machine",
    "implement_timed_arrays",
]

#: Compute capability without a card: that of the H100.
DEFAULT_CAPABILITY = "9.0"

#: Least compute capability that Brian2CUDA takes.
LEAST = 5.0

_HOW_TO_INSTALL = "pip install spikefa[cuda]"


@dataclass(frozen=True)
class Machine:
    """What a CUDA build needs to know of a machine.

    Attributes
    ----------
    nvcc : str
        Path of the compiler.
    version : float
        Of CUDA, such as 13.0.
    capability : float
        Compute capability that is compiled for.
    curand_headers : pathlib.Path
        A folder.
    curand_library : pathlib.Path
        A file.
    """

    nvcc: str
    version: float
    capability: float
    curand_headers: Path
    curand_library: Path

    @property
    def target(self):
        """What of this shapes the compiled program."""
        return f"{self.version} {self.capability}"


def check_machine(capability=None, build_only=False):
    """Find what a CUDA build needs, before anything is written.

    Parameters
    ----------
    capability : str, optional
        Compute capability to compile for; default: that of the card, or
        `DEFAULT_CAPABILITY`.
    build_only : bool, optional
        Whether a card can be missing.

    Returns
    -------
    machine : Machine

    Raises
    ------
    InputError
        If something is missing.
    """
    if find_spec("brian2cuda") is None:
        raise InputError(f"device 'cuda' needs Brian2CUDA: {_HOW_TO_INSTALL}")
    card = _card()
    nvcc = _nvcc()
    if nvcc is None:
        and_no_card = "" if card else ", nor is there a graphics card"
        raise InputError(
            f"device 'cuda' needs the compiler nvcc: not found{and_no_card}; use "
            "device='cpp'"
        )
    if card is None and not build_only:
        raise InputError(
            "device 'cuda' needs a graphics card: none found; build_only=True "
            "compiles without one, device='cpp' runs without one"
        )
    chosen = capability or card or DEFAULT_CAPABILITY
    if not re.fullmatch(r"\d{1,2}\.\d", chosen, re.ASCII) or float(chosen) < LEAST:
        raise InputError(
            f"compute capability: expected {LEAST} or more, such as 9.0, got {chosen}"
        )
    return Machine(nvcc, _version(nvcc), float(chosen), *_curand(nvcc))


def _nvcc():
    """Path of nvcc; CUDA_PATH goes first, as in Brian2CUDA."""
    home = os.environ.get("CUDA_PATH")
    return (home and shutil.which("nvcc", path=f"{home}/bin")) or shutil.which("nvcc")


def _version(nvcc):
    said = _output([nvcc, "--version"])
    if found := re.search(r"release (\d+\.\d+)", said):
        return float(found[1])
    raise InputError(f"{nvcc} does not tell its version")


def _card():
    """Compute capability of the first graphics card, as text, or None."""
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    lines = _output(command).splitlines()
    return lines[0].strip() if lines and re.match(r"\d+\.\d", lines[0]) else None


def _output(command):
    """Standard output of a command, nothing if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout


def _curand(nvcc):
    """Folder of curand's headers and its library, from the package or from CUDA."""
    try:
        found = [Path(file.locate()) for file in files("nvidia-curand") or ()]
    except PackageNotFoundError:
        home = Path(nvcc).resolve().parents[1]
        found = [home / "include" / "curand.h", *home.glob("lib*/libcurand.so.*")]
    headers = [path.parent for path in found if path.name == "curand.h"]
    libraries = [p for p in found if re.fullmatch(r"libcurand\.so\.\d+", p.name)]
    if not (headers and headers[0].is_dir() and libraries and libraries[0].exists()):
        raise InputError(f"device 'cuda' needs curand: {_HOW_TO_INSTALL}")
    return headers[0], libraries[0]


def activate(machine):
    """Choose Brian2CUDA's device, for a given machine.

    Parameters
    ----------
    machine : Machine
    """
    import brian2cuda  # noqa: F401  (adds its device and its preferences)
    from brian2 import prefs, set_device
    from brian2.devices.device import get_device
    from brian2cuda.utils import gputools

    set_device("cuda_standalone", build_on_run=False)
    device = get_device()
    device.reinit()
    device.activate(build_on_run=False)
    # It would ask the card that there may not be, and remembers what it was told.
    gputools.reset_gpu_selection()
    gputools.reset_cuda_installation()
    backend = prefs.devices.cuda_standalone.cuda_backend
    backend.detect_gpus = False
    backend.gpu_id = 0
    backend.compute_capability = machine.capability
    backend.cuda_runtime_version = machine.version
    backend.cuda_path = str(Path(machine.nvcc).parents[1])
    if "<sys/prctl.h>" not in prefs.codegen.cpp.headers:
        prefs.codegen.cpp.headers += ["<sys/prctl.h>"]


def implement_timed_arrays(values):
    """Give TimedArrays the CUDA code that those made after `activate` have.

    Parameters
    ----------
    values : iterable
        What may be among others a TimedArray, such as the values of a model.
    """
    from brian2 import TimedArray

    for array in values:
        if not isinstance(array, TimedArray):
            continue
        known = array.implementations
        if "cuda" in known._implementations:
            continue
        make = TimedArray.implementations["cuda"][array.values.ndim - 1]
        flat = array.values.astype(np.double, order="C", copy=False).ravel()
        namespace = {f"{array.name}_values": flat}
        known.add_dynamic_implementation(
            "cuda",
            make(array.values, array.dt, array.name),
            namespace=lambda owner, namespace=namespace: namespace,
            name=array.name,
        )


class CudaSession(StandaloneSession):
    """A network compiled for a graphics card.

    Parameters
    ----------
    network : FeedbackNetwork
        Built while Brian2CUDA's device is active.
    build_dir : path
    machine : Machine
    build_only : bool, optional
        Do not run it.

    Raises
    ------
    ProjectBuilt
        If it was not to be run; the text says where the project is.
    SpikefaError
        If the project does not compile.
    """

    seeding = "random_number_buffer.set_seed({seed}[0]);"

    def __init__(self, network, build_dir, machine, build_only=False):
        self._machine, self._build_only = machine, build_only
        super().__init__(network, build_dir)

    def _compile(self, device):
        compile_cuda_project(device, self.build_dir, self._machine)
        if self._build_only:
            raise ProjectBuilt(
                f"compiled for compute capability {self._machine.capability}: "
                f"{self.build_dir}\nto run it where there is a card: the same command "
                "without build_only=True; to take the compiled program along, copy the "
                f"folder and give build_dir='{self.build_dir.parent}'"
            )

    def _environment(self):
        """Let the program find curand: it runs in another folder than it is built."""
        folders = [str(self.build_dir.absolute() / "lib")]
        folders += filter(None, [os.environ.get("LD_LIBRARY_PATH")])
        return super()._environment() | {"LD_LIBRARY_PATH": ":".join(folders)}

    def _complaint(self, text):
        """Brian2CUDA's programs say a lot when all is well."""
        return "\n".join(
            line
            for line in super()._complaint(text).splitlines()
            if re.match(r"error|cannot|could not|memory error", line, re.IGNORECASE)
        )

    def _adapt(self, lines):
        """Refill random numbers in the clock of the neurons only, which draw them."""
        clock = self.network.layers[0].clock.name
        return [
            line
            for line in lines
            if "_run_random_number_buffer" not in line or f"(&{clock}," in line
        ]
