"""Compiling the CUDA projects that Brian2CUDA generates.

Its makefile asks for C++11, which CUDA 13 refuses, and for a curand that is part of the
toolkit. The one written here does not, and the folder has all that it needs: it can be
copied to another machine and compiled there with ``make``, or with ``make ARCH=...``.

A network has some sixty small files that all read the same headers, which takes nvcc
more than ten seconds each. They are compiled in a few bundles instead.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
from pathlib import Path

from brian2 import prefs

from ...errors import InputError, SpikefaError
from ..cache import cache_folder
from ..cpp.bundles import bundle
from ..cpp.main_loop import add_header
from ..cpp.project import digest_of_file
from .generated import (
    changed_rand,
    declare_steps_left,
    share_launches,
    time_step_of_double_code,
)

__all__ = [
    "add_libraries",
    "compile_cuda_project",
    "dealt_out",
    "generate",
    "program_in",
]

#: Says that a program is compiled, and what it is of.
_COMPLETE = "complete"

#: Bundles of code objects. The number does not depend on the machine, so that a copy of
#: the folder is complete elsewhere too.
_BUNDLES = 2

#: Code of the host that runs on any machine of the same kind: Brian2's own choice is
#: code for the processor that it is compiled on.
_HOST_FLAGS = ["-O3"]

#: Brian2CUDA reads run arguments from files, and turns their names into lower case.
_LOWER_CASE = "c = std::tolower(static_cast<unsigned char>(c));"

#: What the environment says of the same variables does not count (``=``), what the
#: command line says does. Whatever changes the code compiles all of it again. A script
#: in the place of nvcc that reads NVCC to find the real one must not find itself.
_MAKEFILE = """\
# make ARCH=sm_80 compiles for another card.
NVCC = {nvcc}
unexport NVCC
ARCH = {arch}
NVCCFLAGS = -I. -Iinclude -std=c++17 -arch=$(ARCH) -w -Xcompiler "{host_flags}"
SOURCES = {sources}
OBJECTS = $(SOURCES:.cu=.o)

main: $(OBJECTS)
\t$(NVCC) -arch=$(ARCH) $(OBJECTS) -o main {static} -Llib -l:{library} \\
\t    -Xlinker '-rpath=$$ORIGIN/lib' -Xlinker -rpath-link=lib

%.o: %.cu {headers} compiled_with
\t$(NVCC) $(NVCCFLAGS) -dc $< -o $@

compiled_with: always
\t@echo '$(NVCC) $(NVCCFLAGS)' | cmp -s - $@ || echo '$(NVCC) $(NVCCFLAGS)' > $@

clean:
\trm -f $(OBJECTS) main
.PHONY: always clean
"""


def compile_cuda_project(device, directory, machine, described=None):
    """Generate and build the project of Brian2CUDA's device.

    What has been compiled before, here or on another machine, is left alone.

    Parameters
    ----------
    device : CUDAStandaloneDevice
    directory : pathlib.Path
        Locked by the caller.
    machine : Machine
    described : dict, optional
        The network in words, by what they are about: for messages.

    Raises
    ------
    InputError
        If the program that is there cannot be used, and there is no compiler.
    SpikefaError
        If a tool is missing or the project does not compile.
    """
    toolkit, described = machine.toolkit, json.loads(json.dumps(described or {}))
    copied = cache_folder().resolve() not in directory.resolve().parents
    built = program_in(directory)
    if built is None:  # a build that was killed leaves broken objects
        shutil.rmtree(directory, ignore_errors=True)
    sources = generate(device, directory, machine)
    digest, program = _digest(directory, machine, sources), directory / "main"
    same = built is not None and built["digest"] == digest
    whole = same and built["program"] == digest_of_file(program)
    if whole and machine.runs(built["cuda"]):
        if toolkit is not None and not copied:
            add_libraries(directory, toolkit, copied)  # it may have moved
        return
    if toolkit is None:
        raise InputError(_why_not(directory, built, same, whole, described))
    (directory / _COMPLETE).unlink(missing_ok=True)
    for path in (program, *directory.glob("*.o")):  # whatever their dates are
        path.unlink(missing_ok=True)
    add_libraries(directory, toolkit, copied)
    _write_makefile(directory, machine, sources)
    logging.getLogger("spikefa").info(
        "compiling for compute capability %s with nvcc %s, which takes minutes",
        *(machine.capability, toolkit.version),
    )
    _make(directory)
    made = {
        "digest": digest,
        "program": digest_of_file(program),
        "cuda": toolkit.version,
        "multiprocessors": (built or vars(machine))["multiprocessors"],
        "network": described,
    }
    (directory / _COMPLETE).write_text(json.dumps(made))


def program_in(directory):
    """What is known of the program in a folder.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    built : dict or None
        The ``digest`` of its sources and that of the ``program``, the version of
        ``cuda`` that has compiled it, the number of ``multiprocessors`` that it is for,
        and the ``network`` in words; None: it is not there, or not complete.
    """
    try:
        return json.loads((directory / _COMPLETE).read_text())
    except (FileNotFoundError, ValueError):
        return None


def _why_not(directory, built, same, whole, described):
    """Say why there is no program for a network, where there is no compiler."""
    if same and not whole:
        return (
            f"the program in {directory} is damaged, and there is no nvcc to compile "
            "it again"
        )
    if same:
        return (
            f"the driver of the graphics card is too old for the program in {directory}"
            f", of CUDA {built['cuda']}, and there is no nvcc to compile it again"
        )
    if built:
        return (
            f"the program in {directory} is of another version of spikefa or Brian2, "
            "and there is no nvcc to compile it again"
        )
    others = [
        {
            f"{name} {there[name]} instead of {wanted}"
            for name, wanted in described.items()
            if name in there and there[name] != wanted
        }
        for path in directory.parent.glob(f"*/{_COMPLETE}")
        if (there := (program_in(path.parent) or {}).get("network"))
    ]
    why = f"no program in {directory.parent} is of this network"
    if others:
        nearest = min(others, key=lambda different: (len(different), sorted(different)))
        why += f": the nearest has {', '.join(sorted(nearest)) or 'another rule'}"
    return f"{why}; and there is no nvcc to compile one"


def generate(device, directory, machine):
    """Write all files that are generated; return the names of those to compile.

    Parameters
    ----------
    device : CUDAStandaloneDevice
    directory : pathlib.Path
    machine : Machine

    Returns
    -------
    sources : list of str
    """
    before = prefs.codegen.cpp.extra_compile_args
    prefs.codegen.cpp.extra_compile_args = _HOST_FLAGS
    time_step_of_double_code(device)
    try:
        device.build(directory=str(directory), compile=False, run=False)
    finally:
        prefs.codegen.cpp.extra_compile_args = before
    add_header(directory)
    header = directory / "rand.h"
    header.write_text(declare_steps_left(header.read_text()))
    return _bundles(directory, sorted(device.writer.source_files))


def _digest(directory, machine, sources):
    """Name all that the program is made from; not what compiles it.

    A program that has been compiled elsewhere shall not be compiled again.
    """
    digest = hashlib.sha256(f"{machine.capability} {_HOST_FLAGS}".encode())
    headers = [path.relative_to(directory) for path in directory.glob("**/*.h")]
    generated = [path for path in headers if path.parts[0] != "include"]
    for name in sorted([*map(str, generated), *sources]):
        digest.update(f"{name}\n".encode())
        digest.update((directory / name).read_bytes())
    return digest.hexdigest()


def add_libraries(directory, toolkit, copied=True):
    """Put curand's headers and the libraries of a program into its folder.

    Parameters
    ----------
    directory : pathlib.Path
    toolkit : Toolkit
    copied : bool, optional
        So that the folder can be taken to another machine; otherwise they stay where
        they are, and links lead there: curand alone is a hundred times as large as all
        the rest.
    """
    headers = toolkit.curand_headers.glob("curand*.h")
    for name, paths in (("include", headers), ("lib", toolkit.libraries)):
        (directory / name).mkdir(parents=True, exist_ok=True)
        for path in paths:
            place = directory / name / path.name
            place.unlink(missing_ok=True)
            if copied:
                shutil.copy2(path, place)
            else:
                place.symlink_to(path.resolve())


def _write_makefile(directory, machine, sources):
    toolkit = machine.toolkit
    in_path = shutil.which("nvcc") == toolkit.nvcc
    makefile = _MAKEFILE.format(
        nvcc="nvcc" if in_path else toolkit.nvcc,
        arch=f"sm_{str(machine.capability).replace('.', '')}",
        host_flags=" ".join(_HOST_FLAGS),
        sources=" ".join(sources),
        headers="objects.h",
        library=toolkit.libraries[0].name,
        static=f"-L{toolkit.static_libraries}" if toolkit.static_libraries else "",
    )
    (directory / "makefile").write_text(makefile)


def _make(directory):
    for tool in ("make", "g++"):
        if shutil.which(tool) is None:
            raise SpikefaError(f"CUDA needs '{tool}': not found")
    jobs = len(os.sched_getaffinity(0))
    with open(directory / "make.log", "w") as log:
        done = subprocess.run(
            ["make", f"-j{jobs}"], cwd=directory, stdout=log, stderr=log
        )
    if done.returncode:
        log = directory / "make.log"
        wrong = r"\b(?:error|fatal)\b.*:|undefined reference|not found"
        lines = log.read_text(errors="replace").splitlines()
        first = next((x for x in lines if re.search(wrong, x)), "no reason is given")
        raise SpikefaError(
            f"the generated CUDA project does not compile: {first.strip()}; more is in "
            f"{log}"
        )


def _bundles(directory, sources):
    """Write the bundles; return the names of all files to compile."""
    texts = {name: (directory / name).read_text() for name in sources}
    texts["rand.cu"] = changed_rand(texts["rand.cu"])
    texts, steps = share_launches(texts)
    objects = [name for name in sources if name.startswith("code_objects/")]
    # The random numbers last: this file opens a namespace for all that follows.
    others = sorted(set(sources) - set(objects), key=_random_numbers_last)
    contents = {"core.cu": (others, [])}
    for number, part in enumerate(dealt_out(objects, steps)):
        contents[f"bundle_{number}.cu"] = part
    for name, (files, codes) in contents.items():
        bundled = [bundle(texts[file], f"_of_{Path(file).stem}") for file in files]
        text = "\n".join([*bundled, *codes]).replace(_LOWER_CASE, "")
        path = directory / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    return sorted(contents)


def _random_numbers_last(name):
    return name == "rand.cu", name


def dealt_out(objects, steps):
    """Deal code objects out to bundles, those of one launch together with its code.

    Parameters
    ----------
    objects : list of str
        Names of files.
    steps : list of tuple
        Of `share_launches`.

    Returns
    -------
    bundles : list of tuple
        For each the names of its files, and the code that follows them.
    """
    together = {name: {name} for name in objects}
    for files, _ in steps:
        joined = set().union(*(together[name] for name in files))
        together.update(dict.fromkeys(joined, joined))
    groups = {id(group): sorted(group) for group in together.values()}
    bundles = [([], []) for _ in range(_BUNDLES)]
    for files in sorted(groups.values(), key=lambda group: (-len(group), group)):
        names, codes = min(bundles, key=lambda bundle: len(bundle[0]))
        names += files
        codes += [code for needed, code in steps if needed and needed[0] in files]
    bundles[0][1].extend(code for needed, code in steps if not needed)
    return [(sorted(names), codes) for names, codes in bundles]
