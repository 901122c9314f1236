"""The live progress bar."""

import sys

from tqdm import tqdm

from .callbacks import Callback

__all__ = ["ProgressBar"]


class ProgressBar(Callback):
    """Shows images, time left, online and test error, and milliseconds per step.

    Parameters
    ----------
    file : file, optional
        Where to write; default: standard error.
    """

    def __init__(self, file=None):
        self.file = file or sys.stderr
        self.bar = None
        self.shown = {}

    def on_start(self, trainer):
        self.bar = tqdm(
            total=trainer.schedule.total_images,
            initial=trainer.images_seen,
            unit=" images",
            file=self.file,
            dynamic_ncols=True,
            # A log file is not a screen.
            mininterval=0.5 if self.file.isatty() else 30,
        )
        if tested := trainer.curve.tested:
            self._show(test=_test(tested[-1]))

    def on_chunk(self, trainer, point, guessed):
        self.bar.update(point.images_seen - self.bar.n)
        if point.online_error_percent is not None:
            self._show(online=f"{point.online_error_percent:.1f}%")
        self._show(step=f"{trainer.ms_per_step:.2f}ms")

    def on_test_images(self, trainer, number):
        self.bar.set_description("testing")

    def on_evaluation(self, trainer, evaluation):
        self.bar.set_description("")
        self._show(test=_test(trainer.curve[-1]))

    def on_end(self, trainer):
        self.close()

    def close(self):
        """Leave the bar as it is and go to the next line; may be called twice."""
        if self.bar is not None:
            self.bar.close()

    def _show(self, **values):
        self.shown |= values
        self.bar.set_postfix(self.shown)


def _test(point):
    """Write the error of a test."""
    if point.test_error_percent is None:
        return f"NSE {point.test_nse:.3g}"
    return f"{point.test_error_percent:.1f}%"
