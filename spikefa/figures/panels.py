"""What panels of several figures have in common."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import (
    EngFormatter,
    LogLocator,
    NullFormatter,
    StrMethodFormatter,
)

__all__ = ["band", "error_axis", "images_axis", "legends_above", "new_figure"]


def new_figure(width, height):
    """Create a figure without a window system or global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def band(axes, x, rows, **kwds):
    """Draw the mean of some rows and its standard error.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x : array, shape (n_points,)
    rows : array, shape (n_runs, n_points)
    **kwds
        For ``axes.plot``.
    """
    rows = np.asarray(rows, dtype=float)
    mean = rows.mean(axis=0)
    (line,) = axes.plot(x, mean, **kwds)
    if len(rows) > 1:
        error = rows.std(axis=0, ddof=1) / np.sqrt(len(rows))
        shade = dict(color=line.get_color(), alpha=0.25, linewidth=0)
        axes.fill_between(x, mean - error, mean + error, **shade)


def error_axis(axes, label="test error (%)"):
    """Make the y axis one of errors: logarithmic, with plain numbers.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    label : str, optional
    """
    axes.set(ylabel=label, yscale="log")
    axes.autoscale(axis="y")  # from where the data are
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def legends_above(*panels):
    """Put legends above all lines, and make y axes longer for them.

    Ticks end where the axis ended before: no error is above 100 %.

    Parameters
    ----------
    *panels : matplotlib.axes.Axes
        Of a figure, with all that is in them.
    """
    for axes in panels:
        axes.legend(fontsize="small", loc="upper right", borderaxespad=0)
    panels[0].figure.draw_without_rendering()  # sizes are known after the layout
    for axes in panels:
        legend = axes.get_legend()
        part = legend.get_window_extent().height / axes.get_window_extent().height
        part = min(1.1 * part, 0.8)
        scale = axes.yaxis.get_transform()
        bottom, top = axes.get_ylim()
        low, high = scale.transform([bottom, top])
        highest = scale.inverted().transform([low + (high - low) / (1 - part)])[0]
        axes.set_ylim(top=highest)
        for minor in (False, True):
            ticks = axes.get_yticks(minor=minor)
            axes.set_yticks(ticks[(ticks >= bottom) & (ticks <= top)], minor=minor)


def images_axis(axes):
    """Make the x axis one of images seen: 100k and 1.5M, long numbers would overlap.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    """
    axes.set_xlabel("images seen")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
