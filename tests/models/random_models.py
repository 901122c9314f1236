"""Random model files: neurons of many kinds, one in each layer, and slips in them."""

from hypothesis import strategies as st

HEAD = """
from fractions import Fraction
import numpy as np
from brian2 import *
input_spike = "pixel > 0.5  # no random numbers: devices draw others"
eta = np.float64(0.02)
gamma = Fraction(1, 1000)
"""

_LEAKS = (
    "(b + drive - h)/{tau}",
    "(0.3 + b + drive - h*(1 + g))/{tau}",
    "(b + drive - h + 0.1*h**2)/{tau}",
    "(b + drive - sin(h) - 0.2*a)/{tau}",
)
_EXTRA = {
    "theta": ("dtheta/dt = (0.1 - theta)/(9*ms) : 1", "theta += 0.05", "0.1"),
    "a": ("da/dt = -a/(5*ms) : 1", "a += 0.3", None),
    "g": ("dg/dt = -g/(3*ms) : 1", "g = clip(g + 0.2, 0, 1)", "0.1*rand()"),
    "n": ("n : integer", "n += 1", None),
    "last": ("last : second", "last = t", "-1*second"),
    "on": ("on : boolean", "on = not on", None),
}
_SPIKES = ("h > 0.1", "h > theta", "h > 0.1 and a < 2", "h > 0.05*(1 + n % 3)")
_SPIKES += ("h > 0.1 + 0.2*exp(-(t - last)/(4*ms))", "h > 0.2 or (on and h > 0.05)")
_TRANSFERS = (
    ("1/(1 + exp(-h))", "phi*(1 - phi)"),
    ("0.5 + 0.5*tanh(h)", "0.5*(1 - tanh(h)**2)"),
    ("clip(h, 0, 1)", "int(h > 0)*int(h < 1)"),
)
_REFRACTORY = ("False", "2*ms", "'1*ms + 1*ms*int(h > 0.5)'", "'h > 0.3'")
_METHODS = ("None", "'euler'", "['exact', 'exponential_euler', 'euler']", "'rk2'")


def _used(text):
    return [name for name in _EXTRA if _has(text, name)]


def _has(text, name):
    cleaned = "".join(c if c.isalnum() or c == "_" else " " for c in text)
    return name in cleaned.split()


@st.composite
def neurons(draw, layer):
    """Draw the strings of one layer, as lines of a model file."""
    tau = draw(st.sampled_from(["1.5*ms", "tau_m", "tau_i"]))
    leak = draw(st.sampled_from(_LEAKS)).format(tau=f"({tau})")
    spike = draw(st.sampled_from(_SPIKES))
    more = draw(st.sets(st.sampled_from(sorted(_EXTRA)), max_size=2))
    names = sorted({*more, *_used(leak), *_used(spike)})
    equations = [f"dh/dt = {leak} : 1", *(_EXTRA[name][0] for name in names)]
    if tau == "tau_i":
        equations.append("tau_i : second (constant)  # each its own")
    equations += ["drive : 1", "b : 1"]
    reset = draw(st.permutations(["h = 0", *(_EXTRA[name][1] for name in names)]))
    between = draw(st.sampled_from(["; ", "\n    ", " # and\n"]))
    initial = {name: _EXTRA[name][2] for name in names if _EXTRA[name][2]}
    if tau == "tau_i":
        initial["tau_i"] = "1*ms + 1*ms*rand()"
    phi, psi = draw(st.sampled_from(_TRANSFERS))
    text = f"layer_{layer}_neuron = '''\n" + "\n".join(equations) + "\n'''\n"
    if draw(st.booleans()):
        text += f"layer_{layer}_neuron = Equations(layer_{layer}_neuron)\n"
    text += f"layer_{layer}_spike = '''\n    {spike}  # fires\n'''\n"
    text += f"layer_{layer}_reset = '''{between.join(reset)}'''\n"
    text += f"layer_{layer}_transfer = '''\nphi = {phi} : 1\npsi = {psi} : 1\n'''\n"
    text += f"layer_{layer}_refractory = {draw(st.sampled_from(_REFRACTORY))}\n"
    text += f"layer_{layer}_method = {draw(st.sampled_from(_METHODS))}\n"
    return text, {f"layer_{layer}": initial}


@st.composite
def model_files(draw, n_layers):
    """Draw a model file with other neurons in each layer."""
    layers = [draw(neurons(layer)) for layer in range(1, n_layers + 1)]
    initial = {key: value for _, of in layers for key, value in of.items() if value}
    return HEAD + "".join(text for text, _ in layers) + f"initial = {initial!r}\n"


#: What is written by mistake: a piece of a file, and what takes its place.
_SLIPS = (
    ("drive : 1", "dirve : 1"),
    (" : 1\n", "\n"),
    (" - h", " - v"),
    ("(", ""),
    (")", ""),
    ("h = 0", "hh = 0"),
    ("*ms", "*mV"),
    ("*ms", ""),
    ("_spike", "_spkie"),
    ("_reset", "_rest"),
    ("h > ", "h >> "),
    ("' ", "'* "),
    ("psi =", "psy ="),
    ("phi =", "ph i ="),
    ("exp", "exq"),
    ("eta =", "learning_rate ="),
    ("tau_i", "trace"),
    ("integer", "integre"),
    ("t)", "t) +"),
    ("layer_1", "layer_9"),
    ("0.1", "0.1.1"),
    ("initial =", "initial = 3 or"),
    ("rand()", "randd()"),
    ("/", "//"),
    ("'''", "''"),
    ("#", ";"),
)


@st.composite
def slips(draw, n_layers):
    """Draw a model file with a slip somewhere."""
    text = draw(model_files(n_layers))
    there = [slip for slip in _SLIPS if slip[0] in text]
    old, new = draw(st.sampled_from(there))
    pieces = text.split(old)
    at = draw(st.integers(1, len(pieces) - 1))
    return old.join(pieces[:at]) + new + old.join(pieces[at:])
