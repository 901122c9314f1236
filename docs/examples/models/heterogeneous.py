"""Every neuron has a time constant of its own.

Networks of such neurons learn better where time matters: N. Perez-Nieves et al., Nature
Communications 12:5791 (2021). The time constants are drawn when learning starts, from
the seed of the run.
"""

from brian2 import ms

eta = 1e-2

psp_neuron = """
dh/dt = (b + drive - h)/tau_i : 1
tau_i : second (constant)
drive : 1
b : 1
"""
initial = {
    "tau_i": "clip(0.6 + 0.2*randn(), 0.2, 1.5)*ms",
    "output.tau_i": 0.434 * ms,
}
