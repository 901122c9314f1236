"""CUDA's compiler, and the curand that goes with it.

Both are either of an installed CUDA or of the packages that the extra ``cuda`` brings.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from ...errors import InputError

__all__ = ["HOW_TO_INSTALL", "Toolkit", "find_toolkit"]

HOW_TO_INSTALL = "pip install spikefa[cuda]"

#: Packages with curand, by the major version of CUDA that they are built for.
CURAND_PACKAGES = {12: "nvidia-curand-cu12", 13: "nvidia-curand"}

#: Package with the compiler; what it needs comes in packages that share its folder.
NVCC_PACKAGE = "nvidia-cuda-nvcc"

#: Least version of CUDA: Brian2CUDA's programs are compiled as C++17, with its thrust.
LEAST_VERSION = 12

#: Least compute capability that Brian2CUDA takes; some compilers do not list theirs.
LEAST = 5.0


@dataclass(frozen=True)
class Toolkit:
    """An installed CUDA.

    Attributes
    ----------
    nvcc : str
        Path of the compiler.
    version : float
        Such as 13.0.
    home : pathlib.Path
        The folder that it is installed in.
    capabilities : tuple of str
        Compute capabilities that it compiles for.
    curand_headers : pathlib.Path
        A folder.
    libraries : tuple of pathlib.Path
        Files that a compiled program needs: curand, then CUDA's runtime if it is there.
    static_libraries : pathlib.Path or None
        Folder of the libraries that become part of a program, if it was found.
    """

    nvcc: str
    version: float
    home: Path
    capabilities: tuple
    curand_headers: Path
    libraries: tuple
    static_libraries: Path | None = None

    def check(self, capability):
        """Refuse a compute capability that the compiler does not know.

        Raises
        ------
        InputError
            Says which there are.
        """
        known = self.capabilities
        if known and capability not in known:
            raise InputError(
                f"compute capability: nvcc {self.version} compiles for "
                f"{', '.join(known)}, got {capability}"
            )
        if float(capability) < LEAST:
            raise InputError(
                f"compute capability: expected {LEAST} or more, got {capability}"
            )


def find_toolkit():
    """Find the compiler and a curand of the same CUDA.

    Returns
    -------
    toolkit : Toolkit or None
        None if there is no compiler.

    Raises
    ------
    InputError
        If the compiler cannot be used, or there is no curand for it.
    """
    nvcc = _nvcc()
    if nvcc is None:
        return None
    said = _output([nvcc, "--version"])
    found = re.search(r"release (\d+\.\d+)", said)
    if not found:
        raise InputError(f"{nvcc} does not tell its version")
    version, home = float(found[1]), _home(nvcc)
    if version < LEAST_VERSION:
        raise InputError(
            f"device 'cuda' needs CUDA {LEAST_VERSION} or newer: {nvcc} is of CUDA "
            f"{version}; the environment variable CUDA_PATH names the folder of another"
        )
    headers, curand = _curand(home, int(version))
    libraries = (curand, *_in_libraries(home, f"libcudart.so.{int(version)}"))
    static = [path.parent for path in _in_libraries(home, "libcudart_static.a")]
    return Toolkit(
        nvcc, version, home, _capabilities(nvcc), headers, libraries, *static
    )


def _nvcc():
    """Path of nvcc; CUDA_PATH goes first, as in Brian2CUDA, and the package last."""
    home = os.environ.get("CUDA_PATH")
    of_package = (p for p in _files_of(NVCC_PACKAGE) if p.parts[-2:] == ("bin", "nvcc"))
    return (
        (home and shutil.which("nvcc", path=f"{home}/bin"))
        or shutil.which("nvcc")
        or next(map(str, of_package), None)
    )


def _files_of(package):
    """Paths of the files of an installed package; none if it is not installed."""
    try:
        listed = [Path(file.locate()) for file in files(package) or ()]
    except PackageNotFoundError:
        return []
    return [path for path in listed if path.exists()]


def _home(nvcc):
    """Folder of the toolkit; what is in PATH may be a script that starts nvcc."""
    said = _output([nvcc, "--dryrun", "-x", "cu", "-c", os.devnull])
    top = re.search(r"^#\$ TOP=(.+)$", said, re.MULTILINE)
    return Path(top[1]).resolve() if top else Path(nvcc).resolve().parents[1]


def _capabilities(nvcc):
    listed = re.findall(r"compute_(\d+)(\d)\b", _output([nvcc, "--list-gpu-arch"]))
    return tuple(f"{major}.{minor}" for major, minor in sorted(listed, key=_as_number))


def _as_number(parts):
    return tuple(map(int, parts))


def _output(command):
    """What a command says, nothing if it fails."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout


def _curand(home, major):
    """Folder of curand's headers and its library, of CUDA itself or of the package.

    That of another major version neither links nor starts.
    """
    package = CURAND_PACKAGES.get(major, f"nvidia-curand (of CUDA {major})")
    own = home / "include" / "curand.h"
    there = [*[own] * own.exists(), *home.glob("lib*/libcurand.so.*")]
    there += _files_of(package)
    headers = [p.parent for p in there if p.name == "curand.h"]
    libraries = [p for p in there if re.fullmatch(r"libcurand\.so\.\d+", p.name)]
    if not (headers and libraries):
        raise InputError(
            f"device 'cuda' needs curand of CUDA {major}, the package {package}: "
            f"{HOW_TO_INSTALL}"
        )
    return headers[0], libraries[0]


def _in_libraries(home, name):
    """A library of CUDA itself, in a list that is empty if it is not there.

    Packages have theirs in ``lib``, where not every nvcc looks for them; CUDA's own
    runtime, which curand needs, is not on every machine.
    """
    folders = ("lib64", "lib", "targets/x86_64-linux/lib")
    found = [home / folder / name for folder in folders]
    return [path for path in found if path.exists()][:1]
