"""What the panels show: single neurons, and how much runs differ."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection

from spikefa.analysis import CurvePoint, LearningCurve
from spikefa.figures.rate import plot_deep
from spikefa.figures.runs import plot_runs
from spikefa.figures.spiking import plot_training
from spikefa.network.records import Recording


def curve(errors, angles=None, averaged=None):
    """A learning curve of some tests, 100 images apart; the last one has averages."""
    return LearningCurve(
        CurvePoint(
            100 * number,
            online_error_percent=error,
            test_error_percent=error,
            test_error_last_step_percent=error + 1,
            delta_angles=[angles[number - 1]] if angles else [],
            averaged_error_percent=averaged if number == len(errors) else None,
        )
        for number, error in enumerate(errors, 1)
    )


def test_spikes_of_neighbours_do_not_touch():
    t = np.array([0.0, 0.0, 0.001])
    spikes = {
        "layer_0.spikes": Recording(t, i=np.array([4, 5, 4])),
        "layer_1.spikes": Recording(t, i=np.array([0, 1, 1])),
    }
    shown = {name: range(6) for name in spikes}
    figure = plot_training(curve([50]), spikes, shown, images=1, steps=5, dt_ms=1.0)
    early = next(a for a in figure.axes if a.get_title() == "spikes, early in learning")
    groups = [c for c in early.collections if isinstance(c, LineCollection)]
    ends = [sorted({tuple(line[:, 1]) for line in c.get_segments()}) for c in groups]
    rows = [row for group in ends for row in group]
    assert len(groups) == 2
    assert len(rows) == 4
    assert all(
        below[1] < above[0] for below, above in zip(rows, rows[1:], strict=False)
    )
    assert early.get_ylim()[0] < rows[0][0]
    assert early.get_ylim()[1] > rows[-1][1]


@pytest.mark.parametrize(("seeds", "bands"), [(1, 0), (3, 1)])
def test_several_runs_have_bands_of_their_standard_error(seeds, bands):
    runs = [curve([80 + k, 60], [90 + k, 70]) for k in range(seeds)]
    figure = plot_runs(runs, curve([80 + (seeds - 1) / 2, 60], [91, 70]))
    errors, angles = figure.axes
    found = [
        [c for c in axes.collections if isinstance(c, PolyCollection)]
        for axes in (errors, angles)
    ]
    assert [len(of) for of in found] == [3 * bands, bands]
    for of in found if bands else ():
        first = of[0].get_paths()[0].vertices
        at_first = first[first[:, 0] == 100, 1]
        assert np.ptp(at_first) == pytest.approx(2 / np.sqrt(3))


def test_the_axis_of_errors_starts_where_they_are():
    figure = plot_runs([curve([20, 2.5])], curve([20, 2.5]))
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    assert 1.5 < low < 2.5
    assert 21 < high
    ticks = [*axes.get_yticks(), *axes.get_yticks(minor=True)]
    assert 20 <= max(ticks) < 30  # above are the legend's


def test_networks_are_called_by_their_layers():
    runs = {"examples": np.array([[0, 100]]), "nse": np.array([[1.0, 0.5]])}
    networks = ["three", "four", "four, W0 frozen"]
    curves = {f"fa, {network}": runs for network in networks}
    figure = plot_deep(curves, ["fa"], networks)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["three layers", "four layers", "four layers, W0 frozen"]


def of_one(points):
    """The figure of a training."""
    return plot_training(points, {}, {}, images=1, steps=5, dt_ms=1.0)


def of_two(points):
    """The figure of two equal runs."""
    return plot_runs([points, points], points)


@pytest.mark.parametrize("draw", [of_one, of_two])
@pytest.mark.parametrize("errors", [[80, 20, 5, 2], [2, 2, 2], [2, 20, 80]])
def test_no_line_is_behind_the_legend_of_the_learning_curve(errors, draw):
    figure = draw(curve(errors, angles=[90] * len(errors), averaged=100))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    box = axes.get_legend().get_window_extent()
    assert max(axes.get_yticks()) == 100  # an error
    assert max(axes.get_yticks(minor=True)) < 100
    assert len(axes.get_lines()) == 4
    for line in axes.get_lines():
        drawn = np.array(line.get_xydata(), float)
        drawn = drawn[np.isfinite(drawn[:, 1])]
        averaged = line.get_label() == "test images, averaged weights"
        assert len(drawn) == (1 if averaged else len(errors))
        assert (axes.transData.transform(drawn)[:, 1] < box.y0).all()


@pytest.mark.parametrize("draw", [of_one, of_two])
def test_the_error_of_averaged_weights_is_drawn_if_there_is_one(draw):
    for averaged in (None, 1.5):
        axes = draw(curve([20, 5, 2], averaged=averaged)).axes[0]
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        found = lines.get("test images, averaged weights")
        assert (found is None) == (averaged is None)
    np.testing.assert_array_equal(found, [np.nan, np.nan, 1.5])
