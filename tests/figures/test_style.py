"""All figures have one look, and copies that can be enlarged."""

from itertools import combinations

import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from spikefa.figures.spiking import save_figure
from spikefa.figures.style import STYLE, in_style

#: Linear RGB to what a protanope and a deuteranope see (Machado et al., 2009,
#: doi:10.1109/TVCG.2009.113, severity 1).
COLOUR_BLIND = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def test_lines_are_told_apart_by_the_colour_blind():
    style = matplotlib.rc_params_from_file(STYLE, use_default_template=False)
    colours = np.array([to_rgb(c) for c in style["axes.prop_cycle"].by_key()["color"]])
    for matrix in COLOUR_BLIND.values():
        seen = np.clip(colours**2.2 @ np.transpose(matrix), 0, 1) ** (1 / 2.2)
        assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 0.12


def test_the_style_ends_with_the_function():
    before = matplotlib.rcParams["font.size"]
    assert in_style(lambda: matplotlib.rcParams["font.size"])() == 9
    assert matplotlib.rcParams["font.size"] == before


def test_a_vector_copy_is_written(tmp_path):
    figure = Figure()
    figure.add_subplot().plot([1, 2])
    save_figure(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")
