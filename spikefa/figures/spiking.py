"""Figures, one function each."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from PIL import Image

from ..files import replacing

__all__ = [
    "error_axis",
    "plot_angles",
    "plot_rules",
    "plot_training",
    "save_figure",
    "save_small_copy",
]


def plot_training(curve, traces, angles_at_start, steps, dt_ms):
    """Draw the panels of the paper's Fig. 4: learning curve, PSP, delta and spikes.

    Parameters
    ----------
    curve : list of dict
        `Trainer.curve`.
    traces : dict
        `Trainer.traces`; may be empty.
    angles_at_start : list of float
        `Trainer.angles_at_start`.
    steps : int
        Time steps per image.
    dt_ms : float
        Milliseconds per time step.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = Figure(figsize=(10, 9), layout="constrained")
    FigureCanvasAgg(figure)  # no window system, and no global state
    rows = 4 if traces else 1
    grid = figure.add_gridspec(rows, 2)
    aligned = any(entry["feedback_angles"] for entry in curve)
    _learning_curve(figure.add_subplot(grid[0, 0] if aligned else grid[0, :]), curve)
    if aligned:
        plot_angles(figure.add_subplot(grid[0, 1]), curve, angles_at_start)
    if not traces:
        return figure
    for row, (name, variable, label) in enumerate(
        (("psp", "h", "PSP $h$"), ("delta", "delta", r"error signal $\delta$")), 1
    ):
        shared = None
        for column, when in enumerate(("early", "late")):
            axes = figure.add_subplot(grid[row, column], sharey=shared)
            shared = shared or axes
            _trace(axes, traces[f"{when}/{name}.{variable}"], steps, dt_ms)
            axes.set_ylabel(label)
            axes.set_title(f"hidden neuron, {when} in learning")
    for column, when in enumerate(("early", "late")):
        _raster(figure.add_subplot(grid[3, column]), traces, when)
    return figure


def _learning_curve(axes, curve):
    seen = [entry["images_seen"] for entry in curve]
    axes.plot(
        seen,
        [entry["online_error_percent"] for entry in curve],
        color="0.7",
        linewidth=0.8,
        label="training images, while they are learned",
    )
    for name, marker, label in (
        ("test_error_percent", "o", "test images"),
        ("test_error_last_step_percent", "x", "test images, last step alone"),
    ):
        points = [(e["images_seen"], e[name]) for e in curve if e[name] is not None]
        axes.plot(*np.reshape(points, (-1, 2)).T, marker=marker, label=label)
    axes.set(xlabel="images seen", title="learning curve")
    error_axis(axes, "error (%)")
    axes.legend(fontsize="small", framealpha=0.5)


def plot_angles(axes, curve, at_start=()):
    """Draw the angle between B and W^T of each hidden layer over the images seen.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    curve : list of dict
        `Trainer.curve` of a rule with feedback weights.
    at_start : list of float, optional
        `Trainer.angles_at_start`.
    """
    points = [(entry["images_seen"], entry["feedback_angles"]) for entry in curve]
    if at_start:
        points.insert(0, (0, at_start))
    seen, measured = zip(*points, strict=True)
    for layer, angles in enumerate(zip(*measured, strict=True), 1):
        # None, where the angle is undefined, becomes NaN.
        axes.plot(seen, np.array(angles, dtype=float), label=f"to layer {layer}")
    axes.axhline(90, color="0.8", linewidth=0.8, zorder=0)
    axes.set(xlabel="images seen", ylabel="angle (degrees)")
    axes.set_title("feedback B and transposed W")
    axes.legend()


def _trace(axes, values, steps, dt_ms):
    times = np.arange(len(values)) * dt_ms
    axes.plot(times, values[:, 0], linewidth=1)
    for start in times[::steps]:  # a new image
        axes.axvline(start, color="0.9", linewidth=0.5, zorder=0)
    axes.set_xlabel("time (ms)")


def _raster(axes, traces, when):
    offset, ticks, labels = 0, [], []
    layer = 0
    while (name := f"{when}/spikes_{layer}") + ".i" in traces:
        neurons, times = traces[f"{name}.i"], traces[f"{name}.t"]
        axes.plot(1000 * times, neurons + offset, "|", markersize=2)
        height = 1 + max(int(n.max(initial=0)) for n in _both(traces, layer))
        ticks.append(offset + height / 2)
        labels.append("input" if layer == 0 else f"layer {layer}")
        offset += height + 3
        layer += 1
    axes.set_yticks(ticks, labels)
    axes.set(xlabel="time (ms)", title=f"spikes, {when} in learning")


def _both(traces, layer):
    """The neurons that spiked early and late, so that both panels have one scale."""
    return [traces[f"{when}/spikes_{layer}.i"] for when in ("early", "late")]


def save_figure(figure, path):
    """Write a figure as PNG, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : pathlib.Path
    """
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=120)


def save_small_copy(source, target, width=1080, colors=200):
    """Write a small copy of a figure, for a page or a repository.

    Parameters
    ----------
    source, target : pathlib.Path
        PNG files.
    width : int
        Largest width in pixels.
    colors : int
        Number of colors that are left.
    """
    with Image.open(source) as image:
        small = image.convert("RGB")
    small.thumbnail((width, small.height), Image.Resampling.LANCZOS)
    with replacing(target) as file:
        # The octree keeps the colors of thin lines, median cut does not.
        small.quantize(
            colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        ).save(file, "PNG", optimize=True)


def error_axis(axes, label="test error (%)"):
    """Make the y axis one of errors: logarithmic, with plain numbers.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    label : str, optional
    """
    axes.set(ylabel=label, yscale="log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def plot_rules(results):
    """Draw the learning curves of several rules, and the angles of their feedback.

    Parameters
    ----------
    results : dict of dict
        ``results.json`` of a training with each rule, by any name.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    aligned = [
        found
        for found in results.values()
        if found["learning_curve"][0]["feedback_angles"]
    ]
    figure = Figure(figsize=(5 * (1 + len(aligned)), 4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 1 + len(aligned), squeeze=False)[0]
    for found in results.values():
        points = [
            (entry["images_seen"], entry["test_error_percent"])
            for entry in found["learning_curve"]
            if entry["test_error_percent"] is not None
        ]
        panels[0].plot(*zip(*points, strict=True), marker="o", label=found["rule"])
    panels[0].set_xlabel("images seen")
    error_axis(panels[0])
    panels[0].legend()
    for axes, found in zip(panels[1:], aligned, strict=True):
        plot_angles(
            axes, found["learning_curve"], found.get("feedback_angles_at_start", ())
        )
        axes.set_title(f"{found['rule']}: feedback B and transposed W")
    return figure
