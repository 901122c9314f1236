"""Options of the rate figures: help without waiting, errors in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

SIMS = Path(__file__).parents[2] / "sims"
SCRIPTS = ["linear", "deep_nonlinear", "quadratic", "mnist_rate", "compare", "depth"]
SHARED = (
    "--quick --runs --seed --out --workers --cluster --device --model --eta".split()
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_lists_the_options_without_importing_brian2(name):
    code = (
        "import runpy, sys; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_path({str(SIMS / name)!r} + '.py', run_name='__main__')\n"
        "except SystemExit as exc: assert not exc.code\n"
        "assert 'brian2' not in sys.modules and 'numpy' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for option in SHARED:
        assert option in done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--runs", "0"], "1 or more"),
        (["--seed", "-1"], "0 or more"),
        (["--workers", "0"], "1 or more"),
        (["--eta", "fa"], "NAME=VALUE"),
        (["--eta", "fa=-1"], "0 or more"),
        (["--eta", "nobody=1"], "no such learner"),
        (["--eta", "fa=1", "--eta", "fa=2"], ""),
        (["--device", "abacus"], "invalid choice"),
        (["--quick", "--model", "not_there.py"], "not_there.py"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_bad_option_is_one_line(name, options, complaint, script):
    done = script(name, *options)
    assert done.code == 2
    lines = [line for line in done.stderr.splitlines() if "error: " in line]
    assert len(lines) == 1, done.stderr
    assert complaint in lines[0]
    assert not (done.out / "results.json").exists()


@pytest.mark.long
def test_unreachable_cluster_is_one_line(script):
    pytest.importorskip("distributed")
    done = script("linear", "--quick", "--cluster", "tcp://127.0.0.1:9")
    assert done.code == 2
    assert "no Dask scheduler at tcp://127.0.0.1:9" in done.stderr.splitlines()[-1]


def test_search_does_not_take_what_it_searches_for(script):
    done = script("mnist_rate", "--search", "--omega", "0.1")
    assert done.code == 2
    assert "--search" in done.stderr


def test_output_folder_in_use_is_refused(script, tmp_path):
    from spikefa.experiments.folder import locked_folder

    with locked_folder(tmp_path / "out"):
        done = script("linear", "--quick")
    assert done.code == 2
    assert "another run" in done.stderr
