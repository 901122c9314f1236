"""Brian2's own tests, where all pairs are connected, with dense synapses.

Each passes, or is refused and in the list of refusals, which may only get shorter.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import brian2
import pytest

HERE = Path(__file__).parent
BRIAN = Path(brian2.__file__).parent
MODULES = ("synapses", "monitor", "subgroup", "network", "cpp_standalone")
REFUSALS = {
    line
    for line in (HERE / "refusals.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
#: Fewest tests that have to be found, so that none is lost without notice.
FOUND = {"numpy": 38, "cython": 38, "cpp_standalone": 13}


def run_peer(target, folder):
    """What became of each test."""
    report = folder / "report.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "peer_plugin"),
            *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"),
            *("-c", BRIAN / "tests" / "pytest.ini", "--rootdir", BRIAN),
            *("--confcutdir", BRIAN, f"--peer-report={report}"),
            f"--peer-target={target}",
            *(BRIAN / "tests" / f"test_{module}.py" for module in MODULES),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
    )
    assert report.exists(), done.stdout + done.stderr
    return json.loads(report.read_text())


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("numpy", marks=pytest.mark.long),
        pytest.param("cython", marks=pytest.mark.slow),
        pytest.param("cpp_standalone", marks=pytest.mark.slow),
    ],
)
def test_peer_suite(target, tmp_path):
    outcomes = run_peer(target, tmp_path)
    kinds = {name: became.partition(":")[0] for name, became in outcomes.items()}
    failed = {name: outcomes[name] for name, kind in kinds.items() if kind == "failed"}
    assert not failed
    assert len(outcomes) >= FOUND[target]
    refused = {name for name, kind in kinds.items() if kind == "refused"}
    assert refused <= REFUSALS
    if target == "numpy":
        assert refused == REFUSALS, "take what is not refused any more off the list"
