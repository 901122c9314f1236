"""A network is compiled once, whatever the hash seed, the run or the machine."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spikefa.devices.cuda import project as cuda_project
from spikefa.devices.cuda.driver import Driver
from spikefa.devices.cuda.session import Machine
from spikefa.devices.cuda.toolkit import Toolkit
from spikefa.errors import InputError, SpikefaError

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "sims" / "mnist_spiking.py"

GENERATE = """
import sys
from pathlib import Path
import spikefa.devices.cpp.session, spikefa.devices.cuda.session
from spikefa import Architecture, load_model, open_session
from spikefa.devices.choice import DeviceChoice
from spikefa.devices.cuda.project import generate

def only_generate(device, folder, machine, described):
    generate(device, folder, machine)
    raise SystemExit(0)

spikefa.devices.cuda.session.compile_cuda_project = only_generate
open_session(
    Architecture((6, 5, 4), n_classes=2),
    load_model(),
    device=DeviceChoice("cuda", build_only=True),
    record={"layer_1.spikes": True, "layer_0.spikes": range(1, 3), "layer_1.h": [0]},
    build_dir=Path(sys.argv[1]),
)
"""


def contents(folder):
    """A hash of every generated file but data, by name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in (".cu", ".cpp", ".h")
    }


@pytest.mark.long
@pytest.mark.usefixtures("shim")
def test_two_hash_seeds_generate_the_same_files(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", GENERATE, tmp_path / seed],
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        for seed in ("1", "4")
    ]
    assert [process.wait() for process in processes] == [0, 0]
    one, other = contents(tmp_path / "1"), contents(tmp_path / "4")
    assert one == other
    assert {"core.cu", "bundle_0.cu", "objects.h"} < set(one)
    bundles = [path.read_text() for path in (tmp_path / "1").glob("bundle_*.cu")]
    check_constants(bundles)
    check_records(bundles)


def check_constants(bundles):
    """exp(-dt/tau_m) is a number, and not an exponential in every thread."""
    made = [line for text in bundles for line in re.findall(r"_lio_\d+ = (.+);", text)]
    assert not [line for line in made if "dt" in line or "tau_m" in line]
    numbers = [float(line.rstrip("f")) for line in made if line[0] == "0"]
    assert len(numbers) == 3  # PSPs of two layers, deltas of one
    assert numbers == pytest.approx([0.1] * 3, rel=1e-6)


def check_records(bundles):
    """The host prepares what is open, and so nothing for records that are closed."""
    calls = [
        line
        for text in bundles
        for line in re.findall(r"(.*)\n        _prepare_record\w+\(\);", text)
    ]
    assert len(calls) == 3
    assert all(re.fullmatch(r"    if \(_open & \d+ull\)", line) for line in calls)
    others = re.findall(r"^    _prepare_\w+\(\);", "".join(bundles), re.MULTILINE)
    assert others == []


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cpp", "cuda"])
def test_ten_starts_under_five_hash_seeds_compile_once(device, shim, tmp_path):
    """Five seeds of the run, and going on with each."""
    tiny = "--quick --images 4 --test-images 2 --chunk-images 2 --layers 20 10 --device"
    builds, seen = tmp_path / "builds", []
    for seed in range(5):
        out = tmp_path / f"run {seed}"
        for options in (
            [*tiny.split(), device, "--seed", seed, "--epochs", 1],
            ["--resume", "--epochs", 2],
        ):
            command = [sys.executable, SCRIPT, *options, "--out", out]
            command += ["--build-dir", builds]
            subprocess.run(
                [str(part) for part in command],
                env=os.environ | {"PYTHONHASHSEED": str(seed)},
                check=True,
                capture_output=True,
            )
            (program,) = builds.glob("*/main")
            seen.append((program.stat().st_mtime_ns, contents(program.parent)))
        assert json.loads((out / "results.json").read_text())["images_seen"] == 8
    assert len(seen) == 10
    assert all(one == seen[0] for one in seen)


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Build a project on a machine; return whether anything was compiled."""
    made = []

    def generated(device, folder, machine):
        folder.mkdir(exist_ok=True)
        (folder / "core.cu").write_text("the same everywhere")
        return ["core.cu"]

    monkeypatch.setattr(cuda_project, "generate", generated)
    monkeypatch.setattr(cuda_project, "add_libraries", lambda *args: None)
    monkeypatch.setattr(cuda_project, "_make", made.append)

    def compile_on(nvcc, driver, capability=9.0, name="program", **described):
        toolkit = nvcc and Toolkit("nvcc", nvcc, tmp_path, (), tmp_path, [tmp_path])
        machine = Machine(capability, Driver(driver), toolkit)
        made.clear()
        cuda_project.compile_cuda_project(None, tmp_path / name, machine, described)
        return bool(made)

    return compile_on


def test_a_program_from_another_machine_is_left_alone(compiled):
    assert compiled(nvcc=13.0, driver=13.0)
    assert not compiled(nvcc=13.0, driver=13.0)
    assert not compiled(nvcc=12.8, driver=13.1)
    assert not compiled(nvcc=None, driver=13.0)
    assert compiled(nvcc=13.0, driver=13.0, capability=8.0)


def test_a_program_that_the_driver_is_too_old_for_is_compiled_again(compiled):
    assert compiled(nvcc=13.0, driver=13.0)
    with pytest.raises(InputError, match=r"driver .* too old .* of CUDA 13\.0"):
        compiled(nvcc=None, driver=12.4)
    assert compiled(nvcc=12.8, driver=12.4)
    assert not compiled(nvcc=None, driver=13.0)


def test_what_sets_a_network_apart_from_the_nearest_program_is_said(compiled):
    here = {"compute capability": 9.0, "chunk_images": 500, "records": []}
    with pytest.raises(InputError, match="no program .* of this network; and there"):
        compiled(nvcc=None, driver=13.0, **here)
    compiled(nvcc=13.0, driver=13.0, **here | {"chunk_images": 12, "records": ["b.W"]})
    compiled(nvcc=13.0, driver=13.0, name="nearer", **here | {"chunk_images": 20})
    with pytest.raises(InputError, match="nearest has chunk_images 20 instead of 500;"):
        compiled(nvcc=None, driver=13.0, name="new", **here)
    with pytest.raises(InputError, match=r"another version of spikefa or Brian2"):
        compiled(nvcc=None, driver=13.0, capability=8.0, **here)


def test_an_error_of_the_compiler_is_in_the_message(tmp_path):
    said = "warning: 0 errors so far", "core.cu(7): error: x is undefined"
    lines = [*(f"@echo '{line}'" for line in said), "@false"]
    (tmp_path / "makefile").write_text("\n\t".join(["main:", *lines]) + "\n")
    with pytest.raises(
        SpikefaError, match=r"compile: core\.cu\(7\): error: x is undef"
    ):
        cuda_project._make(tmp_path)


def test_libraries_are_copied_to_take_along_and_linked_to_in_the_cache(tmp_path):
    there = tmp_path / "toolkit"
    there.mkdir()
    for name in ("curand.h", "libcurand.so.10"):
        (there / name).write_text("much")
    toolkit = Toolkit("nvcc", 13.0, there, (), there, [there / "libcurand.so.10"])
    for copied in (True, False, False, True):
        cuda_project.add_libraries(tmp_path / "program", toolkit, copied)
        for path in ("include/curand.h", "lib/libcurand.so.10"):
            place = tmp_path / "program" / path
            assert place.is_symlink() is not copied
            assert place.read_text() == "much"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the makefile, and a compiler that notes what it is asked for."""
    compiler = tmp_path / "nvcc"
    compiler.write_text(
        '#!/bin/sh\necho "$*" >> asked\nfor last; do :; done\n'
        'case "$*" in *-dc*) touch "$last";; *) touch main;; esac\n'
    )
    compiler.chmod(0o755)
    for name in ("one.cu", "two.cu", "objects.h"):
        (tmp_path / name).touch()
    (tmp_path / "makefile").write_text(
        cuda_project._MAKEFILE.format(
            nvcc=compiler,
            arch="sm_90",
            host_flags="-O3",
            sources="one.cu two.cu",
            headers="objects.h",
            library="libcurand.so.10",
            static="-Lstatic",
        )
    )
    for name in ("MAKEFLAGS", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)

    def make(*options, **environment):
        """Return the architectures that something was compiled for."""
        asked = tmp_path / "asked"
        asked.unlink(missing_ok=True)
        subprocess.run(
            ["make", *options],
            cwd=tmp_path,
            env=os.environ | environment,
            check=True,
            capture_output=True,
        )
        lines = asked.read_text().splitlines() if asked.exists() else []
        return [line.split("-arch=")[1].split()[0] for line in lines]

    return make


def test_make_compiles_again_for_another_card(project):
    assert project() == ["sm_90"] * 3
    assert project() == []
    assert project("ARCH=sm_80") == ["sm_80"] * 3
    assert project("ARCH=sm_80") == []
    assert project() == ["sm_90"] * 3


def test_make_takes_nothing_from_the_environment(project):
    assert project(ARCH="sm_50", NVCC="false", NVCCFLAGS="-O0") == ["sm_90"] * 3
    assert project(ARCH="sm_70") == []
