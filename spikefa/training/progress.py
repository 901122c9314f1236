"""How far a training is: a bar on a terminal, lines in a log, JSON for programs."""

import json
import os
import sys
import time
from contextlib import contextmanager, suppress
from datetime import datetime
from os import PathLike
from typing import TextIO

from tqdm import tqdm

from .callbacks import Callback

__all__ = ["ProgressBar", "ProgressFile", "counting_tests"]

#: Seconds between two lines where there is no terminal, and between two JSON lines.
LOG_INTERVAL, FILE_INTERVAL = 30, 1

_ERRORS = (
    "online_error_percent",
    "test_error_percent",
    "test_nse",
    "validation_error_percent",
)

#: A line of a log, as tqdm writes it where there is no room for a bar.
_LOG_LINE = "{l_bar} {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"


class ProgressBar(Callback):
    """Shows images, time left, online and test error, and milliseconds per step.

    On a terminal one line that is written again and again; elsewhere, such as in a log
    file, a new line every half minute, after each evaluation and at the end.

    Parameters
    ----------
    file : file, optional
        Where to write; default: standard error.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file or sys.stderr
        self.bar = None
        self.shown: dict[str, str] = {}

    def on_start(self, trainer):
        terminal = self.file.isatty()
        self.bar = tqdm(
            total=trainer.schedule.total_images,
            initial=trainer.images_seen,
            unit=" images",
            file=self.file if terminal else _Lines(self.file),
            bar_format=None if terminal else _LOG_LINE,
            dynamic_ncols=terminal,
            mininterval=0.5 if terminal else LOG_INTERVAL,
            maxinterval=10 if terminal else LOG_INTERVAL,
            miniters=1 if terminal else 0,
        )
        if tested := trainer.curve.tested:
            self._show(**_test(tested[-1]))

    def on_chunk(self, trainer, point, guessed):
        if point.online_error_percent is not None:
            self._show(online=f"{point.online_error_percent:.1f}%")
        self._show(step=f"{trainer.ms_per_step:.2f}ms")
        self.bar.update(point.images_seen - self.bar.n)

    def on_test_images(self, trainer, number):
        if self.file.isatty():
            self.bar.set_description("testing")

    def on_evaluation(self, trainer, evaluation):
        if self.file.isatty():
            self.bar.set_description("")
        self._show(**_test(trainer.curve[-1]))
        self.bar.refresh()

    def on_end(self, trainer):
        self.close()

    def close(self) -> None:
        """Leave the bar as it is and go to the next line; may be called twice."""
        if self.bar is not None:
            self.bar.close()

    def _show(self, **values):
        self.shown |= values
        self.bar.set_postfix(self.shown, refresh=self.file.isatty())


def _test(point):
    """Write the error of a test, by the name of the images."""
    if point.test_nse is not None:
        return {"test": f"NSE {point.test_nse:.3g}"}
    for images in ("test", "validation"):
        if (error := getattr(point, f"{images}_error_percent")) is not None:
            part = f" ({point.n_tested} images)" if point.n_tested else ""
            return {images: f"{error:.1f}%{part}"}
    return {}


@contextmanager
def counting_tests(total, file=None):
    """Show how many images repeated tests have shown.

    Parameters
    ----------
    total : int
    file : file, optional
        Where to write; default: standard error.

    Yields
    ------
    count : callable
        Takes the number of further images.
    """
    file = file or sys.stderr
    terminal = file.isatty()
    with tqdm(
        total=total,
        desc="testing the final weights",
        unit=" images",
        file=file if terminal else _Lines(file),
        bar_format=None if terminal else _LOG_LINE,
        dynamic_ncols=terminal,
        mininterval=0.5 if terminal else LOG_INTERVAL,
        delay=1,  # a single test has been made before
    ) as bar:
        yield bar.update


class _Lines:
    """What tqdm writes to one line of a terminal, as lines of a log."""

    def __init__(self, file):
        self._file, self._last = file, None

    def write(self, text):
        for line in text.replace("\r", "\n").splitlines():
            line = line.rstrip()
            if line and line != self._last:
                self._last = line
                self._file.write(f"{line}\n")

    def flush(self):
        self._file.flush()


class ProgressFile(Callback):
    """Appends the progress to a file, as JSON lines, so that it can be watched.

    Each line has ``time`` (ISO 8601), ``event`` ('start', 'chunk', 'evaluation' or
    'end'), ``images_seen``, ``total_images``, ``seconds_left``, ``ms_per_step``,
    ``online_error_percent``, ``test_error_percent``, ``test_nse``,
    ``validation_error_percent`` and ``n_tested`` (the images of an interim test); what
    is not known is null.

    Parameters
    ----------
    path : pathlib.Path
        A file that is there is continued.
    interval : float, optional
        Least seconds between two lines about chunks.
    """

    def __init__(
        self, path: str | PathLike[str], interval: float = FILE_INTERVAL
    ) -> None:
        self.path, self.interval = path, interval
        self._values = dict.fromkeys((*_ERRORS, "n_tested"))

    def on_start(self, trainer):
        _remove_cut_line(self.path)
        for point in trainer.curve:
            self._remember(point)
        self._started = time.monotonic(), trainer.images_seen
        self._write(trainer, "start")

    def on_chunk(self, trainer, point, guessed):
        self._remember(point)
        if time.monotonic() >= self._written + self.interval:
            self._write(trainer, "chunk")

    def on_evaluation(self, trainer, evaluation):
        self._remember(trainer.curve[-1])
        self._write(trainer, "evaluation")

    def on_end(self, trainer):
        self._write(trainer, "end")

    def _remember(self, point):
        for name in _ERRORS:
            if (value := getattr(point, name)) is not None:
                self._values[name] = value
                if name != "online_error_percent":
                    self._values["n_tested"] = point.n_tested

    def _seconds_left(self, trainer):
        started, images = self._started
        shown = trainer.images_seen - images
        left = trainer.schedule.total_images - trainer.images_seen
        return (time.monotonic() - started) * left / shown if shown else None

    def _write(self, trainer, event):
        self._written = time.monotonic()
        left = self._seconds_left(trainer)
        line = {
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "event": event,
            "images_seen": trainer.images_seen,
            "total_images": trainer.schedule.total_images,
            "seconds_left": None if left is None else round(left, 1),
            "ms_per_step": trainer.ms_per_step,
            **self._values,
        }
        # Whole lines, whoever reads meanwhile.
        with open(self.path, "a", opener=_no_link) as file:
            file.write(json.dumps(line) + "\n")


def _no_link(path, flags):
    """Open a file; a link, which a folder of others may have, is not followed."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _remove_cut_line(path):
    """Remove what follows the last whole line, of a process that was killed."""
    with suppress(FileNotFoundError), open(path, "r+b", opener=_no_link) as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 4096)
            file.seek(start)
            if (at := file.read(end - start).rfind(b"\n")) >= 0:
                end = start + at + 1
                break
            end = start
        file.truncate(end)
