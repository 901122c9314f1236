"""Compiling generated C++ projects: once for a network, and fast.

Brian2 writes dozens of small files that all read the same headers. They are compiled in
a few bundles, which takes a seventh of the time, and headers that are the same for all
networks are precompiled once for a compiler and its flags. What only the compiler needs
is removed after a build; a project that has been built before is compared with what was
built, and left alone.
"""

import errno
import hashlib
import os
import shutil
import subprocess
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from brian2 import prefs
from brian2.utils.filelock import FileLock

from ...errors import SpikefaError
from ..cache import cache_folder, using
from .bundles import write_bundles
from .main_loop import add_header

__all__ = ["compile_project"]

_HEADER = "precompiled.h"

#: MB that a first build takes while it is made, most of it for the header.
_NEEDED = 80

#: Lets glibc declare the vector versions of exp, tanh and others, so that loops over
#: neurons are vectorised. GCC defines it only if NaN and infinity are ruled out too,
#: which Brian2 does not ask for.
_VECTOR_MATH = "-D__FAST_MATH__"

#: A variable of the makefile, so that no file of a project depends on where the header
#: is, and that plain ``make`` works without it.
_PRECOMPILED = "PRECOMPILED"

#: What all generated files include, as far as it is the same for all networks.
_INCLUDES = """\
#include "synapses_classes.h"
#include "network.h"
#include "brianlib/clocks.h"
#include "brianlib/dynamic_array.h"
#include "brianlib/common_math.h"
#include "brianlib/stdint_compat.h"
#include <algorithm>
#include <chrono>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>
"""

#: Shows the compiler and all its flags, those that it finds out about the machine
#: among them (-E: without names of temporary files, which differ each time); and
#: precompiles the header with the flags of Brian2's own makefile.
_MAKEFILE = f"""\
include makefile

.PHONY: compiler
compiler:
\t@$(CXX) $(filter-out -c,$(CXXFLAGS)) -E -### -x c++ /dev/null 2>&1

.PHONY: header
header:
\t$(CXX) $(filter-out -c,$(CXXFLAGS)) -x c++-header "$(FOLDER)/{_HEADER}" \\
\t    -o "$(FOLDER)/{_HEADER}.gch"
"""


def compile_project(device, directory):
    """Generate and build the project of the active standalone device.

    Parameters
    ----------
    device : CPPStandaloneDevice
    directory : pathlib.Path
        Only one process at a time builds in it.

    Raises
    ------
    SpikefaError
        If a tool is missing or the project does not compile.
    """
    for tool in ("make", os.environ.get("CXX", "g++").split()[0]):
        if shutil.which(tool) is None:
            raise SpikefaError(f"C++ standalone mode needs '{tool}': not found")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(directory.with_suffix(".lock"))):
        directory.mkdir(exist_ok=True)
        try:
            _build(device, directory)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as exc:
            raise SpikefaError(_what_failed(directory, exc)) from exc


def _what_failed(directory, exc):
    # NumPy gives no number: it only says how much of an array was written.
    full = isinstance(exc, OSError) and exc.errno in (None, errno.ENOSPC)
    if not full and not (directory / "makefile").exists():
        return f"{directory} was removed while a program was being compiled there"
    log = directory / "make.log"
    said = log.read_text(errors="replace") if log.exists() else ""
    if full or not said or "No space left on device" in said:
        free = shutil.disk_usage(directory).free / 1e6
        return (
            f"cannot compile in {directory}: {free:.0f} MB are free on its disk, "
            f"about {_NEEDED} are needed"
        )
    return (
        f"the generated C++ project in {directory} does not compile; its make.log "
        "says why"
    )


def _build(device, directory):
    device.extra_compile_args = [
        f"$({_PRECOMPILED})",
        *device.extra_compile_args,
        _VECTOR_MATH,
    ]
    device.build(directory=str(directory), compile=False, run=False)
    add_header(directory)
    _write(directory / "precompiled.mk", _MAKEFILE)
    _make_holes(directory / "static_arrays")
    compiler = _make(directory, "compiler")
    complete, digest = directory / "complete", _digest(directory, device, compiler)
    if complete.exists() and complete.read_text() == digest:
        return
    complete.unlink(missing_ok=True)
    _clean(directory)  # a build that was killed leaves broken objects
    with ExitStack() as stack:
        header = _precompiled_header(directory, compiler, stack)
        _compile(directory, sorted(device.writer.source_files), header)
    _clean(directory)
    _write(complete, digest)


def _compile(directory, sources, header):
    """Compile in bundles; file by file what does not go together, such as two functions
    of a user that have one name."""
    precompiled = f'{_PRECOMPILED}=-include "{header}"'
    bundles = write_bundles(directory, sources)
    try:
        _make(directory, "main", precompiled, f"SRCS={' '.join(bundles)}")
    except subprocess.CalledProcessError:
        _clean(directory)
        _make(directory, "main", precompiled)


def _make(directory, target, *variables):
    """Run make; what it says is returned, and kept if it fails."""
    command = [
        prefs.devices.cpp_standalone.make_cmd_unix,
        *prefs.devices.cpp_standalone.extra_make_args_unix,
        *("-f", "makefile" if target == "main" else "precompiled.mk"),
        *(target, *variables),
    ]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        (directory / "make.log").write_text(done.stdout + done.stderr)
    done.check_returncode()
    return done.stdout


def _write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _digest(directory, device, compiler):
    """Name all that the program is made from."""
    digest = hashlib.sha256(compiler.encode())
    names = device.writer.source_files | device.writer.header_files
    for name in sorted({*names, "makefile", "requests.h", "brianlib/spikequeue.cpp"}):
        digest.update(f"{name}\n".encode())
        digest.update((directory / name).read_bytes())
    return digest.hexdigest()


def _precompiled_header(directory, compiler, stack):
    """Return the header for a compiler, which is precompiled if it is new."""
    shared = [Path("synapses_classes.h"), Path("network.h")]
    shared += [Path("brianlib") / p.name for p in (directory / "brianlib").glob("*.h")]
    digest = hashlib.sha256(compiler.encode() + _INCLUDES.encode())
    for path in sorted(shared):
        digest.update((directory / path).read_bytes())
    folder = cache_folder() / "headers" / digest.hexdigest()[:16]
    stack.enter_context(using(folder))
    with FileLock(str(folder.with_suffix(".lock"))):
        ready = folder / "complete"
        if not ready.exists():
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "brianlib").mkdir(parents=True)
            for path in shared:
                shutil.copyfile(directory / path, folder / path)
            (folder / _HEADER).write_text(_INCLUDES)
            _make(directory, "header", f"FOLDER={folder.absolute()}")
            ready.touch()
    return folder.absolute() / _HEADER


def _clean(directory):
    """Remove what nothing but the compiler needs."""
    for pattern in ("*.o", "*/*.o", "bundle_*.cpp", "make.deps", "make.log"):
        for path in directory.glob(pattern):
            path.unlink(missing_ok=True)


def _make_holes(folder):
    """Let arrays that are nothing but zeros take no space."""
    for path in folder.iterdir():
        size = path.stat().st_size
        with open(path, "r+b") as file:
            blocks = iter(partial(file.read, 2**20), b"")
            if not any(block.strip(b"\0") for block in blocks):
                file.truncate(0)
                file.truncate(size)
