"""What a program on the card dies of reaches the user; that all is well does not."""

import os
from functools import partial

import pytest

from spikefa.devices.cpp.program import Program
from spikefa.devices.cuda.session import CudaSession
from spikefa.errors import SpikefaError

CHATTER = "INFO: _init_arrays() took 0s\nINFO _run_kernel_layer_1\n\t4 blocks\n"
MEMORY = """\
terminate called after throwing an instance of 'thrust::system::detail::bad_alloc'
  what():  std::bad_alloc: cudaErrorMemoryAllocation: out of memory
"""
LOADER = "./main: error while loading shared libraries: libcudart.so.13: cannot open\n"
DRIVER = "ERROR: cudaSetDevice(0) failed at core.cu:1 : CUDA driver version is old\n"


@pytest.fixture
def run(tmp_path):
    """Run a program that says something, and answers or dies."""

    def run(said="", errors="", answer="", code=0):
        for name, text in (("printed", said), ("complained", errors)):
            (tmp_path / name).write_text(text)
        main = tmp_path / "main"
        main.write_text(
            "#!/bin/sh\nread request\ncat printed > said\ncat complained >&2\n"
            f"echo {answer}\n[ '{answer}' ] && read request\nexit {code}\n"
        )
        main.chmod(0o755)
        complaint = partial(CudaSession._complaint, None)
        program = Program(tmp_path, os.environ, complaint)
        try:
            return program.request(["chunk.steps=5"])
        finally:
            program.close()

    return run


def test_chatter_is_nothing(run):
    assert run(CHATTER, "", "0.25") == 0.25
    assert run(CHATTER, "a library has something to say\n", "0.25") == 0.25


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        (MEMORY, "out of memory"),
        (LOADER, r"libcudart\.so\.13: cannot open"),
        (DRIVER, "driver version is old"),
        ("", "no message"),
    ],
)
def test_the_reason_of_a_death_is_told(errors, told, run):
    with pytest.raises(SpikefaError, match=rf"exit code 127\): .*{told}"):
        run(CHATTER, errors, code=127)


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ("Error writing output file for x.\n", ""),
        ("MEMORY ERROR: Trying to generate more random numbers than fit", ""),
        ("", "Error reading 'arguments/x': file size 1 does not match\n"),
    ],
)
def test_a_program_that_goes_on_after_an_error_is_ended(said, errors, run):
    with pytest.raises(SpikefaError, match=r"(?i)error"):
        run(CHATTER + said, errors, "0.25")
