"""Folders that somebody else wrote, or that hold another run: nothing runs or goes."""

import json
import os

import pytest

from spikefa.training.checkpoint_file import (
    Checkpoint,
    newest_checkpoint,
    write_checkpoint,
)

#: A blink, with nothing to compile.
TINY = ("--quick", "--device", "numpy", "--layers", 8, "--images", 20)
TINY += ("--test-images", 10, "--epochs", 1)

FUNCTION = """
from brian2 import check_units
@check_units(x=1, result=1)
def squash(x):
    return x/({n} + abs(x))
third_factor = "third_factor = squash(delta) : 1"
"""


pytestmark = pytest.mark.slow


@pytest.fixture
def theirs(command, tmp_path):
    """A folder of a colleague, whose model file is not here."""
    (tmp_path / "theirs.py").write_text("from brian2 import ms\ntau_m = 0.4*ms\n")
    assert command(*TINY, "--model", "theirs.py", "--out", "theirs").code == 0
    (tmp_path / "theirs.py").unlink()
    return tmp_path / "theirs"


def tamper(folder, change):
    """Write the checkpoint of a folder again, with other meta data."""
    checkpoint = Checkpoint(folder / "checkpoint.npz")
    arrays = [
        (name, array)
        for name, array in checkpoint.arrays("")
        if name not in ("meta", "checksum")
    ]
    meta = {k: v for k, v in checkpoint.meta.items() if k != "format"}
    change(meta["model_file"])
    write_checkpoint(folder, meta, arrays)
    (folder / "checkpoint.previous.npz").unlink()


def contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_source_in_a_checkpoint_is_not_run(command, theirs, tmp_path):
    ran = tmp_path / "RAN"

    def hostile(stored):
        stored["text"] = f"open({str(ran)!r}, 'w').close()\n"
        stored["modules"] = {"../x.py": stored["text"], "/x.py": stored["text"]}

    tamper(theirs, hostile)
    assert command("--evaluate", "theirs", "--out", "mine").code == 0
    assert command("--resume", "--epochs", 2, "--out", "theirs").code == 0
    assert not ran.exists()


@pytest.mark.parametrize("name", ["third_factor", "eta", "reset_1", "h_init", "tau_x"])
def test_strings_of_a_checkpoint_are_no_python(command, theirs, tmp_path, name):
    ran = tmp_path / "RAN"
    attack = f"__import__('pathlib').Path({str(ran)!r}).touch()"
    texts = {"third_factor": f"third_factor = {attack} : 1", "reset_1": f"h = {attack}"}

    def hostile(stored):
        stored["values"][name] = {"plain": texts.get(name, attack)}

    tamper(theirs, hostile)
    command("--evaluate", "theirs", "--out", "mine")
    assert not ran.exists()


def test_code_is_run_if_it_is_trusted_and_stays_in_its_folder(command, tmp_path):
    (tmp_path / "mine.py").write_text(FUNCTION.format(n=1))
    assert command(*TINY, "--model", "mine.py", "--out", "x").code == 0
    os.rename(tmp_path / "mine.py", tmp_path / "away.py")
    before = contents(tmp_path / "x")
    outcome = command("--evaluate", "x", "--out", "y")
    assert outcome.code == 2
    assert "own (squash): --trust-model runs it" in outcome.err.splitlines()[-1]
    assert contents(tmp_path / "x") == before
    assert not (tmp_path / "y").exists()
    assert command("--evaluate", "x", "--trust-model", "--out", "y").code == 0
    again = ("--resume", "--epochs", 2, "--model", "away.py", "--out", "x")
    assert command(*again).code == 0
    (tmp_path / "away.py").write_text(FUNCTION.format(n=3))
    outcome = command("--resume", "--epochs", 3, "--model", "away.py", "--out", "x")
    assert outcome.code == 2
    assert "these differ: model (squash)" in outcome.err

    tamper(tmp_path / "x", lambda stored: stored["modules"].update({"../z.py": ""}))
    outcome = command("--evaluate", "x", "--trust-model", "--out", "z")
    assert outcome.code == 2
    assert "holds a file '../z.py' outside of its folder" in outcome.err


@pytest.mark.parametrize("name", [".lock", "progress.jsonl"])
def test_links_are_not_followed(command, tmp_path, name):
    (tmp_path / "x").mkdir()
    (tmp_path / "mine").write_text("all that I have")
    (tmp_path / "x" / name).symlink_to(tmp_path / "mine")
    assert command(*TINY, "--out", "x").code in (1, 2)
    assert (tmp_path / "mine").read_text() == "all that I have"


@pytest.fixture
def two(command, tmp_path):
    """Two runs of one folder."""
    (tmp_path / "mine.py").write_text("eta = 0.01\n")
    options = (*TINY, "--runs", 2, "--model", "mine.py", "--out", "x")
    assert command(*options).code == 0
    return tmp_path / "x"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--eta", 0.5], "these differ: model (eta)"),
        (["--seed", 2], "these differ: seed (1 there, 2 here)"),
        (["--layers", 9], "these differ: layer_sizes"),
        (["--runs", 1], "--runs 1 would leave some out"),
        (["--model", "other.py", "--runs", 3], "these differ: model (eta)"),
    ],
)
def test_what_does_not_fit_changes_nothing(command, two, tmp_path, options, words):
    (tmp_path / "other.py").write_text("eta = 0.02\n")
    before = contents(two)
    outcome = command("--resume", *options, "--out", "x")
    assert outcome.code == 2
    assert words in outcome.err.splitlines()[-1]
    assert contents(two) == before


def test_a_run_that_is_added_has_the_model_of_the_others(command, two, tmp_path):
    (tmp_path / "mine.py").write_text("eta = 0.05\n")
    outcome = command("--resume", "--runs", 3, "--out", "x")
    assert outcome.code == 0
    assert "going on with the model that is stored" in outcome.err
    etas = {
        newest_checkpoint(two / f"seed-{seed}", print).meta["model"]["eta"]
        for seed in (1, 2, 3)
    }
    assert etas == {"0.01"}
    assert json.loads((two / "results.json").read_text())["n_runs"] == 3


def test_fewer_passes_than_were_learned_are_refused(command, tmp_path):
    assert command(*TINY, "--epochs", 2, "--out", "x").code == 0
    before = contents(tmp_path / "x")
    outcome = command("--resume", "--epochs", 1, "--out", "x")
    assert outcome.code == 2
    assert "has learned 2 passes: --epochs 1 is too few" in outcome.err
    assert contents(tmp_path / "x") == before


def test_a_cut_line_of_the_progress_is_removed(command, tmp_path):
    assert command(*TINY, "--out", "x").code == 0
    with open(tmp_path / "x" / "progress.jsonl", "a") as file:
        file.write('{"time": "2026-')
    assert command("--resume", "--epochs", 2, "--out", "x").code == 0
    for line in (tmp_path / "x" / "progress.jsonl").read_text().splitlines():
        json.loads(line)
