"""Runs the command line in this process, or as a process of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from spikefa.sims import mnist_spiking

from spikefa.experiments.command_line import run_command
from spikefa.experiments.settings import QUICK


@dataclass
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    """Run ``mnist_spiking.py`` with options, in an empty folder.

    ``--quick`` compares no deltas unless it is told to: that takes seconds each time.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(QUICK, "angle_images", 0)

    def run(*options):
        code = run_command(
            mnist_spiking.build_parser(), mnist_spiking.main, list(map(str, options))
        )
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def process(tmp_path):
    """Start ``mnist_spiking.py`` as a process, which compares no deltas either."""

    def start(*options, **environment):
        options = ["--angle-images", 0, *options]
        return subprocess.Popen(
            [sys.executable, mnist_spiking.__file__, *map(str, options)],
            cwd=tmp_path,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
