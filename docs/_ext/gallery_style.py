"""Figures of the gallery look like all others."""

import matplotlib

from spikefa.figures.style import STYLE

__all__ = ["use_style"]


def use_style(gallery_conf, fname, when):
    """Choose the style of the package before an example is run."""
    if when != "before":
        return
    matplotlib.style.use(STYLE)
    matplotlib.rcParams |= {
        "figure.constrained_layout.use": True,
        "figure.figsize": (5.5, 3.5),
        "savefig.dpi": "figure",  # what the gallery expects
    }
