"""Compiling generated C++ projects: once for a network, and fast.

Brian2 writes dozens of small files that all read the same headers. They are compiled in
a few bundles, which takes a seventh of the time, and headers that are the same for all
networks are precompiled once for a compiler and its flags.

A project is generated in its folder of the cache, which is locked until the run has
what it needs from there. It is compiled in a copy, which is left to itself if this
process is killed. With the program goes a digest of what it is made from and one of
itself; a program of the cache is used if both are right.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from brian2 import prefs

from ...errors import SpikefaError
from ...files import PARTIAL
from ..cache import cache_folder, exclusive, using
from .bundles import write_bundles
from .main_loop import add_header

__all__ = ["compile_project", "digest_of_file", "install_arrays"]

_HEADER = "precompiled.h"

#: MB that a first build takes while it is made, most of it for the header.
_NEEDED = 80

#: Lets glibc declare the vector versions of exp, tanh and others, so that loops over
#: neurons are vectorised. GCC defines it only if NaN and infinity are ruled out too,
#: which Brian2 does not ask for.
_VECTOR_MATH = "-D__FAST_MATH__"

#: A variable of the makefile, so that plain ``make`` works without the header.
_PRECOMPILED = "PRECOMPILED"

#: Variables that make would take from another one that has started this program.
_OF_MAKE = ("MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "MAKEFILES", "MAKELEVEL")

#: What is left of earlier builds, whose dates may be in the future, and data.
_NO_SOURCES = shutil.ignore_patterns(
    "main", "*.o", "make.deps", "make.log", "static_arrays", "results"
)

#: Says what a folder of the cache holds, when all of it is there.
_COMPLETE = "complete"

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
\t$(CXX) $(filter-out -c,$(CXXFLAGS)) -x c++-header header/{_HEADER} \\
\t    -o header/{_HEADER}.gch
"""


def compile_project(device, directory, run_dir):
    """Generate the project of the active standalone device, and install its program.

    Parameters
    ----------
    device : CPPStandaloneDevice
    directory : pathlib.Path
        Where the compiled project is kept, and where it is if it has been compiled
        before. Only one process at a time builds for it.
    run_dir : pathlib.Path
        Where the program and its arrays are put.

    Raises
    ------
    SpikefaError
        If a tool is missing or the project does not compile.
    """
    for tool in ("make", os.environ.get("CXX", "g++").split()[0]):
        if shutil.which(tool) is None:
            raise SpikefaError(f"C++ standalone mode needs '{tool}': not found")
    with exclusive(directory) as alone, ExitStack() as stack:
        try:
            if alone:
                _remove_partial(directory)
                project = directory
                project.mkdir(exist_ok=True)
            else:  # others may be writing there
                project = stack.enter_context(_partial(directory))
            program = _built(device, project, directory)
            _make_holes(project / "static_arrays")
        except (RuntimeError, OSError, subprocess.CalledProcessError) as exc:
            raise SpikefaError(_what_failed(directory, exc)) from exc
        (run_dir / "main").write_bytes(program)
        (run_dir / "main").chmod(0o755)
        install_arrays(project, run_dir)


@contextmanager
def _partial(folder):
    """Make a folder for what will be in another one; it is removed in the end."""
    path = Path(tempfile.mkdtemp(PARTIAL, f"{folder.name}.", folder.absolute().parent))
    try:
        (path / "new").mkdir()  # readable by those who share the cache
        yield path / "new"
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _remove_partial(folder):
    """Remove what processes have left that were killed."""
    for path in folder.parent.iterdir():
        if path.name.startswith(f"{folder.name}.") and path.name.endswith(PARTIAL):
            shutil.rmtree(path, ignore_errors=True)


def _what_failed(directory, exc):
    # NumPy gives no number: it only says how much of an array was written.
    full = isinstance(exc, OSError) and exc.errno in (None, errno.ENOSPC)
    if isinstance(exc, FileNotFoundError):
        return f"{exc.filename} was removed while a program was being compiled there"
    if isinstance(exc, OSError) and not full:
        return f"cannot compile in {directory}: {exc.strerror}"
    log = directory / "make.log"
    said = log.read_text(errors="replace") if log.exists() else ""
    if full or not said or "No space left on device" in said:
        free = shutil.disk_usage(directory.absolute().parent).free / 1e6
        return (
            f"cannot compile in {directory}: {free:.0f} MB are free on its disk, "
            f"about {_NEEDED} are needed"
        )
    return (
        f"the generated C++ project in {directory} does not compile; its make.log "
        "says why"
    )


def _built(device, project, directory):
    """Return the program of the device: that of the cache, or a new one."""
    device.extra_compile_args = [
        f"$({_PRECOMPILED})",
        *device.extra_compile_args,
        _VECTOR_MATH,
    ]
    device.build(directory=str(project), compile=False, run=False)
    add_header(project)
    (project / "precompiled.mk").write_text(_MAKEFILE)
    compiler = _make(project, "compiler")
    digest = _digest(project, device, compiler)
    if (program := _kept_program(directory, digest)) is not None:
        return program
    (directory / _COMPLETE).unlink(missing_ok=True)
    with _partial(directory) as copy:
        shutil.copytree(project, copy, ignore=_NO_SOURCES, dirs_exist_ok=True)
        try:
            with ExitStack() as stack:
                _precompiled_header(copy, compiler, stack)
                _compile(copy, sorted(device.writer.source_files), _HEADER)
        except subprocess.CalledProcessError:
            directory.mkdir(exist_ok=True)
            os.replace(copy / "make.log", directory / "make.log")
            raise
        program = (copy / "main").read_bytes()
        directory.mkdir(exist_ok=True)
        os.replace(copy / "main", directory / "main")
    (directory / "make.log").unlink(missing_ok=True)
    made = {"made_from": digest, "program": hashlib.sha256(program).hexdigest()}
    (directory / _COMPLETE).write_text(json.dumps(made))
    return program


def _kept_program(directory, digest):
    """Read the program of the cache, or return None if it is not as it should be."""
    try:
        made = json.loads((directory / _COMPLETE).read_text())
        program = (directory / "main").read_bytes()
    except (OSError, ValueError):
        return None
    expected = {"made_from": digest, "program": hashlib.sha256(program).hexdigest()}
    return program if made == expected else None


def _compile(project, sources, header):
    """Compile in bundles; file by file what does not go together, such as two functions
    of a user that have one name."""
    precompiled = f'{_PRECOMPILED}=-include "{header}"'
    bundles = write_bundles(project, sources)
    try:
        _make(project, "main", precompiled, f"SRCS={' '.join(bundles)}")
    except subprocess.CalledProcessError:
        _clean(project)
        _make(project, "main", precompiled)


def _make(project, target, *variables):
    """Run make; what it says is returned, and kept if it fails."""
    command = [
        prefs.devices.cpp_standalone.make_cmd_unix,
        *prefs.devices.cpp_standalone.extra_make_args_unix,
        *("-f", "makefile" if target == "main" else "precompiled.mk"),
        *(target, *variables),
    ]
    environment = {n: v for n, v in os.environ.items() if n not in _OF_MAKE}
    with subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for this process, which ends the others
    ) as process:
        try:
            said, errors = process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        (project / "make.log").write_text(said + errors)
        raise subprocess.CalledProcessError(process.returncode, command)
    return said


def _digest(project, device, compiler):
    """Name all that the program is made from."""
    digest = hashlib.sha256(compiler.encode())
    names = device.writer.source_files | device.writer.header_files
    for name in sorted({*names, "makefile", "requests.h", "brianlib/spikequeue.cpp"}):
        digest.update(f"{name}\n".encode())
        digest.update((project / name).read_bytes())
    return digest.hexdigest()


def digest_of_file(path):
    """Return the SHA-256 of a file, or the empty string if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _precompiled_header(project, compiler, stack):
    """Give a project the header for its compiler, which is precompiled if it is new."""
    (project / _HEADER).write_text(_INCLUDES)
    if "clang version" in compiler:  # it wants all headers to stay where they were
        return
    shared = [Path("synapses_classes.h"), Path("network.h")]
    shared += [Path("brianlib") / p.name for p in (project / "brianlib").glob("*.h")]
    digest = hashlib.sha256(compiler.encode() + _INCLUDES.encode())
    for path in sorted(shared):
        digest.update((project / path).read_bytes())
    folder = cache_folder().absolute() / "headers" / digest.hexdigest()[:16]
    stack.enter_context(using(folder))
    complete, binary = folder / _COMPLETE, f"{_HEADER}.gch"
    with exclusive(folder) as alone:
        if alone:
            _remove_partial(folder)
        whole = complete.exists() and complete.read_text()
        if not whole or whole != digest_of_file(folder / binary):
            with _partial(folder) as made:
                (made / "brianlib").mkdir()
                for path in shared:
                    shutil.copyfile(project / path, made / path)
                (made / _HEADER).write_text(_INCLUDES)
                (project / "header").symlink_to(made)
                _make(project, "header")
                folder.mkdir(exist_ok=True)
                os.replace(made / binary, folder / binary)
                complete.write_text(digest_of_file(folder / binary))
    # The compiler looks for it next to the other, which serves if it cannot be used.
    (project / binary).symlink_to(folder / binary)


def _clean(project):
    """Remove what the compiler has made."""
    for pattern in ("*.o", "*/*.o", "bundle_*.cpp", "make.deps", "make.log"):
        for path in project.glob(pattern):
            path.unlink(missing_ok=True)


def _make_holes(folder):
    """Let arrays that are nothing but zeros take no space."""
    for path in folder.iterdir():
        if _only_zeros(path):
            _make_hole(path, path.stat().st_size)


def _only_zeros(path):
    """Whether all bytes are zero: what a disk says of holes may not be true yet."""
    with open(path, "rb") as file:
        blocks = iter(partial(file.read, 2**20), b"")
        return not any(block.strip(b"\0") for block in blocks)


def _make_hole(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


def install_arrays(project, run_dir):
    """Copy the arrays that a program reads at its start.

    Parameters
    ----------
    project, run_dir : pathlib.Path
    """
    (run_dir / "static_arrays").mkdir()
    for path in (project / "static_arrays").iterdir():
        copy = run_dir / "static_arrays" / path.name
        if _only_zeros(path):  # copies of files do not keep holes
            _make_hole(copy, path.stat().st_size)
        else:
            shutil.copyfile(path, copy)
