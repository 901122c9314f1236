"""One look for all figures: ``spikefa.mplstyle``, which may be used for others too."""

from functools import wraps
from pathlib import Path

from matplotlib import rc_context

__all__ = ["BLUE", "COLORS", "GREEN", "ORANGE", "STYLE", "in_style"]

#: For ``matplotlib.style.use``.
STYLE = Path(__file__).with_name("spikefa.mplstyle")

#: Colours of the style that mean something, by name.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"

#: Colours by learner, the same in all figures.
COLORS = {
    "fa": GREEN,
    "bp": "black",
    "dfa": BLUE,
    "node": BLUE,
    "shallow": "0.6",
    "fa, half removed": "#56B4E9",
}


def in_style(function):
    """Let a function draw, or save what was drawn, in the style of the package."""

    @wraps(function)
    def styled(*args, **kwds):
        with rc_context(fname=STYLE):
            return function(*args, **kwds)

    return styled
