"""What type checkers, and imports on demand, find where."""

from .depth import plot_depth as plot_depth
from .rate import (
    plot_comparison as plot_comparison,
    plot_deep as plot_deep,
    plot_images as plot_images,
    plot_linear as plot_linear,
    plot_quadratic as plot_quadratic,
    plot_search as plot_search,
)
from .runs import plot_runs as plot_runs
from .spiking import (
    plot_rules as plot_rules,
    plot_training as plot_training,
    save_figure as save_figure,
)
