"""The real compiler takes what is generated, and needs no memory for registers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spikefa.devices.choice import DeviceChoice
from spikefa.devices.cuda_project import add_curand, bundle, generate
from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ProjectBuilt
from spikefa.network.architecture import Architecture

PAPER = (784, 1500, 1500, 1500, 1000)
SCRIPT = Path(__file__).resolve().parents[2] / "sims" / "mnist_spiking.py"
#: The dense kernels, and one file of each kind of those that Brian2CUDA has.
FILES = """
forward_2_transmit forward_2_learn feedback_2_summed_variable_feedback_post decay_2
pool_summed_variable_activity_post layer_2_stateupdater layer_0_subexpression_update
layer_2_spike_thresholder record_layer_2_spikes readout layer_1_clear
""".split()
DENSE = FILES[:5]


@pytest.fixture
def project(nvcc, tmp_path, monkeypatch):
    """The generated files of the paper-size network."""

    def only_generate(device, folder, machine):
        generate(device, folder, machine)
        add_curand(folder, machine.toolkit)

    monkeypatch.setattr("spikefa.devices.cuda.compile_cuda_project", only_generate)
    folder = tmp_path / "project"
    with pytest.raises(ProjectBuilt, match=re.escape(str(folder))):
        open_session(
            Architecture(PAPER, engine="dense"),
            load_model(),
            device=DeviceChoice("cuda", build_only=True),
            build_dir=folder,
            record={"layer_2.spikes": True},
        )
    return folder


def kernels(report):
    """Registers, and bytes spilled, by kernel, from the report of the compiler."""
    found = {}
    for text in report.split("Compiling entry function")[1:]:
        name = re.search(r"_run_kernel_(\w+?)_codeobject", text)
        if name:
            spilled = re.findall(r"(\d+) bytes (?:stack frame|spill)", text)
            registers = re.search(r"Used (\d+) registers", text)
            found[name[1]] = int(registers[1]), sum(map(int, spilled))
    return found


@pytest.mark.compiles
def test_nvcc_takes_the_kernels_and_spills_nothing(nvcc, project):
    files = [project / "code_objects" / f"{name}_codeobject.cu" for name in FILES]
    text = "\n".join(bundle(file.read_text(), f"_of_{file.stem}") for file in files)
    (project / "some.cu").write_text(text)
    flags = ["-I.", "-Iinclude", "-std=c++17", "-arch=sm_90", "-w", "-Xptxas", "-v"]
    done = subprocess.run(
        [nvcc, *flags, "-dc", "some.cu", "-o", "some.o"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = kernels(done.stderr)
    assert set(FILES) <= set(found)
    for name in DENSE:
        registers, spilled = found[name]
        assert spilled == 0, name
        # Four blocks of 256 threads on a multiprocessor, which has 65,536 registers.
        assert registers <= 64, name


def test_helpers_of_two_files_do_not_meet(tmp_path):
    """Some files have them in a namespace without a name, others in none."""
    text = """
    #define ONE 1
namespace brian {{}}
namespace {{
int inner() {{ return ONE; }}
}}
///// Support code /////

template <typename T> struct helper;
template <> struct helper<int> {{ typedef int type; }};

void _run_{0}()
{{
    using namespace brian;
    helper<int>::type x = inner();
}}
"""
    bundled = "".join(bundle(text.format(name), f"_of_{name}") for name in "ab")
    path = tmp_path / "both.cpp"
    path.write_text(bundled)
    done = subprocess.run(
        ["g++", "-fsyntax-only", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("capability", ["8.0", "9.0", "10.0"])
@pytest.mark.parametrize("engine", ["dense", "stock"])
def test_the_paper_size_project_builds(nvcc, capability, engine, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--preset", "paper", "--engine", engine),
            *("--device", "cuda", "--build-only", "--build-dir", tmp_path / "builds"),
            *("--compute-capability", capability),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (program,) = tmp_path.glob("builds/*/main")
    assert str(program.parent) in done.stdout
    # It starts, and finds curand; what it does not find is a card.
    ran = subprocess.run([program], cwd=program.parent, capture_output=True, text=True)
    assert "cudaSetDevice" in ran.stderr or ran.returncode == 0
