"""The benchmark of a card runs behind the shim."""

import json

import pytest
from spikefa.sims.benchmarks import benchmark

from spikefa.experiments.command_line import run_command


@pytest.mark.slow
def test_a_card_is_measured_against_its_memory(tmp_path, module_shim):
    argv = ["--device", "cuda", "--quick", "--images", "2", "--repeats", "1"]
    argv += ["--no-scaling", "--out", str(tmp_path)]
    assert run_command(benchmark.build_parser(), benchmark.main, argv) == 0
    report = json.loads((tmp_path / "benchmark.json").read_text())
    card = report["configurations"]["cuda"]
    # Of the stand-in: 1 GHz, two transfers a clock, 256 bits.
    assert card["copy_gb_per_s"] == 64
    floor = 1e3 * card["bytes_per_step"]["total"] / 64e9
    assert card["floor_ms"] == pytest.approx(floor, rel=0.05)
