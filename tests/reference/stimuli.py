"""Images, targets and passes: functions of time, for all of the past."""

import numpy as np

__all__ = ["Stimuli"]


class Stimuli:
    """What is shown, image by image from the start of time.

    Parameters
    ----------
    shown_for : float
        Seconds of an image.
    dt : float
        Seconds of a time step.
    """

    def __init__(self, shown_for, dt):
        self.shown_for, self.dt = shown_for, dt
        self.rows, self.now = {}, 0

    def show(self, first, images, targets, passes):
        """Show images from a number on, counted from the start of time."""
        images, targets = np.asarray(images, float), np.asarray(targets, float)
        rows = zip(images, targets, passes, strict=True)
        self.rows |= {first + n: row for n, row in enumerate(rows)}

    def _at(self, t, column):
        """Look up one row for each time.

        Nothing is shown before the first image. Stages of an integration method are at
        later times than the step: they see what is shown now.
        """
        rows = np.floor((np.asarray(t) + self.dt / 2) / self.shown_for).astype(int)
        rows = np.minimum(rows, self.now)
        nothing = np.zeros_like(self.rows[max(self.rows)][column])
        found = [self.rows.get(r, (nothing,) * 3)[column] for r in rows.ravel()]
        return np.array(found).reshape((*rows.shape, *nothing.shape))

    def images(self, t, i):
        """Pixel i; 0 where there is none."""
        return _element(self._at(t, 0), i)

    def labels(self, t):
        return self._at(t, 1)

    def targets(self, t, i):
        return _element(self._at(t, 1), i)

    def passes(self, t):
        return self._at(t, 2)


def _element(vectors, i):
    """Pick element i of a vector, or element i[k] of vector k."""
    i = np.asarray(i)
    column = np.minimum(i, vectors.shape[-1] - 1)
    if vectors.ndim == 1:
        found = vectors[column]
    else:
        found = np.take_along_axis(vectors, column[:, np.newaxis], axis=1)[:, 0]
    return np.where(i < vectors.shape[-1], found, 0.0)
