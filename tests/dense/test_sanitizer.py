"""Programs and modules of dense projections stay within their arrays.

The equality tests run once more, compiled with AddressSanitizer and UBSan.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

#: A test whose code writes beyond an array, for want of a check.
FAULT = """
from brian2 import Network, NeuronGroup, linked_var, ms, prefs
from spikefa.dense import DenseSynapses, variables

def test_fault(monkeypatch):
    monkeypatch.setattr(variables, "_indexed_by_neuron", lambda *_: True)
    prefs.codegen.target = "cython"
    few = NeuronGroup(3, "x : 1", threshold="x >= 0", reset="")
    many = NeuronGroup(300, "d : 1 (linked)")
    many.d = linked_var(few, "x", index=[0, 1, 2]*100)
    synapses = DenseSynapses(few, many, "w : 1", on_pre="d_post += 1")
    synapses.connect()
    Network(few, many, synapses).run(0.1*ms)
"""


def library(name):
    """A library of the compiler."""
    return subprocess.run(
        ["g++", f"-print-file-name={name}"], capture_output=True, text=True
    ).stdout.strip()


def run_sanitized(*arguments, folder):
    """Run pytest in a process of its own."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-n0", "-p", "sanitizer_plugin"),
            *(
                "-o",
                f"cache_dir={folder / 'cache'}",
                f"--basetemp={folder / 'temporary'}",
            ),
            *("-m", "slow or not slow", "-o", "timeout=0", *arguments),
        ],
        cwd=HERE.parents[1],
        env=os.environ
        | {
            "PYTHONPATH": str(HERE),
            "LD_PRELOAD": f"{library('libasan.so')} {library('libstdc++.so')}",
            "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        },
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.compiles
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("what", ["cython", "standalone", "openmp"])
def test_equality_tests(what, tmp_path):
    done = run_sanitized(HERE / "test_equality.py", "-k", f"{what}-", folder=tmp_path)
    assert done.returncode == 0, done.stdout[-10000:] + done.stderr[-10000:]
    assert "passed" in done.stdout
    print(done.stdout[-200:])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_fault_would_be_found(tmp_path):
    path = tmp_path / "test_fault.py"
    path.write_text(FAULT)
    done = run_sanitized(path, "-c", HERE.parents[1] / "setup.cfg", folder=tmp_path)
    assert done.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in done.stdout + done.stderr
