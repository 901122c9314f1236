"""Trained networks that come with the scripts have the errors that they claim."""

import json
from pathlib import Path

import pytest
from spikefa.sims import mnist_spiking

from spikefa.experiments.command_line import run_command

FOLDERS = sorted(
    path.parent
    for path in (Path(__file__).parents[2] / "sims" / "trained").glob("*/results.json")
)


def test_there_are_some_and_they_are_small():
    assert FOLDERS
    sizes = [(folder / "checkpoint.npz").stat().st_size for folder in FOLDERS]
    assert max(sizes) < 12e6


@pytest.mark.long
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_trained_network_has_its_published_error(folder, tmp_path):
    published = json.loads((folder / "results.json").read_text())
    options = ["--evaluate", folder, "--evaluations", 1, "--evaluation-steps", 5]
    options += ["--quiet", "--out", tmp_path / "out"]
    argv = list(map(str, options))
    assert run_command(mnist_spiking.build_parser(), mnist_spiking.main, argv) == 0
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["images_seen"] == published["images_seen"]
    five = published["final_evaluations"][0]
    assert five["steps"] == 5
    error = five["error_percent"]
    # Spikes are the same; other processors round sums differently.
    assert found["test_error_percent"] == pytest.approx(
        error["mean"], abs=4 * error["sd"]
    )
