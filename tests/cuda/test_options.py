"""What is missing for CUDA is said in one line, before anything is written."""

import os

import pytest
from spikefa.sims import linear, mnist_spiking

from spikefa.devices.choice import DeviceChoice
from spikefa.devices.cuda import check_machine
from spikefa.errors import InputError
from spikefa.experiments.command_line import run_command

SCRIPTS = [mnist_spiking, linear]


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Choose which tools there are."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CUDA_PATH", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def add(name, says):
        path = folder / name
        path.write_text(f"#!/bin/sh\necho '{says}'\n")
        path.chmod(0o755)

    return add


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


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_card(script, tools, capsys):
    tools("nvcc", "Cuda compilation tools, release 13.0, V13.0.88")
    assert "--build-only" in refused(capsys, script, "--out", "x")


@pytest.mark.parametrize("wrong", ["9", "x", "9.0a", "90", "-9.0", "9.0\n", "3.5"])
def test_wrong_compute_capability(wrong, tools, capsys):
    tools("nvcc", "Cuda compilation tools, release 13.0, V13.0.88")
    options = ("--build-only", f"--compute-capability={wrong}")
    assert "compute capability" in refused(capsys, mnist_spiking, *options)


@pytest.mark.parametrize("option", ["--build-only", "--compute-capability=9.0"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_options_of_cuda_on_another_device(script, option, tools, capsys):
    argv = ["--device", "cpp", option]
    assert run_command(script.build_parser(), script.main, argv) == 2
    assert "is for device 'cuda', not 'cpp'" in capsys.readouterr().err
    assert os.listdir() == []


def test_the_card_says_what_to_compile_for(tools):
    tools("nvcc", "Cuda compilation tools, release 12.8, V12.8.61")
    tools("nvidia-smi", "8.6")
    machine = check_machine()
    assert (machine.version, machine.capability) == (12.8, 8.6)
    assert check_machine("9.0").capability == 9.0


@pytest.mark.parametrize("says", ["No devices were found", "", "N/A"])
def test_a_driver_without_a_card(says, tools):
    tools("nvcc", "Cuda compilation tools, release 13.0, V13.0.88")
    tools("nvidia-smi", says)
    with pytest.raises(InputError, match="none found"):
        check_machine()
    assert check_machine(build_only=True).capability == 9.0


def test_a_compiler_without_a_version(tools):
    tools("nvcc", "hello")
    with pytest.raises(InputError, match="does not tell its version"):
        check_machine(build_only=True)


def test_a_choice_is_its_name():
    assert str(DeviceChoice("cuda", build_only=True)) == "cuda"
