"""The figure of deeper and wider networks."""

import numpy as np

from ..learning.rules import RULES
from .panels import error_axis, new_figure
from .style import COLORS, ORANGE, in_style

__all__ = ["plot_depth"]

_AXES = {"depth": "hidden layers", "width": "units in each of the hidden layers"}


@in_style
def plot_depth(sweeps):
    """Draw errors, and how well deltas agree with backpropagation, over network size.

    Parameters
    ----------
    sweeps : dict of dict
        By ``"depth"`` or ``"width"``, by rule and by number of layers or units: a dict
        with ``"error_mean_and_sem"`` (percent) and, where it was measured,
        ``"delta_angles"`` (degrees, by hidden layer).

    Returns
    -------
    figure : matplotlib.figure.Figure
        A column for each sweep: errors above, angles to the first hidden layer (solid)
        and to the last one (dotted) below.
    """
    figure = new_figure(5 * len(sweeps), 7)
    panels = figure.subplots(2, len(sweeps), squeeze=False, sharey="row")
    for (errors, angles), (sweep, by_rule) in zip(
        panels.T, sweeps.items(), strict=True
    ):
        for rule, rows in by_rule.items():
            color = COLORS.get(rule, ORANGE)
            numbers = sorted(rows)
            mean, sem = np.array(
                [rows[n]["error_mean_and_sem"] for n in numbers], dtype=float
            ).T
            look = dict(color=color, marker="o", label=RULES[rule].title)
            errors.errorbar(numbers, mean, np.nan_to_num(sem), **look)
            _plot_angles(angles, rows, color=color)
        for axes in (errors, angles):
            axes.set_xlabel(_AXES[sweep])
            axes.set_xticks(sorted({n for rows in by_rule.values() for n in rows}))
        angles.axhline(90, color="0.8", linewidth=0.8, zorder=0)
    error_axis(panels[0, 0])
    panels[1, 0].set_ylabel("angle of deltas to those\nof backpropagation (degrees)")
    panels[0, 0].legend()
    for label, style in (("first hidden layer", "-"), ("last hidden layer", ":")):
        panels[1, 0].plot([], [], color="0.4", linestyle=style, label=label)
    panels[1, 0].legend()
    return figure


def _plot_angles(axes, rows, color):
    there = [n for n in sorted(rows) if "delta_angles" in rows[n]]
    for layer, style in ((0, "-"), (-1, ":")):
        values = [rows[n]["delta_angles"][layer] for n in there]
        axes.plot(there, values, style, color=color, marker="o", markersize=3)
