"""Remarks of data sets are lines of standard error, with the name of the program."""

import numpy as np
import pytest
from idx_files import IMAGES, LABELS, contents, idx, write
from spikefa.sims import mnist_rate, mnist_spiking

from spikefa.experiments.command_line import run_command

FILES = {
    "shifted": {
        name: idx(np.array([1, 2, 2, 1][:n], np.uint8))
        for name, n in zip(LABELS, (4, 2), strict=True)
    },
    "binarised": {
        name: idx(np.arange(n * 6, dtype=np.uint8).reshape(n, 2, 3) % 2)
        for name, n in zip(IMAGES, (4, 2), strict=True)
    },
}
LINES = {
    "shifted": "labels 1, 2 are classes 0, 1",
    "binarised": "no pixel exceeds 1, so that 1 is white, and not 255",
}


PROGRAMS = {
    "spiking": (mnist_spiking, []),
    "rate": (mnist_rate, []),
    "rate-workers": (mnist_rate, ["--workers", "2"]),
}


@pytest.mark.long
@pytest.mark.parametrize(
    "which", ["spiking", "rate", pytest.param("rate-workers", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("kind", FILES)
def test_remark_is_a_line_of_standard_error(which, kind, tmp_path, monkeypatch, capfd):
    """More test images than there are end the run once the data have been read."""
    monkeypatch.chdir(tmp_path)
    name = f"{kind}-{which}"  # a remark is said once
    write(tmp_path / name, contents() | FILES[kind])
    program, options = PROGRAMS[which]
    options = [*options, "--data", name, "--test-images", "99", "--out", "run"]
    assert run_command(program.build_parser(), program.main, options) == 2
    prog, err = program.build_parser().prog, capfd.readouterr().err
    said = err.replace("\r", "\n").splitlines()
    assert said.count(f"{prog}: warning: data set {name}: {LINES[kind]}") == 1
    assert err.count(LINES[kind]) == 1
    assert said[-1] == f"{prog}: error: 99 test images asked for, the data set has 2"
