"""Figures of the rate networks, one function each.

Curves come as dictionaries of arrays by learner, with one row for each run; lines are
means over runs and bands their standard error.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator

from ..analysis import receptive_fields
from ..learning.rules import RULES
from .panels import band, error_axis, images_axis, new_figure
from .style import COLORS, ORANGE, in_style

__all__ = [
    "plot_comparison",
    "plot_deep",
    "plot_images",
    "plot_linear",
    "plot_quadratic",
    "plot_search",
]

#: Hidden units whose receptive fields are shown, on a grid of this many each way.
FIELDS = 5


def title(rule):
    """Name of a learning rule in figures."""
    return RULES[rule].title


@in_style
def plot_linear(curves):
    """Draw Fig. 2: errors of all learners, and how feedback alignment aligns.

    Parameters
    ----------
    curves : dict of dict of array, shape (n_runs, n_points)
        By rule: ``"examples"`` seen, ``"nse"``; of feedback alignment, in degrees,
        ``"angle"`` between B e and W^T e and ``"pinv_angle"`` between W and the
        pseudoinverse of B.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = new_figure(10, 4)
    left, right = figure.subplots(1, 2)
    examples = curves["fa"]["examples"][0]
    for rule, of in curves.items():
        band(left, examples, of["nse"], color=COLORS[rule], label=title(rule))
    left.set(xlabel="examples", ylabel="normalized squared error", yscale="log")
    left.set_ylim(1e-4, 2)
    left.legend()
    for name, color, label in (
        ("angle", COLORS["fa"], "$B e$ and $W^T e$"),
        ("pinv_angle", ORANGE, "$W$ and pinv($B$)"),
    ):
        band(right, examples, curves["fa"][name], color=color, label=label)
    right.axhline(90, color="0.8", zorder=0)
    right.set(xlabel="examples", ylabel="angle (degrees)", ylim=(0, 100))
    right.set_title("feedback alignment")
    right.legend()
    return figure


@in_style
def plot_deep(curves, rules, networks):
    """Draw Fig. 3c,d: networks of three and four layers.

    Parameters
    ----------
    curves : dict of dict of array, shape (n_runs, n_points)
        By ``"rule, network"``: ``"examples"`` seen and ``"nse"``.
    rules, networks : list of str

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = new_figure(11, 4)
    *panels, last = figure.subplots(1, len(rules) + 1)
    for axes, rule in zip(panels, rules, strict=True):
        for network, style in zip(networks, ("--", "-", ":"), strict=True):
            of = curves[f"{rule}, {network}"]
            look = dict(color=COLORS[rule], linestyle=style)
            layers, _, rest = network.partition(", ")
            label = ", ".join(part for part in (f"{layers} layers", rest) if part)
            band(axes, of["examples"][0], of["nse"], label=label, **look)
        axes.set(xlabel="examples", ylabel="normalized squared error", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.set_title(title(rule))
        axes.legend()
    groups = [(rule, network) for rule in rules for network in networks]
    for y, (rule, network) in enumerate(groups):
        final = curves[f"{rule}, {network}"]["nse"][:, -1]
        last.barh(y, final.mean(), color=COLORS[rule], alpha=0.4)
        last.plot(final, np.full(len(final), y), "k.", markersize=3)
    labels = [f"{rule}, {network}" for rule, network in groups]
    last.set_yticks(range(len(groups)), labels)
    last.invert_yaxis()
    last.set(xlabel="final normalized squared error")
    return figure


@in_style
def plot_quadratic(together, phases, ends):
    """Draw Fig. 5: alignment of hidden units, and learning in three phases.

    Parameters
    ----------
    together, phases : dict of array
        Curves of the networks in which all weights learn and of those that learn in
        phases: ``"examples"``, ``"nse"`` and ``"angle"`` of shape (n_runs, n_points),
        ``"unit_angles"`` of shape (n_runs, n_points, n_hidden).
    ends : array of int
        Measurements before the first and after every phase.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = new_figure(12, 4)
    units, histogram, learning = figure.subplots(1, 3)
    angles, seen = together["unit_angles"], together["examples"][0]
    units.plot(seen, angles[0, :, :30], color="0.7", linewidth=0.5)
    band(units, seen, angles.mean(axis=2), color=COLORS["fa"], label="mean of all")
    units.set(xlabel="examples", ylabel="angle (degrees)", ylim=(0, 180))
    units.set_title("W and B of hidden units")
    units.legend()
    bins = np.arange(0, 181, 6)
    for when, color in ((0, "0.7"), (-1, COLORS["fa"])):
        label = "before learning" if when == 0 else "after learning"
        histogram.hist(
            angles[:, when].ravel(), bins, color=color, alpha=0.7, label=label
        )
    histogram.set(xlabel="angle (degrees)", ylabel="hidden units")
    histogram.legend()
    seen = phases["examples"][0]
    band(learning, seen, phases["nse"], color=COLORS["fa"])
    learning.set(xlabel="examples", ylabel="normalized squared error")
    learning.set_title("W0 alone, W alone, W0 alone")
    for end in ends[1:-1]:
        learning.axvline(seen[end], color="0.8", zorder=0)
    angle_axes = learning.twinx()
    band(angle_axes, seen, phases["angle"], color=ORANGE, linewidth=1)
    angle_axes.set_ylabel("angle between $B e$ and $W^T e$ (degrees)", color=ORANGE)
    angle_axes.set_ylim(0, 100)
    return figure


@in_style
def plot_images(curves, input_weights, image_shape):
    """Draw Fig. 3a,b: test errors, alignment, and receptive fields.

    Parameters
    ----------
    curves : dict of dict of array
        By learner; ``"passes"``, ``"test_error"`` (percent) and, with feedback
        weights, ``"angle"`` (degrees), of shape (n_runs, n_passes).
    input_weights : dict of array, shape (n_pixels, n_hidden)
        W0 of one run of each learner.
    image_shape : tuple of int

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = new_figure(5 + 3 * len(curves), 7)
    top, bottom = figure.subfigures(2, 1)
    errors, angles = top.subplots(1, 2)
    for name, of in curves.items():
        look = dict(color=COLORS.get(name), label=name)
        band(errors, of["passes"][0], of["test_error"], **look)
        if "angle" in of:
            band(angles, of["passes"][0], of["angle"], **look)
    errors.set_xlabel("passes")
    for axes in (errors, angles):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    error_axis(errors)
    errors.legend()
    angles.axhline(90, color="0.8", zorder=0)
    angles.set(xlabel="passes", ylabel="angle between $B e$ and $W^T e$ (degrees)")
    angles.set_ylim(0, 100)
    panels = np.ravel(bottom.subplots(1, len(curves), squeeze=False))
    for axes, (name, W) in zip(panels, input_weights.items(), strict=True):
        axes.imshow(_mosaic(W, image_shape), cmap="RdBu_r")
        axes.set_title(f"{name}: hidden units", fontsize="medium")
        axes.axis("off")
    return figure


def _mosaic(W, image_shape):
    """Put the receptive fields of the first hidden units on a grid, each to scale."""
    fields = receptive_fields(W, image_shape)[: FIELDS**2]
    rows, cols = image_shape
    canvas = np.full((FIELDS * (rows + 1), FIELDS * (cols + 1)), np.nan)
    for index, field in enumerate(fields):
        top, left = index // FIELDS * (rows + 1), index % FIELDS * (cols + 1)
        canvas[top : top + rows, left : left + cols] = field / np.abs(field).max()
    return canvas


@in_style
def plot_comparison(curves, table, images="test"):
    """Draw what spiking and rate networks learn, and what an image costs them.

    Parameters
    ----------
    curves : dict of dict of array
        By kind of network; ``"images"`` and ``"error"`` (percent), of shape
        (n_runs, n_points).
    table : dict of dict
        By kind of network; ``"operations_per_image"``, ``"ms_per_test_image"`` and
        ``"ms_per_image"`` (that is learned), numbers.
    images : {'test', 'validation'}, optional
        What was tested with.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = new_figure(12, 4)
    learning, operations, times = figure.subplots(1, 3, width_ratios=(2, 1, 1.5))
    colors = dict(zip(curves, (ORANGE, "black"), strict=True))
    for kind, of in curves.items():
        look = dict(color=colors[kind], marker="o", label=f"{kind} network")
        band(learning, of["images"][0], of["error"], **look)
    images_axis(learning)
    error_axis(learning, f"{images} error (%)")
    learning.legend()
    for kind, row in table.items():
        operations.bar(kind, row["operations_per_image"], color=colors[kind])
        names = f"{kind},\ntested", f"{kind},\nlearned"
        costs = row["ms_per_test_image"], row["ms_per_image"]
        times.bar(names, costs, color=colors[kind])
    operations.set(ylabel="operations per test image")
    times.set(ylabel="time per image (ms)")
    return figure


@in_style
def plot_search(errors):
    """Draw the errors on held-out images of all settings that were tried.

    Parameters
    ----------
    errors : dict of float
        Percent, by the name of the setting.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = new_figure(7, 1 + 0.25 * len(errors))
    axes = figure.subplots()
    axes.barh(list(errors), list(errors.values()), color="0.6")
    axes.invert_yaxis()
    axes.set_xlabel("error on held-out training images (%)")
    return figure
