"""CUDA's compiler, and the curand that goes with it."""

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
    """

    nvcc: str
    version: float
    home: Path
    capabilities: tuple
    curand_headers: Path
    libraries: tuple

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
    home = _home(nvcc)
    headers, curand = _curand(home, int(float(found[1])))
    return Toolkit(
        nvcc,
        float(found[1]),
        home,
        _capabilities(nvcc),
        headers,
        (curand, *_runtime(home, int(float(found[1])))),
    )


def _nvcc():
    """Path of nvcc; CUDA_PATH goes first, as in Brian2CUDA."""
    home = os.environ.get("CUDA_PATH")
    return (home and shutil.which("nvcc", path=f"{home}/bin")) or shutil.which("nvcc")


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
    there = [home / "include" / "curand.h", *home.glob("lib*/libcurand.so.*")]
    try:
        there += [Path(file.locate()) for file in files(package) or ()]
    except PackageNotFoundError:
        pass
    headers = [p.parent for p in there if p.name == "curand.h" and p.exists()]
    libraries = [
        p for p in there if re.fullmatch(r"libcurand\.so\.\d+", p.name) and p.exists()
    ]
    if not (headers and libraries):
        raise InputError(
            f"device 'cuda' needs curand of CUDA {major}, the package {package}: "
            f"{HOW_TO_INSTALL}"
        )
    return headers[0], libraries[0]


def _runtime(home, major):
    """CUDA's runtime library, which curand needs and some machines do not have."""
    folders = ("lib64", "lib", "targets/x86_64-linux/lib")
    found = [home / folder / f"libcudart.so.{major}" for folder in folders]
    return [path for path in found if path.exists()][:1]
