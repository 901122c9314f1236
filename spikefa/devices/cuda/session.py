"""CUDA: Brian2CUDA's program for a graphics card, which makes a run for every chunk.

The program is built and asked for runs as in C++ standalone mode; between runs the
state stays on the card. No card is needed to generate and compile it.
"""

import os
import re
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from brian2 import prefs, set_device
from brian2.devices.device import get_device

from ...errors import InputError, ProjectBuilt
from ..cache import exclusive
from ..cpp.main_loop import include_header
from ..cpp.project import install_arrays
from ..cpp.session import StandaloneSession
from .driver import Driver, ask_driver
from .main_loop import CudaMainLoop
from .project import compile_cuda_project, program_in
from .toolkit import HOW_TO_INSTALL, Toolkit, find_toolkit

__all__ = [
    "DEFAULT_CAPABILITY",
    "CudaSession",
    "Machine",
    "activate",
    "check_machine",
]

#: Compute capability without a card: that of the A100. A newer card runs it too: its
#: driver translates it when the program starts.
DEFAULT_CAPABILITY = "8.0"

#: Multiprocessors of a usual card of each compute capability (A100, RTX 3090, RTX 4090,
#: H100, B200, RTX 5090), for programs that are compiled without one.
USUAL_MULTIPROCESSORS = {8.0: 108, 8.6: 82, 8.9: 128, 9.0: 132, 10.0: 148, 12.0: 170}


@dataclass(frozen=True)
class Machine:
    """What a CUDA build needs to know of a machine.

    Attributes
    ----------
    capability : float
        Compute capability that is compiled for.
    driver : Driver
    toolkit : Toolkit or None
        None where there is no compiler, and a program that has been compiled elsewhere.
    multiprocessors : int
        Of the card that the program is for: kernels have four blocks for each.
    """

    capability: float
    driver: Driver
    toolkit: Toolkit | None
    multiprocessors: int = USUAL_MULTIPROCESSORS[float(DEFAULT_CAPABILITY)]

    @property
    def target(self):
        """What of this shapes the generated code."""
        return str(self.capability)

    def runs(self, version):
        """Whether the driver runs programs of a version of CUDA.

        All versions of CUDA of one major number run on the same drivers.
        """
        return self.driver.cuda is None or int(version) <= int(self.driver.cuda)


def check_machine(capability=None, build_only=False, build_dir=None):
    """Find what a CUDA build needs, before anything is written.

    Parameters
    ----------
    capability : str, optional
        Compute capability to compile for; default: that of the card, or
        `DEFAULT_CAPABILITY`.
    build_only : bool, optional
        Whether a card can be missing.
    build_dir : path, optional
        Where there may be a program that needs no compiler any more.

    Returns
    -------
    machine : Machine

    Raises
    ------
    InputError
        If something is missing, or too old.
    """
    if find_spec("brian2cuda") is None:
        raise InputError(f"device 'cuda' needs Brian2CUDA{_how_to_get_brian2cuda()}")
    driver = ask_driver()
    card, why = driver.card, driver.problem
    toolkit = find_toolkit()
    compiled = build_dir is not None and any(Path(build_dir).glob("*/complete"))
    if toolkit is None and not (compiled and card):
        and_no_card = "" if card else f", nor is there a graphics card ({why})"
        raise InputError(
            f"device 'cuda' needs the compiler nvcc: not found{and_no_card}; "
            f"{HOW_TO_INSTALL} brings one, device='cpp' needs none"
        )
    if card is None and not build_only:
        raise InputError(
            f"device 'cuda' needs a graphics card: none found ({why}); build_only=True "
            "compiles without one, device='cpp' runs without one"
        )
    chosen = capability or (card.capability if card else DEFAULT_CAPABILITY)
    if not re.fullmatch(r"\d{1,2}\.\d", chosen, re.ASCII):
        raise InputError(f"compute capability: expected such as 9.0, got {chosen}")
    same = card is not None and (not build_only or card.capability == chosen)
    usual = USUAL_MULTIPROCESSORS.get(float(chosen), Machine.multiprocessors)
    number = card.multiprocessors if same else usual
    machine = Machine(float(chosen), driver, toolkit, number)
    if toolkit is not None:
        toolkit.check(chosen)
    if not build_only:
        _check_card(machine, compiled)
    return machine


def _how_to_get_brian2cuda():
    """What to do, which depends on Python: Brian2CUDA 1.0b1 is not for all versions."""
    if sys.version_info >= (3, 13):
        here = ".".join(map(str, sys.version_info[:2]))
        return f", which needs Python 3.12: this is {here}"
    return f": {HOW_TO_INSTALL}"


def _check_card(machine, compiled):
    """Refuse what the card and its driver could not run."""
    card, toolkit = machine.driver.card, machine.toolkit
    if machine.capability > float(card.capability):
        raise InputError(
            f"compute capability: {machine.capability} is more than that of the card "
            f"({card.name}: {card.capability})"
        )
    if toolkit and not compiled and not machine.runs(toolkit.version):
        raise InputError(
            f"the driver of the graphics card runs programs of CUDA "
            f"{machine.driver.cuda} at most, and {toolkit.nvcc} is of CUDA "
            f"{toolkit.version}: a newer driver, or the environment variable CUDA_PATH "
            "with the folder of an older CUDA"
        )


def activate(machine):
    """Choose Brian2CUDA's device, for a given machine.

    Parameters
    ----------
    machine : Machine
    """
    import brian2cuda  # noqa: F401  (adds its device and its preferences)
    from brian2cuda.utils import gputools

    set_device("cuda_standalone", build_on_run=False)
    device = get_device()
    device.reinit()
    device.activate(build_on_run=False)
    # It would ask the card and the compiler that there may not be. The generated code
    # is the same for every version from 8 on, and its makefile is not used.
    gputools.reset_gpu_selection()
    gputools.restore_cuda_installation(
        {"cuda_path": "/", "nvcc_path": "nvcc", "runtime_version": 12.0}
    )
    backend = prefs.devices.cuda_standalone.cuda_backend
    backend.detect_gpus = False
    backend.gpu_id = 0
    backend.compute_capability = machine.capability
    prefs[_multiprocessors()] = machine.multiprocessors
    include_header()


def _multiprocessors():
    """Name of the preference, which is there where Brian2CUDA is installed."""
    from ...dense.cuda import MULTIPROCESSORS

    return MULTIPROCESSORS


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

    main_loop = CudaMainLoop

    def __init__(self, network, build_dir, machine, build_only=False):
        self._machine, self._build_only = machine, build_only
        if built := program_in(Path(build_dir)):  # perhaps elsewhere, for such a card
            prefs[_multiprocessors()] = built["multiprocessors"]
        super().__init__(network, build_dir)

    def _compile(self, device):
        net, machine = self.network, self._machine
        described = {
            "compute capability": machine.capability,
            **asdict(net.architecture),
            "model": net.model.text_hash[:8],
            "records": sorted(net.records),
        }
        with exclusive(self.build_dir):
            compile_cuda_project(device, self.build_dir, machine, described)
            if not self._build_only:
                shutil.copy2(self.build_dir / "main", self.run_dir / "main")
                install_arrays(self.build_dir, self.run_dir)
        if self._build_only:
            raise ProjectBuilt(
                f"compiled for compute capability {machine.capability}: "
                f"{self.build_dir}\nto run it where there is a card: the same command "
                "without build_only=True; to take the compiled program along, copy the "
                f"folder and give build_dir='{self.build_dir.parent}'"
            )

    def environment(self):
        """Let the program find curand: it runs in another folder than it is built."""
        folders = [str(self.build_dir.absolute() / "lib")]
        folders += filter(None, [os.environ.get("LD_LIBRARY_PATH")])
        return super().environment() | {"LD_LIBRARY_PATH": ":".join(folders)}

    def _complaint(self, said, errors, answered):
        """Brian2CUDA's programs say a lot when all is well, on standard output."""
        lines = [*said.splitlines(), *errors.splitlines()]
        wrong = r"error|cannot|could not|memory error|there is no"
        found = [line for line in lines if re.match(wrong, line, re.IGNORECASE)]
        if not answered:  # it has died, of something that thrust or the loader tells
            found += [line for line in errors.splitlines() if line.strip()]
        return "\n".join(found)
