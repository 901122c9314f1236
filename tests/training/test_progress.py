"""How far a training is, on a terminal, in a log, and for other programs."""

import io
import json
from types import SimpleNamespace

import pytest

from spikefa.analysis import CurvePoint, LearningCurve
from spikefa.training import progress
from spikefa.training.progress import ProgressBar, ProgressFile


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def trainer():
    """10,000 images, of which none has been shown."""
    return SimpleNamespace(
        images_seen=0,
        schedule=SimpleNamespace(total_images=10_000),
        curve=LearningCurve(),
        ms_per_step=0.5,
    )


def train(trainer, callback, chunks=100):
    """Call a callback as a trainer does that shows 100 images a chunk."""
    callback.on_start(trainer)
    for _ in range(chunks):
        trainer.images_seen += 100
        trainer.curve.add(CurvePoint(trainer.images_seen, online_error_percent=50.0))
        callback.on_chunk(trainer, trainer.curve[-1], range(100))
    callback.on_test_images(trainer, 10)
    trainer.curve[-1].test_error_percent = 12.34
    callback.on_evaluation(trainer, SimpleNamespace(error_percent=12.34))
    callback.on_end(trainer)


def test_a_log_has_few_lines_and_no_carriage_return(trainer):
    log = io.StringIO()
    train(trainer, ProgressBar(log))
    text = log.getvalue()
    assert "\r" not in text
    lines = text.splitlines()
    assert 2 <= len(lines) <= 4
    assert "10000/10000" in lines[-1]
    assert "test=12.3%" in lines[-1]


def test_a_log_gets_a_line_in_every_interval(trainer, monkeypatch):
    monkeypatch.setattr(progress, "LOG_INTERVAL", 0)
    log = io.StringIO()
    train(trainer, ProgressBar(log))
    assert len(log.getvalue().splitlines()) >= 100


def test_a_terminal_has_one_line(trainer):
    screen = Terminal()
    train(trainer, ProgressBar(screen))
    assert "\r" in screen.getvalue()
    assert screen.getvalue().count("\n") == 1


def test_json_lines(trainer, tmp_path):
    train(trainer, ProgressFile(tmp_path / "progress.jsonl", interval=0))
    text = (tmp_path / "progress.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["event"] for line in lines] == (
        ["start"] + 100 * ["chunk"] + ["evaluation", "end"]
    )
    assert lines[0]["seconds_left"] is None
    assert lines[50]["images_seen"] == 5000
    assert lines[50]["online_error_percent"] == 50
    assert lines[-1]["seconds_left"] == 0
    assert lines[-1]["test_error_percent"] == 12.34


def test_json_lines_are_few_and_continued(trainer, tmp_path):
    path = tmp_path / "progress.jsonl"
    train(trainer, ProgressFile(path, interval=60), chunks=10)
    assert len(path.read_text().splitlines()) == 3
    train(trainer, ProgressFile(path, interval=60), chunks=10)
    assert len(path.read_text().splitlines()) == 6
