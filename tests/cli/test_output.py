"""Those who read the output may end, and its disk may be full."""

import io
import os
import subprocess
import sys

import pytest

from spikefa.experiments.output import lasting_output

SPEAKS = """
import sys
from spikefa.experiments.output import lasting_output
with lasting_output():
    for line in range(2000):
        print(line, "\\u00b1", file=sys.stderr if {error} else sys.stdout)
        print("x" * 80, file=sys.stderr if {error} else sys.stdout, flush=True)
    open({file!r}, "w").write("went on")
"""


@pytest.mark.parametrize("error", [True, False])
@pytest.mark.parametrize("target", ["| head -n 1", ">/dev/full", ">&-", "| cat"])
def test_output_that_ends_ends_nothing(tmp_path, error, target):
    source = SPEAKS.format(error=error, file=str(tmp_path / "file"))
    redirected = f"2>&1 {target}" if target.startswith("|") else f"{target} 2{target}"
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$0" -c "$1" {redirected}']
        + [sys.executable, source],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert (tmp_path / "file").read_text() == "went on"
    assert (done.returncode, done.stderr) == (0, b"")
    if target == "| cat":
        assert rb"0 \xb1" in done.stdout


def test_streams_are_put_back(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with lasting_output():
        print("said")
    assert sys.stdout is stream
    assert stream.getvalue() == "said\n"
