"""The real compiler takes what is generated, and needs no memory for registers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spikefa.devices.choice import DeviceChoice
from spikefa.devices.cpp.bundles import bundle
from spikefa.devices.cuda.project import add_libraries, generate
from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ProjectBuilt
from spikefa.network.architecture import Architecture

PAPER = (784, 1500, 1500, 1500, 1000)
SCRIPT = Path(__file__).resolve().parents[2] / "sims" / "mnist_spiking.py"
#: Parts that the bundle which is compiled has to have, of each kind that is in a layer.
PARTS = (
    "transmit learn summed stateupdater subexpression thresholder learn_bias".split()
)


@pytest.fixture
def project(request, nvcc, tmp_path, monkeypatch):
    """The generated files of the paper-size network, or of another."""
    sizes = getattr(request, "param", PAPER)

    def only_generate(device, folder, machine, described):
        generate(device, folder, machine)
        add_libraries(folder, machine.toolkit)

    monkeypatch.setattr(
        "spikefa.devices.cuda.session.compile_cuda_project", only_generate
    )
    folder = tmp_path / "project"
    with pytest.raises(ProjectBuilt, match=re.escape(str(folder))):
        open_session(
            Architecture(sizes, engine="dense"),
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
        name = re.search(r"_run_kernel_(step_\d+)", text)
        if name:
            spilled = re.findall(r"(\d+) bytes (?:stack frame|spill)", text)
            registers = re.search(r"Used (\d+) registers", text)
            found[name[1]] = int(registers[1]), sum(map(int, spilled))
    return found


@pytest.mark.compiles
def test_nvcc_takes_the_kernels_and_spills_nothing(nvcc, project):
    text = (project / "bundle_0.cu").read_text()
    called = " ".join(re.findall(r"^ +(_part_\w+)\(", text, re.MULTILINE))
    assert all(part in called for part in PARTS)
    flags = ["-I.", "-Iinclude", "-std=c++17", "-arch=sm_90", "-w", "-Xptxas", "-v"]
    done = subprocess.run(
        [nvcc, *flags, "-dc", "bundle_0.cu", "-o", "some.o"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = kernels(done.stderr)
    assert len(found) == len(
        re.findall(r"^void _run_step_\d+\(\)$", text, re.MULTILINE)
    )
    for name, (registers, spilled) in found.items():
        assert spilled == 0, name
        # Four blocks of 256 threads on a multiprocessor, which has 65,536 registers.
        assert registers <= 64, name


@pytest.mark.slow
@pytest.mark.parametrize("project", [(10, 12_000, 12_000, 10)], indirect=True)
def test_a_layer_of_twelve_thousand_neurons_links(nvcc, project):
    """Flags of all rows of a block have to fit into shared memory."""
    flags = ["-I.", "-Iinclude", "-std=c++17", "-arch=sm_90", "-w", "-dlink"]
    done = subprocess.run(
        [nvcc, *flags, "bundle_0.cu", "bundle_1.cu", "core.cu", "-o", "linked.o"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


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
