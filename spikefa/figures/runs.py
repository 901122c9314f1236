"""The figure of several runs of one training."""

import numpy as np

from .panels import band, error_axis, images_axis, legends_above, new_figure
from .spiking import interim_label, plot_angles, tested_errors
from .style import in_style

__all__ = ["plot_runs"]


@in_style
def plot_runs(curves, mean):
    """Draw learning curves: means over the runs, and their standard error.

    Parameters
    ----------
    curves : list of LearningCurve
        One for each run.
    mean : LearningCurve
        Of all runs.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = new_figure(5 * (1 + mean.aligned), 4)
    left, *right = figure.subplots(1, 1 + mean.aligned, squeeze=False)[0]
    online = [curve.column("online_error_percent") for curve in curves]
    look = dict(color="0.7", linewidth=0.8)
    label = "training images, while they are learned"
    band(left, mean.column("images_seen"), online, label=label, **look)
    images = mean.tested_images
    for name, look in tested_errors(mean):
        rows = np.array([curve.tested.column(name) for curve in curves], float)
        band(left, mean.tested.column("images_seen"), rows, **look)
    if mean.interim:
        name = f"{images}_error_percent"
        rows = np.array([curve.interim.column(name) for curve in curves], float)
        look = dict(color="C0", linestyle=":", marker=".")
        seen = mean.interim.column("images_seen")
        band(left, seen, rows, label=interim_label(mean), **look)
    images_axis(left)
    left.set_title(f"{len(curves)} runs: mean and standard error")
    error_axis(left, "error (%)")
    for axes in right:
        plot_angles(axes, *curves)
    legends_above(left)
    return figure
