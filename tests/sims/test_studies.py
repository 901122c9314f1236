"""Runs of a study are kept, and not run again by one that goes on."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spikefa import datasets
from spikefa.errors import InputError
from spikefa.experiments import study as module
from spikefa.experiments.declaration import add_options
from spikefa.experiments.study import study
from spikefa.experiments.study_options import ImageRun, rate_parser

called = []


def learn(factor, seeds, show_progress, model_path, device, checkpoints=None):
    """A run whose result follows from its settings and its seed."""
    called.extend((factor, seed) for seed in seeds)
    if factor is None:
        raise InputError("stopped")
    for seed in seeds:
        yield {"curve": factor * np.random.default_rng(seed).random(3)}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Make a study of some groups; return its curves."""
    monkeypatch.chdir(tmp_path)

    def run(groups, *options):
        called.clear()
        parser = rate_parser("x.py", "X.", runs=2)
        args = parser.parse_args([*options, "--out", "out", "--device", "numpy"])
        with study(args, "x") as this:
            named = {
                name: {"factor": factor, "show_progress": args.workers == 1}
                for name, factor in groups.items()
            }
            together = "together" in groups
            return this.run_groups(learn, named, "runs", together)

    return run


@pytest.mark.parametrize("second", ["b", "together"])
def test_a_study_goes_on_after_the_runs_that_it_has(run, second):
    with pytest.raises(InputError):
        run({"a": 2.0, second: None})
    assert called[:2] == [(2.0, 1), (2.0, 2)]
    groups = {"a": 2.0, second: 3.0}
    found = run(groups, "--resume", "--runs", "3")
    assert called == [(2.0, 3), (3.0, 1), (3.0, 2), (3.0, 3)]
    expected = run(groups, "--runs", "3")  # all of them again
    assert len(called) == 6
    for name, curves in expected.items():
        assert curves.keys() == found[name].keys() == {"curve"}
        assert np.array_equal(curves["curve"], found[name]["curve"])


def test_other_settings_or_another_model_are_other_runs(run, tmp_path):
    run({"a": 2.0})
    run({"renamed": 2.0}, "--resume")
    assert called == []
    run({"a": 2.5}, "--resume")
    assert called == [(2.5, 1), (2.5, 2)]
    model = tmp_path / "mine.py"
    for text, runs in (("eta = 0.1", 2), ("eta = 0.1", 0), ("eta = 0.2", 2)):
        model.write_text(text)
        run({"a": 2.0}, "--resume", "--model", str(model))
        assert len(called) == runs


def test_a_folder_that_was_moved_goes_on_too(run, tmp_path):
    """Where checkpoints are is no setting."""
    args = rate_parser("x.py", "X.", runs=1).parse_args(
        ["--resume", "--out", "moved", "--device", "numpy"]
    )
    for place in ("here", "there"):
        called.clear()
        with study(args, "x") as this:
            group = {"factor": 2.0, "show_progress": False, "checkpoints": place}
            this.run_groups(learn, {"a": group})
        assert len(called) == (place == "here")


def test_other_images_are_other_runs(run, monkeypatch):
    parser = rate_parser("x.py", "X.", runs=1)
    add_options(parser, ImageRun)
    args = parser.parse_args(["--resume", "--out", "out", "--device", "numpy"])
    group = {"factor": 2.0, "show_progress": False}
    for fingerprint, runs in (("1", 1), ("1", 0), ("2", 1)):
        images = SimpleNamespace(fingerprint=fingerprint)
        monkeypatch.setattr(datasets, "load_dataset", lambda *_, of=images: of)
        called.clear()
        with study(args, "x") as this:
            this.run_groups(learn, {"a": group})
        assert len(called) == runs


@pytest.mark.parametrize("damage", ["pickle", "cut", "empty"])
def test_a_kept_run_that_is_no_arrays_is_refused(run, damage):
    """The folder of a study may be somebody else's: no pickle in it is opened."""
    run({"a": 2.0})
    (kept, *_) = Path("out", "runs").glob("*.npz")
    if damage == "pickle":
        np.savez(kept, curve=np.array([print], dtype=object))
    else:
        kept.write_bytes(kept.read_bytes()[:100] if damage == "cut" else b"")
    with pytest.raises(InputError, match=kept.name):
        run({"a": 2.0}, "--resume")


def test_a_study_that_goes_on_has_a_folder(run):
    parser = rate_parser("x.py", "X.", runs=2)
    with pytest.raises(InputError, match="--resume needs the folder"):
        with study(parser.parse_args(["--resume", "--device", "numpy"]), "x"):
            pass


def test_the_time_of_all_runs_is_added_up(run, monkeypatch):
    clock = iter(range(0, 1000, 7))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    parser = rate_parser("x.py", "X.", runs=3)
    args = parser.parse_args(["--out", "out", "--device", "numpy"])
    with study(args, "x") as this:
        group = {"factor": 1.0, "show_progress": False}
        this.run_groups(learn, {"a": group}, "runs")
    assert this.run_seconds == 3 * 7
