"""Whatever a checkpoint or a plan of runs says: it is used, or refused in one line."""

import copy
import json
import os
import random
import shutil

import pytest

from spikefa.training.checkpoint_file import Checkpoint, write_checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

TINY = ("--quick", "--device", "numpy", "--layers", 8, "--images", 20)
TINY += ("--test-images", 10, "--epochs", 1)

GONE = object()
VALUES = [GONE, None, True, -1, 0, 0.5, 1e308, float("nan"), 10**30, "", "x", "9" * 400]
VALUES += ["\u202e\nx", [], {}, [1], [[]], ["a", 1], {"a": 1}, [["seconds", "x"]]]

#: How many values are put somewhere, one after the other.
TIMES = int(os.environ.get("SPIKEFA_TAMPERED", 100))


def places(value, at=()):
    """Name all that is in nested lists and dictionaries; of lists the first two."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value[:2])
    for key, of in inner:
        yield from places(of, (*at, key))


def changed(data, place, value):
    data = copy.deepcopy(data)
    at = data
    for key in place[:-1]:
        at = at[key]
    if value is GONE:
        del at[place[-1]]
    else:
        at[place[-1]] = value
    return data


def is_used_or_refused(outcome):
    last = outcome.err.splitlines()[-1]
    if outcome.code:
        assert last.startswith("mnist_spiking.py: error: ")
        assert last.isprintable()
        assert len(last) < 1000
    assert "Traceback" not in outcome.err


def test_what_a_checkpoint_says(command, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from brian2 import ms\ntau_m = 0.4*ms\ninitial = {'layer_1': {'h': 0.1}}\n"
    )
    options = ("--model", "mine.py", "--checkpoint-every", 10, "30s", "--out", "x")
    assert command(*TINY, *options).code == 0
    (tmp_path / "mine.py").unlink()
    checkpoint = Checkpoint(tmp_path / "x" / "checkpoint.npz")
    skipped = ("meta", "checksum")
    arrays = [(n, a) for n, a in checkpoint.arrays("") if n not in skipped]
    meta = {name: of for name, of in checkpoint.meta.items() if name != "format"}
    there, moments = list(places(meta)), random.Random(1)
    for _ in range(TIMES):
        place, value = moments.choice(there), moments.choice(VALUES)
        print(place, value)  # shown where it fails
        for options in (
            ("--evaluate", "x", "--out", "y"),
            ("--resume", "--epochs", 2, "--out", "x"),
        ):
            for name in "xy":
                shutil.rmtree(tmp_path / name, ignore_errors=True)
            (tmp_path / "x").mkdir()
            write_checkpoint(tmp_path / "x", changed(meta, place, value), arrays)
            is_used_or_refused(command(*options))


def test_what_runs_of_a_folder_say(command, tmp_path):
    assert command(*TINY, "--runs", 2, "--out", "whole").code == 0
    moments = random.Random(2)
    for _ in range(TIMES):
        name = moments.choice(["runs.json", "seed-1/results.json"])
        shutil.rmtree(tmp_path / "x", ignore_errors=True)
        shutil.copytree(tmp_path / "whole", tmp_path / "x")
        said = json.loads((tmp_path / "x" / name).read_text())
        place, value = moments.choice(list(places(said))), moments.choice(VALUES)
        print(name, place, value)
        (tmp_path / "x" / name).write_text(json.dumps(changed(said, place, value)))
        is_used_or_refused(command("--resume", "--runs", 2, "--out", "x"))
