"""Figures, one function each."""

from dataclasses import replace

import numpy as np

from ..analysis import LearningCurve
from ..files import replacing
from .panels import band, error_axis, images_axis, legends_above, new_figure
from .style import in_style

__all__ = [
    "interim_label",
    "plot_angles",
    "plot_rules",
    "plot_teaching",
    "plot_training",
    "save_figure",
]


#: Labels of the variables of the paper's figure.
_LABELS = {"h": "PSP $h$", "delta": r"error signal $\delta$"}

#: Height of the spikes, where that of other panels is 1.
_RASTER = 2.0


@in_style
def plot_training(curve, records, shown, *, images, steps, dt_ms):
    """Draw the panels of the paper's Fig. 4: learning curve, PSP, delta and spikes.

    Parameters
    ----------
    curve : LearningCurve
    records : Records
        Of a session that recorded what is to be shown, at the start and at the end.
    shown : dict
        Neurons to show, by the name of the record: each variable has a row of panels,
        all spikes together have one. May be empty.
    images : int
        How many are shown, of the first and of the last ones.
    steps : int
        Time steps per image.
    dt_ms : float
        Milliseconds per time step.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    there = {
        name: _chosen(records[name], i) for name, i in shown.items() if name in records
    }
    spikes = {name: r for name, r in there.items() if r.values is None}
    values = {name: r for name, r in there.items() if r.values is not None}
    teaching = curve.measures("teaching_cosines")
    above = 2 if teaching else 1
    rows = above + len(values) + bool(spikes)
    heights = [1.0] * (above + len(values)) + [_RASTER] * bool(spikes)
    figure = new_figure(10, 1 + 2 * sum(heights))
    grid = figure.add_gridspec(rows, 2, height_ratios=heights)
    column = 0 if curve.aligned else slice(None)
    _learning_curve(figure.add_subplot(grid[0, column]), curve)
    if curve.aligned:
        plot_angles(figure.add_subplot(grid[0, 1]), curve)
    if teaching:
        plot_teaching(
            *(figure.add_subplot(grid[1, column]) for column in (0, 1)), curve
        )
    span = _Spans(curve[-1].images_seen * steps, images * steps, dt_ms)
    for row, (name, recording) in enumerate(values.items(), above):
        panels = [figure.add_subplot(grid[row, column]) for column in (0, 1)]
        _courses(panels, name, recording, span, steps, dt_ms)
    for column, when in enumerate(("early", "late") if spikes else ()):
        axes = figure.add_subplot(grid[rows - 1, column])
        _raster(axes, spikes, span, when)
    return figure


def _chosen(recording, indices):
    """Take some neurons out of a recording."""
    chosen = np.isin(recording.i, list(indices))
    if recording.values is None:
        return recording.only(chosen)
    return replace(recording, i=recording.i[chosen], values=recording.values[:, chosen])


class _Spans:
    """The steps at the start and at the end of a training that are shown."""

    def __init__(self, total, shown, dt_ms):
        self.total, self.shown, self.dt_ms = total, shown, dt_ms

    def of(self, recording, when):
        """Return the part early or late, and its times in ms from its start."""
        step = np.rint(1000 * recording.t / self.dt_ms).astype(np.int64)
        start = 0 if when == "early" else max(0, self.total - self.shown)
        part = recording.only((step >= start) & (step < start + self.shown))
        return part, 1000 * part.t - start * self.dt_ms


def _learning_curve(axes, curve):
    axes.plot(
        curve.column("images_seen"),
        curve.column("online_error_percent"),
        color="0.7",
        linewidth=0.8,
        label="training images, while they are learned",
    )
    images = curve.tested_images
    for name, look in tested_errors(curve):
        errors = np.array(curve.tested.column(name), dtype=float)
        axes.plot(curve.tested.column("images_seen"), errors, **look)
    if interim := curve.interim:
        axes.plot(
            interim.column("images_seen"),
            interim.column(f"{images}_error_percent"),
            color="C0",
            linestyle=":",
            marker=".",
            label=interim_label(curve),
        )
    images_axis(axes)
    axes.set_title("learning curve")
    error_axis(axes, "error (%)")
    legends_above(axes)


def tested_errors(curve):
    """List what was tested with all images, and how it is drawn.

    Parameters
    ----------
    curve : LearningCurve

    Returns
    -------
    lines : list of (str, dict)
        The measure, and the look and label of its line.
    """
    images = curve.tested_images
    lines = [
        (f"{images}_error_percent", dict(marker="o", label=f"{images} images")),
        (
            f"{images}_error_last_step_percent",
            dict(marker="x", label=f"{images} images, last step alone"),
        ),
    ]
    averaged = curve.tested.column("averaged_error_percent")
    if any(error is not None for error in averaged):
        label = f"{images} images, averaged weights"
        lines.append(("averaged_error_percent", dict(marker="s", label=label)))
    return lines


def interim_label(curve):
    """Say which images were tested on the way."""
    numbers = sorted(set(curve.interim.column("n_tested")))
    return f"{' or '.join(map(str, numbers))} of the {curve.tested_images} images"


def plot_angles(axes, *curves):
    """Draw how far feedback is from backpropagation, layer by layer.

    Solid lines are the angles between the deltas of the rule and of backpropagation,
    dotted ones those between the matrices B and W^T.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    *curves : LearningCurve
        In which one of them is; of several runs, means and standard errors are drawn.
    """
    kinds = [
        ("delta_angles", {"marker": "o", "markersize": 3}, "deltas"),
        ("feedback_angles", {"linestyle": ":"}, "$B$ and $W^T$"),
    ]
    kinds = [kind for kind in kinds if curves[0].measures(kind[0])]
    for number, (name, look, _) in enumerate(kinds):
        _plot_layers(axes, curves, name, labelled=not number, **look)
    if len(kinds) > 1:
        for _, look, label in kinds:
            axes.plot([], [], color="0.4", label=label, **look)
    axes.axhline(90, color="0.8", linewidth=0.8, zorder=0)
    images_axis(axes)
    axes.set(ylabel="angle (degrees)", title="feedback and backpropagation")
    # Room below the lines, if they do not go down to 0: there is some above them then.
    low, high = axes.get_ylim()
    axes.set_ylim(max(0, low - 0.5 * (high - low)), high)
    axes.legend(fontsize="small", ncols=2)


def plot_teaching(positive, size, curve):
    """Draw the paper's condition for a teaching signal, e^T W B e > 0, layer by layer.

    Parameters
    ----------
    positive, size : matplotlib.axes.Axes
        For the images where it holds, and for its mean, of vectors of length 1.
    curve : LearningCurve
        In which it is.
    """
    for axes, name in ((positive, "teaching_percent"), (size, "teaching_cosines")):
        _plot_layers(axes, [curve], name, marker="o", markersize=3)
        images_axis(axes)
    legends_above(positive, size)
    positive.set(ylabel="test images (%)", title="$e^T W B e > 0$")
    size.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    size.set(title="$e^T W B e$, normalized", ylabel="mean")


def _plot_layers(axes, curves, name, labelled=True, **look):
    """Draw a measure of each hidden layer over the images seen."""
    seen = curves[0].of_layers(name)[0]
    # By run, point and layer; None, where it is undefined, becomes NaN.
    measured = np.array([curve.of_layers(name)[1] for curve in curves], dtype=float)
    for layer, rows in enumerate(np.moveaxis(measured, -1, 0), 1):
        label = f"to layer {layer}" if labelled else None
        band(axes, seen, rows, color=f"C{layer - 1}", label=label, **look)


def _courses(panels, name, recording, span, steps, dt_ms):
    """Draw the course of a variable, early and late in learning, to one scale."""
    panels[1].sharey(panels[0])
    for axes, when in zip(panels, ("early", "late"), strict=True):
        part, times = span.of(recording, when)
        axes.plot(times, part.values, linewidth=1)
        for start in times[::steps]:  # a new image
            axes.axvline(start, color="0.9", linewidth=0.5, zorder=0)
        variable = name.split(".")[1]
        axes.set(xlabel="time (ms)", ylabel=_LABELS.get(variable, name))
        axes.set_title(f"hidden neuron, {when} in learning")


def _raster(axes, spikes, span, when):
    offset, ticks, labels = 0, [], []
    for number, (name, recording) in enumerate(spikes.items()):
        part, times = span.of(recording, when)
        # Early and late have one scale.
        both = np.concatenate([span.of(recording, w)[0].i for w in ("early", "late")])
        lowest = both.min() if len(both) else 0
        rows = part.i - lowest + offset
        # Shorter than a row, so that neurons can be told apart.
        look = dict(color=f"C{number}", linewidth=1)
        axes.vlines(times, rows + 0.15, rows + 0.85, **look)
        height = 1 + both.max(initial=lowest) - lowest
        ticks.append(offset + height / 2)
        labels.append(_layer(name))
        offset += height + 3
    axes.set_yticks(ticks, labels)
    axes.tick_params(axis="y", length=0)
    end = (span.shown - 1) * span.dt_ms
    axes.set(xlim=(-0.02 * end, 1.02 * end), ylim=(-1, offset - 2))  # as above it
    axes.set(xlabel="time (ms)", title=f"spikes, {when} in learning")


def _layer(name):
    group = name.split(".")[0]
    return "input" if group == "layer_0" else group.replace("_", " ")


@in_style
def save_figure(figure, path):
    """Write a figure as PNG, and as PDF beside it; whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : pathlib.Path
    """
    for ending in ("png", "pdf"):
        with replacing(path.with_suffix(f".{ending}")) as file:
            figure.savefig(file, format=ending)


def _tested_images(curves):
    """What some curves were tested with, in words."""
    return " or ".join(sorted({curve.tested_images for curve in curves.values()}))


@in_style
def plot_rules(results):
    """Draw the learning curves of several rules, and what their feedback is like.

    Parameters
    ----------
    results : dict of dict
        ``results.json`` of a training with each rule, by any name.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    curves = {
        name: LearningCurve.from_json(found["learning_curve"], found.get("at_start"))
        for name, found in results.items()
    }
    titles = {name: found["rule"] for name, found in results.items()}
    aligned = [name for name, curve in curves.items() if curve.aligned]
    taught = [n for n in aligned if curves[n].measures("teaching_cosines")]
    rows, columns = 1 + 2 * bool(taught), 1 + len(aligned)
    figure = new_figure(4 * columns, 3.5 * rows)
    grid = figure.add_gridspec(rows, columns)
    _errors_of_rules(figure.add_subplot(grid[:, 0]), curves, titles)
    for column, name in enumerate(aligned, 1):
        axes = figure.add_subplot(grid[0, column])
        plot_angles(axes, curves[name])
        axes.set_title(f"{titles[name]}: feedback and backpropagation")
        if name in taught:
            panels = [figure.add_subplot(grid[row, column]) for row in (1, 2)]
            plot_teaching(*panels, curves[name])
    return figure


def _errors_of_rules(axes, curves, titles):
    for name, curve in curves.items():
        seen = curve.tested.column("images_seen")
        errors = curve.tested.column(f"{curve.tested_images}_error_percent")
        axes.plot(seen, errors, marker="o", label=titles[name])
    images_axis(axes)
    error_axis(axes, f"{_tested_images(curves)} error (%)")
    axes.legend()
