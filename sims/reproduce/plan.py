"""Which commands make the figures of the paper, and how long each takes."""

from spikefa.learning.rules import RULES as ALL_RULES

__all__ = ["CHOICES", "FIGURES", "RULES"]

#: Rules that the spiking network is compared under.
RULES = tuple(name for name, rule in ALL_RULES.items() if not rule.route.rate_only)

#: Learning rate of a rule, the best of some after 12,000 images, and of those for which
#: another one was better: backpropagation, because its errors shrink by psi in every
#: layer.
ETA = 0.01
ETAS = {"bp": 0.1, "kp": 0.1, "sign": 0.1}

#: Sizes of feedback weights that forward weights have after learning.
_OF_RULE = {"sign": " --set feedback_range=0.4"}

_MINUTES_OF_RULE = {"fa": 10, "bp": 7, "dfa": 7, "sign": 6, "kp": 6, "shallow": 2}

_MINUTES_OF_CHOICE = {
    "error-spikes": 3,
    "psi-scaled": 7,
    "shuffled-once": 3,
    "never-shuffled": 3,
}

#: What the paper leaves open or can be read in two ways, and the options that try it.
CHOICES = {
    "default": ("as it is by default", ""),
    "error-spikes": (
        "output error from spikes, not from their probability",
        " --model models/error_spikes.py",
    ),
    "linear": (
        "phi_d the identity, not tanh",
        " --model models/third_factor_linear.py",
    ),
    "boxcar": ("psi a boxcar", " --model models/psi_boxcar.py"),
    "psi-scaled": (
        "psi with a peak of 1, not of a quarter",
        " --model models/psi_scaled.py",
    ),
    "biases": ("biases do not learn", " --model models/biases_fixed.py"),
    "decay": (
        "gamma a time step, whatever eta is",
        " --model models/decay_per_step.py",
    ),
    "shuffled-once": ("images shuffled once", " --shuffle once"),
    "never-shuffled": ("images in the order of the file", " --shuffle never"),
}

#: Weights of B in 8 bits, and those that spikes read in 16, take a fourth and a half of
#: the memory that a step reads for them.
_BITS = "--feedback-bits 8 --weight-bits 16"
_PAPER_SIZE = f"mnist_spiking.py --preset paper {_BITS} --chunk-images 5000"

#: Numbers and sizes of hidden layers.
_SIZES = (
    "depth.py --depths 1 2 3 4 5 6 --widths 500 1000 2000 --passes 1 --images 20000"
)

#: For each figure its commands: a folder, the script with its options, and the minutes
#: that the published row took, on one or two cores of whatever server it was made on.
FIGURES = {
    # The linear network.
    "fig2": [("fig2", "linear.py", 2)],
    # Rate networks on MNIST: with the paper's learning rates, and with the script's.
    "fig3a": [
        (
            "fig3a-paper",
            "mnist_rate.py --eta bp=0.001 --eta fa=0.001 --passes 300 --runs 1",
            90,
        ),
        ("fig3a", "mnist_rate.py --runs 5", 11),
    ],
    # Three and four layers.
    "fig3d": [("fig3d", "deep_nonlinear.py", 6)],
    # The spiking network, 3 x 1500.
    "fig4": [
        ("fig4", f"{_PAPER_SIZE} --epochs 21", 138),
        (
            "fig4-best",
            f"{_PAPER_SIZE} --model models/eta_annealed.py --set eta_0=0.004 "
            "--set eta_held=18 --set eta_passes=5 --epochs 28",
            132,
        ),
        (
            "fig4-linear",
            f"{_PAPER_SIZE} --model models/deltas_linear.py --epochs 22",
            150,
        ),
        (
            "fig4-linear-annealed",
            f"{_PAPER_SIZE} --model models/deltas_linear_annealed.py --epochs 20",
            102,
        ),
        (
            "fig4-linear-annealed-seed-2",
            f"{_PAPER_SIZE} --model models/deltas_linear_annealed.py --epochs 20 "
            "--seed 2",
            162,
        ),
        # What the paper does not have: shifted images, averaged weights.
        (
            "fig4-shifted",
            f"mnist_spiking.py --preset paper {_BITS} --model models/deltas_linear.py "
            "--shift 1 --average 4 --epochs 25",
            252,
        ),
    ],
    # Spiking against rate, 3 x 1500.
    "compare": [
        (
            "compare",
            f"compare.py --layers 1500 1500 1500 --passes 3 {_BITS} --runs 1 "
            "--evaluations 10 --eta spiking=0.01 --eta rate=0.03",
            96,
        )
    ],
    # Deeper and wider networks; eta of rate networks with three layers of 500 units is
    # the best on held-out images.
    "depth": [
        ("depth", _SIZES, 44),
        (
            "depth-rate",
            f"{_SIZES} --network rate --eta fa=0.03 --eta dfa=0.1 --eta bp=0.1",
            19,
        ),
    ],
    # The quadratic network.
    "fig5": [("fig5", "quadratic.py", 1)],
    # The spiking network, 3 x 500: all rules,
    "rules": [
        (
            f"rules-{rule}",
            f"mnist_spiking.py --rule {rule} --epochs 5 --eta {ETAS.get(rule, ETA)}"
            + _OF_RULE.get(rule, ""),
            _MINUTES_OF_RULE[rule],
        )
        for rule in RULES
    ],
    # half of W and B removed, with the learning rate that is the best for all synapses,
    "removed": [
        ("removed", f"mnist_spiking.py --removed 0.5 --epochs 5 --eta {ETA}", 8)
    ],
    # and what the paper leaves open.
    "choices": [
        (
            f"choices-{name}",
            f"mnist_spiking.py --epochs 3{options}",
            _MINUTES_OF_CHOICE.get(name, 4),
        )
        for name, (_, options) in CHOICES.items()
    ],
}
