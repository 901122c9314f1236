"""Compiling generated C++ projects: once for a network, and fast.

Brian2 writes dozens of small files that all read the same headers. These are
precompiled, which makes a build three times as fast. A project that has been built
before is left to make, which finds nothing to do.
"""

import os
import shutil
import subprocess

from brian2.codegen.cpp_prefs import get_compiler_and_args
from brian2.utils.filelock import FileLock

from ..errors import SpikefaError

__all__ = ["compile_project"]

_HEADER = "precompiled.h"

#: Lets glibc declare the vector versions of exp, tanh and others, so that loops over
#: neurons are vectorised. GCC defines it only if NaN and infinity are ruled out too,
#: which Brian2 does not ask for.
_VECTOR_MATH = "-D__FAST_MATH__"

#: What all generated files include.
_INCLUDES = """\
#include "objects.h"
#include "brianlib/common_math.h"
#include "brianlib/stdint_compat.h"
#include <algorithm>
#include <chrono>
#include <climits>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iostream>
#include <vector>
"""

#: Makes the precompiled header with the flags of Brian2's own makefile.
_MAKEFILE = f"""\
include makefile

{_HEADER}.gch: {_HEADER} makefile $(filter-out code_objects/%,$(H_SRCS))
\t$(CXX) $(filter-out -c -include {_HEADER},$(CXXFLAGS)) \\
\t    -x c++-header {_HEADER} -o $@
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
    complete = directory / "complete"
    with FileLock(str(directory.with_suffix(".lock"))):
        if not complete.exists():  # a build that was killed leaves broken objects
            shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(exist_ok=True)
        complete.unlink(missing_ok=True)
        try:
            _build(device, directory)
        except (RuntimeError, subprocess.CalledProcessError) as exc:
            raise SpikefaError(
                f"the generated C++ project in {directory} does not compile; "
                "run make there to see why"
            ) from exc
        complete.touch()


def _build(device, directory):
    flags = ["-include", _HEADER, _VECTOR_MATH]
    device.extra_compile_args = [*device.extra_compile_args, *flags]
    device.build(directory=str(directory), compile=False, run=False)
    for name, text in ((_HEADER, _INCLUDES), ("precompiled.mk", _MAKEFILE)):
        path = directory / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    subprocess.run(
        ["make", "-f", "precompiled.mk", f"{_HEADER}.gch"],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    compiler, _ = get_compiler_and_args()
    device.compile_source(str(directory), compiler, debug=False, clean=False)
