"""Pictures that are drawn while the pages are built, from the code that they show.

``.. network-diagram::`` is the network with its feedback, ``.. timestep-diagram::`` the
order of things in one time step, as `spikefa.network.timestep` has it.
"""

import io
import re

from docutils import nodes
from docutils.parsers.rst import Directive

__all__ = ["draw_network", "draw_timestep", "setup"]

_FORWARD, _BACKWARD, _PLASTIC = "#0072b2", "#d55e00", "#009e73"  # Okabe and Ito
_N_HIDDEN = 3


def draw_network():
    """Draw layers, forward synapses W, feedback synapses B and the error.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure, axes = _canvas(8, 2.8, (-0.75, 5.35), (-1.5, 1.0))
    names = ["input", *(f"hidden {n}" for n in range(1, _N_HIDDEN + 1)), "output"]
    for layer, name in enumerate(names):
        for row in (0, 0.25, 0.5):
            axes.plot(layer, row, "o", ms=11, mfc="white", mec=_FORWARD)
        axes.text(layer, 0.75, name, ha="center")
        if layer:
            axes.plot(layer, -1, "s", ms=11, mfc="white", mec=_BACKWARD)
            delta = rf"$\delta^{layer}$"
            axes.text(layer, -1.3, delta, ha="center")
            _arrow(axes, (layer, -0.85), (layer, -0.15), _PLASTIC, ":")
    for layer in range(1, len(names)):
        _arrow(axes, (layer - 0.85, 0.25), (layer - 0.15, 0.25), _FORWARD)
        axes.text(layer - 0.5, 0.35, rf"$W^{layer}$", color=_FORWARD, ha="center")
        if layer > 1:
            _arrow(axes, (layer - 0.15, -1), (layer - 0.85, -1), _BACKWARD)
            label = rf"$B^{layer}$"
            axes.text(layer - 0.5, -0.9, label, color=_BACKWARD, ha="center")
    axes.text(4.2, -1.05, "error: target\nminus output", va="center")
    axes.text(-0.7, -1.05, "fixed random\nfeedback", color=_BACKWARD, va="center")
    axes.text(2.05, -0.5, "third factor", color=_PLASTIC, va="center")
    return figure


def draw_timestep():
    """Draw when each layer does what within one time step.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    from spikefa.network.timestep import Phase, backward_order, forward_order

    n_layers = _N_HIDDEN + 1
    last = forward_order(n_layers, max(Phase))
    slots = {"forward": 0, "backward": last + 3}
    slots["plasticity"] = (
        slots["backward"] + backward_order(1, n_layers, max(Phase)) + 3
    )
    end = slots["plasticity"] + 5
    figure, axes = _canvas(7.5, 3.3, (-0.125 * end, end + 1), (-2, n_layers + 1))
    for layer in range(n_layers + 1):
        axes.text(-1.5, layer, f"layer {layer}", ha="right", va="center")
        _bar(axes, forward_order(layer, 0), len(Phase), layer, _FORWARD)
        if layer:
            start = slots["backward"] + backward_order(layer, n_layers, 0)
            _bar(axes, start, len(Phase), layer, _BACKWARD)
            _bar(axes, slots["plasticity"], 5, layer, _PLASTIC)
    phases = "gather, integrate, evaluate, spike"
    axes.text(0, n_layers + 0.6, f"forward: {phases}", color=_FORWARD)
    axes.text(slots["backward"], -0.75, "backward: errors", color=_BACKWARD)
    axes.text(end, n_layers + 0.6, "plasticity", color=_PLASTIC, ha="right")
    _arrow(axes, (0, -1.2), (end, -1.2), "0.4")
    axes.text(end / 2, -1.7, "order within one time step", ha="center", color="0.4")
    return figure


def _canvas(width, height, x_range, y_range):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=x_range, ylim=y_range)
    axes.axis("off")
    return figure, axes


def _arrow(axes, start, end, color, style="-"):
    arrow = {"arrowstyle": "->", "color": color, "linestyle": style}
    axes.annotate("", end, start, arrowprops=arrow)


def _bar(axes, start, length, row, color):
    axes.barh(row, length - 0.4, left=start, height=0.6, color=color)


class Diagram(Directive):
    """A drawing, as SVG in the page; the content describes it for who cannot see it."""

    has_content = True
    draw = None

    def run(self):
        import matplotlib

        description = " ".join(self.content)
        file = io.StringIO()
        salt = {"svg.hashsalt": self.name, "svg.fonttype": "path"}
        with matplotlib.rc_context(salt):
            self.draw().savefig(file, format="svg", metadata={"Date": None})
        svg = file.getvalue()
        svg = svg[svg.index("<svg ") :]
        # As wide as the page lets it; names are those of one of several drawings.
        svg = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", svg, count=1)
        svg = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1)
        svg = svg.replace("<svg ", f'<svg role="img" aria-label="{description}" ', 1)
        figure = nodes.container(classes=["diagram"])
        figure += nodes.raw("", svg, format="html")
        return [figure]


class NetworkDiagram(Diagram):
    """The network and its feedback."""

    draw = staticmethod(draw_network)


class TimestepDiagram(Diagram):
    """The order within a time step."""

    draw = staticmethod(draw_timestep)


def setup(app):
    app.add_directive("network-diagram", NetworkDiagram)
    app.add_directive("timestep-diagram", TimestepDiagram)
    return {"parallel_read_safe": True}
