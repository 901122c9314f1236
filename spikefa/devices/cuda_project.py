"""Compiling the CUDA projects that Brian2CUDA generates.

Its makefile asks for C++11, which CUDA 13 refuses, and for a curand that is part of the
toolkit. The one written here does not, and the folder has all that it needs: it can be
copied to another machine and compiled there with ``make``, or with ``make ARCH=...``.

A network has some sixty small files that all read the same headers, which takes nvcc
more than ten seconds each. They are compiled in a few bundles instead.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from brian2 import prefs
from brian2.utils.filelock import FileLock

from ..errors import SpikefaError
from .brian_internals import time_step_of_double_code, with_checked_random_numbers
from .cuda_graph import declare_steps_left
from .cuda_step import share_launches

__all__ = ["bundle", "compile_cuda_project"]

#: Bundles of code objects. The number does not depend on the machine, so that a copy of
#: the folder is complete elsewhere too.
_BUNDLES = 2

#: Code of the host that runs on any machine of the same kind: Brian2's own choice is
#: code for the processor that it is compiled on.
_HOST_FLAGS = ["-O3"]

#: Brian2CUDA reads run arguments from files, and turns their names into lower case.
_LOWER_CASE = "c = std::tolower(static_cast<unsigned char>(c));"

_MAKEFILE = """\
# make ARCH=sm_80 compiles for another card.
NVCC ?= {nvcc}
ARCH ?= {arch}
NVCCFLAGS = -I. -Iinclude -std=c++17 -arch=$(ARCH) -w -Xcompiler "{host_flags}"
SOURCES = {sources}
OBJECTS = $(SOURCES:.cu=.o)

main: $(OBJECTS)
\t$(NVCC) -arch=$(ARCH) $(OBJECTS) -o main -Llib -l:{library} \\
\t    -Xlinker '-rpath=$$ORIGIN/lib'

%.o: %.cu {headers}
\t$(NVCC) $(NVCCFLAGS) -dc $< -o $@

clean:
\trm -f $(OBJECTS) main
.PHONY: clean
"""


def compile_cuda_project(device, directory, machine):
    """Generate and build the project of Brian2CUDA's device.

    Parameters
    ----------
    device : CUDAStandaloneDevice
    directory : pathlib.Path
        Only one process at a time builds in it.
    machine : Machine

    Raises
    ------
    SpikefaError
        If a tool is missing or the project does not compile.
    """
    for tool in ("make", "g++"):
        if shutil.which(tool) is None:
            raise SpikefaError(f"CUDA needs '{tool}': not found")
    directory.parent.mkdir(parents=True, exist_ok=True)
    complete = directory / "complete"
    with FileLock(str(directory.with_suffix(".lock"))):
        if not complete.exists():  # a build that was killed leaves broken objects
            shutil.rmtree(directory, ignore_errors=True)
        complete.unlink(missing_ok=True)
        generate(device, directory, machine)
        jobs = len(os.sched_getaffinity(0))
        with open(directory / "make.log", "w") as log:
            done = subprocess.run(
                ["make", f"-j{jobs}"], cwd=directory, stdout=log, stderr=log
            )
        if done.returncode:
            raise SpikefaError(
                f"the generated CUDA project in {directory} does not compile; its "
                "make.log says why"
            )
        complete.touch()


def generate(device, directory, machine):
    """Write all files of the project.

    Parameters
    ----------
    device : CUDAStandaloneDevice
    directory : pathlib.Path
    machine : Machine
    """
    before = prefs.codegen.cpp.extra_compile_args
    prefs.codegen.cpp.extra_compile_args = _HOST_FLAGS
    time_step_of_double_code(device)
    try:
        device.build(directory=str(directory), compile=False, run=False)
    finally:
        prefs.codegen.cpp.extra_compile_args = before
    shutil.copytree(machine.curand_headers, directory / "include", dirs_exist_ok=True)
    (directory / "lib").mkdir(exist_ok=True)
    library = directory / "lib" / machine.curand_library.name
    if not library.exists():
        shutil.copy2(machine.curand_library, library)
    header = directory / "rand.h"
    header.write_text(declare_steps_left(header.read_text()))
    sources = _bundles(directory, sorted(device.writer.source_files))
    makefile = _MAKEFILE.format(
        nvcc="nvcc" if shutil.which("nvcc") == machine.nvcc else machine.nvcc,
        arch=f"sm_{str(machine.capability).replace('.', '')}",
        host_flags=" ".join(_HOST_FLAGS),
        sources=" ".join(sources),
        headers="objects.h",
        library=library.name,
    )
    (directory / "makefile").write_text(makefile)


def _bundles(directory, sources):
    """Write the bundles; return the names of all files to compile."""
    texts = {name: (directory / name).read_text() for name in sources}
    texts["rand.cu"] = with_checked_random_numbers(texts["rand.cu"])
    texts, steps = share_launches(texts)
    objects = [name for name in sources if name.startswith("code_objects/")]
    # The random numbers last: this file opens a namespace for all that follows.
    others = sorted(set(sources) - set(objects), key=lambda name: name == "rand.cu")
    contents = {"core.cu": (others, [])}
    for number, part in enumerate(_dealt_out(objects, steps)):
        contents[f"bundle_{number}.cu"] = part
    for name, (files, codes) in contents.items():
        bundled = [bundle(texts[file], f"_of_{Path(file).stem}") for file in files]
        text = "\n".join([*bundled, *codes]).replace(_LOWER_CASE, "")
        path = directory / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    return sorted(contents)


def _dealt_out(objects, steps):
    """Deal code objects out to bundles, those of one launch together with its code."""
    together = {name: {name} for name in objects}
    for files, _ in steps:
        joined = set().union(*(together[name] for name in files))
        together.update(dict.fromkeys(joined, joined))
    groups = {id(group): sorted(group) for group in together.values()}
    bundles = [([], []) for _ in range(_BUNDLES)]
    for files in sorted(groups.values(), key=lambda group: (-len(group), group)):
        names, codes = min(bundles, key=lambda bundle: len(bundle[0]))
        names += files
        codes += [code for needed, code in steps if set(needed) <= set(files)]
    return [(sorted(names), codes) for names, codes in bundles]


def bundle(text, name):
    """Make one of the generated files fit into one file with others.

    What a file keeps to itself, in a namespace without a name and as macros, would meet
    the same of other files.

    Parameters
    ----------
    text : str
        The file.
    name : str
        For its namespace.

    Returns
    -------
    text : str
    """
    # What pushes spikes into queues has its helpers outside any namespace.
    text = re.sub(
        r"(?ms)^///// Support code /////$(.*?)(?=^void )",
        r"namespace {\n\1}\n",
        text,
    )
    text, found = re.subn(r"(?m)^namespace\s*\{", f"namespace {name} {{", text)
    if found:
        opened = f"using namespace brian; using namespace {name};"
        text = text.replace("using namespace brian;", opened)
        text = f"namespace {name} {{}}\n{text}"
    macros = re.findall(r"^[ \t]*#\s*define\s+(\w+)", text, re.MULTILINE)
    return text + "".join(f"\n#undef {macro}" for macro in dict.fromkeys(macros)) + "\n"
