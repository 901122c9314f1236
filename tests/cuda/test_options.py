"""What is missing for CUDA is said in one line, before anything is written."""

import os
import re
from importlib.metadata import files, requires
from types import SimpleNamespace

import pytest
from brian2cuda.utils import gputools
from spikefa.sims import linear, mnist_spiking

from spikefa.devices.choice import DeviceChoice
from spikefa.devices.cuda import session, toolkit
from spikefa.devices.cuda.session import check_machine
from spikefa.devices.cuda.toolkit import CURAND_PACKAGES
from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import InputError
from spikefa.experiments.command_line import run_command
from spikefa.network.architecture import Architecture

SCRIPTS = [mnist_spiking, linear]
KNOWN = "compute_75\ncompute_80\ncompute_86\ncompute_90\ncompute_120"


@pytest.fixture
def tools(tmp_path, monkeypatch, driver):
    """Choose which tools there are; the driver has no card."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(driver))
    monkeypatch.setenv("SHIM_CARD", "")
    monkeypatch.delenv("CUDA_PATH", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def add(name, says, knows=""):
        path = folder / name
        path.write_text(
            f"#!/bin/sh\n[ $1 = --list-gpu-arch ] && echo '{knows}' || echo '{says}'\n"
        )
        path.chmod(0o755)

    return add


@pytest.fixture(autouse=True)
def _no_packages(monkeypatch):
    """The compiler of the extra is not installed."""
    monkeypatch.setattr(toolkit, "NVCC_PACKAGE", "no-package-of-this-name")


@pytest.fixture
def cuda_13(tools):
    tools("nvcc", "Cuda compilation tools, release 13.0, V13.0.88", KNOWN)


@pytest.fixture
def cuda_12(tools):
    tools("nvcc", "Cuda compilation tools, release 12.8, V12.8.61", KNOWN)


def refused(capsys, script, *options):
    """Run a script that refuses; return the line that it says why in."""
    before = sorted(os.listdir())
    argv = ["--device", "cuda", *options]
    assert run_command(script.build_parser(), script.main, argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert sorted(os.listdir()) == before == []
    return err


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("options", [(), ("--build-only",), ("--out", "x")])
def test_no_compiler(script, options, tools, capsys):
    line = refused(capsys, script, *options)
    assert "nvcc: not found" in line
    assert "nor is there a graphics card" in line
    assert "pip install" in line


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_card(script, cuda_13, capsys):
    assert "--build-only" in refused(capsys, script, "--out", "x")


def test_nothing_is_kept_of_a_program_that_is_built_only(cuda_13, capsys):
    line = refused(capsys, mnist_spiking, "--build-only", "--keep-weights", "weights")
    assert "--build-only trains nothing: no --keep-weights" in line


@pytest.mark.parametrize(
    "wrong", ["9", "x", "9.0a", "90", "-9.0", "9.0\n", "3.5", "7.0"]
)
def test_wrong_compute_capability(wrong, cuda_13, capsys):
    options = ("--build-only", f"--compute-capability={wrong}")
    assert "compute capability" in refused(capsys, mnist_spiking, *options)


def test_what_the_compiler_does_not_know_is_refused_with_what_it_knows(cuda_12):
    with pytest.raises(InputError, match=r"compiles for 7\.5, 8\.0, 8\.6, .*, got 5"):
        check_machine("5.0", build_only=True)
    assert check_machine("7.5", build_only=True).capability == 7.5
    assert check_machine("12.0", build_only=True).capability == 12.0


def test_a_compiler_that_does_not_list_what_it_knows(tools):
    tools("nvcc", "Cuda compilation tools, release 12.0, V12.0.1")
    assert check_machine("5.0", build_only=True).capability == 5
    with pytest.raises(InputError, match=r"expected 5\.0 or more, got 3\.5"):
        check_machine("3.5", build_only=True)


@pytest.mark.parametrize("option", ["--build-only", "--compute-capability=9.0"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_options_of_cuda_on_another_device(script, option, tools, capsys):
    argv = ["--device", "cpp", option]
    assert run_command(script.build_parser(), script.main, argv) == 2
    assert "is for device 'cuda', not 'cpp'" in capsys.readouterr().err
    assert os.listdir() == []


def test_the_card_says_what_to_compile_for(cuda_12, monkeypatch):
    monkeypatch.setenv("SHIM_CARD", "8.6")
    machine = check_machine()
    assert (machine.toolkit.version, machine.capability) == (12.8, 8.6)
    assert check_machine("7.5").capability == 7.5
    with pytest.raises(InputError, match=r"9\.0 is more than that of the card .*8\.6"):
        check_machine("9.0")
    assert check_machine("9.0", build_only=True).capability == 9.0


def test_a_driver_without_a_card(cuda_13):
    with pytest.raises(InputError, match="none found .CUDA_ERROR_NO_DEVICE"):
        check_machine()
    machine = check_machine(build_only=True)
    assert (machine.capability, machine.multiprocessors) == (8.0, 108)
    assert check_machine("9.0", build_only=True).multiprocessors == 132


def test_the_number_of_blocks_is_that_of_the_card(cuda_13, monkeypatch):
    monkeypatch.setenv("SHIM_CARD", "8.0")
    monkeypatch.setenv("SHIM_MULTIPROCESSORS", "56")  # an A30
    assert check_machine().multiprocessors == 56
    assert check_machine("7.5").multiprocessors == 56
    assert check_machine("8.0", build_only=True).multiprocessors == 56
    assert check_machine("9.0", build_only=True).multiprocessors == 132


def test_a_driver_that_is_too_old_is_found_before_anything_is_compiled(
    cuda_13, monkeypatch, capsys
):
    monkeypatch.setenv("SHIM_CARD", "9.0")
    monkeypatch.setenv("SHIM_DRIVER", "12040")
    line = refused(capsys, mnist_spiking, "--out", "x")
    assert "runs programs of CUDA 12.4 at most" in line
    assert "is of CUDA 13.0" in line
    monkeypatch.setenv("SHIM_DRIVER", "13000")
    assert check_machine().driver.cuda == 13.0


def test_the_same_major_version_is_new_enough(cuda_12, monkeypatch):
    monkeypatch.setenv("SHIM_CARD", "9.0")
    monkeypatch.setenv("SHIM_DRIVER", "12000")
    assert check_machine().driver.cuda == 12.0


def test_a_program_from_elsewhere_needs_no_compiler(tools, tmp_path, monkeypatch):
    builds = tmp_path / "builds"
    monkeypatch.setenv("SHIM_CARD", "9.0")
    with pytest.raises(InputError, match="nvcc: not found"):
        check_machine(build_dir=builds)
    (builds / "one").mkdir(parents=True)
    (builds / "one" / "complete").touch()
    assert check_machine(build_dir=builds).toolkit is None


@pytest.mark.parametrize("version", [12, 13])
def test_curand_is_that_of_the_toolkit(version, request):
    """What it is linked with is of the same CUDA, says the file itself."""
    request.getfixturevalue(f"cuda_{version}")
    curand, *_ = check_machine(build_only=True).toolkit.libraries
    needed = set(re.findall(rb"libcudart\.so\.\d+", curand.read_bytes()))
    assert needed <= {b"libcudart.so.%d" % version}
    assert (curand.name, curand.exists()) == ("libcurand.so.10", True)


def test_a_cuda_that_is_too_old_is_said_to_be(tools):
    tools("nvcc", "Cuda compilation tools, release 11.8, V11.8.89", KNOWN)
    with pytest.raises(
        InputError, match=r"needs CUDA 12 or newer: .* is of CUDA 11\.8"
    ):
        check_machine(build_only=True)


def test_python_that_brian2cuda_is_not_for(tools, monkeypatch):
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    monkeypatch.setattr(session.sys, "version_info", (3, 13, 0))
    with pytest.raises(InputError, match=r"needs Python 3\.12: this is 3\.13$"):
        check_machine()
    monkeypatch.setattr(session.sys, "version_info", (3, 12, 0))
    with pytest.raises(InputError, match="needs Brian2CUDA: pip install"):
        check_machine()


def test_the_compiler_of_the_extra_is_found_where_there_is_no_other(
    tools, tmp_path, monkeypatch
):
    home = tmp_path / "site" / "nvidia" / "cu13"
    listed = "bin/nvcc include/curand.h lib/libcurand.so.10 lib/libcudart_static.a"
    for name in listed.split():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    says = "Cuda compilation tools, release 13.5, V13.5.37"
    (home / "bin" / "nvcc").write_text(f"#!/bin/sh\necho '{says}'\n")
    (home / "bin" / "nvcc").chmod(0o755)
    installed = {"wheel": [SimpleNamespace(locate=lambda: home / "bin" / "nvcc")]}
    monkeypatch.setattr(toolkit, "NVCC_PACKAGE", "wheel")
    monkeypatch.setattr(toolkit, "files", lambda name: installed.get(name))
    found = check_machine(build_only=True).toolkit
    assert (found.nvcc, found.version) == (str(home / "bin" / "nvcc"), 13.5)
    assert found.home == home
    assert found.curand_headers == home / "include"
    assert found.libraries == (home / "lib" / "libcurand.so.10",)
    assert found.static_libraries == home / "lib"
    tools("nvcc", "Cuda compilation tools, release 13.0, V13.0.88", KNOWN)
    monkeypatch.setattr(toolkit, "_curand", lambda home, major: (home, home))
    assert check_machine(build_only=True).toolkit.version == 13.0


def test_code_is_generated_where_there_is_no_compiler(tools, tmp_path, monkeypatch):
    """For a program that was compiled elsewhere: Brian2CUDA must not look for nvcc."""
    monkeypatch.setenv("SHIM_CARD", "9.0")
    builds = tmp_path / "builds"
    (builds / "one").mkdir(parents=True)
    (builds / "one" / "complete").write_text("{}")
    gputools.reset_cuda_installation()
    with pytest.raises(InputError, match=r"no program in .* is of this network"):
        open_session(
            Architecture((6, 5, 4), n_classes=2),
            load_model(),
            device=DeviceChoice("cuda", build_dir=str(builds)),
        )


def test_no_curand_for_a_cuda_to_come(tools):
    tools("nvcc", "Cuda compilation tools, release 14.0, V14.0.1")
    with pytest.raises(InputError, match="needs curand of CUDA 14"):
        check_machine(build_only=True)


def test_the_extra_has_a_curand_for_each_toolkit():
    """Both can be installed at once: no file of one is one of the other."""
    wanted = {
        found[1]
        for line in requires("spikefa")
        if (found := re.match(r"(nvidia-curand[\w-]*).*extra == ['\"]cuda['\"]", line))
    }
    assert wanted == set(CURAND_PACKAGES.values())
    one, other = (
        {str(file) for file in files(name) if "dist-info" not in str(file)}
        for name in wanted
    )
    assert one
    assert other
    assert not one & other


def test_a_compiler_without_a_version(tools):
    tools("nvcc", "hello")
    with pytest.raises(InputError, match="does not tell its version"):
        check_machine(build_only=True)


def test_a_choice_is_its_name():
    assert str(DeviceChoice("cuda", build_only=True)) == "cuda"
