"""Izhikevich's simple model of spiking neurons, in every layer.

E. M. Izhikevich, IEEE Transactions on Neural Networks 14:1569 (2003). ``h`` is the
membrane potential in mV. The output neurons spike too; they are read out by phi, an
estimate of their rate.
"""

from brian2 import ms

dt = 0.5 * ms
tau_r = 5 * ms
gain = 30

psp_neuron = """
dh/dt = (0.04*h**2 + 5*h + 140 - u + gain*(b + drive))/ms : 1
du/dt = 0.02*(0.2*h - u)/ms : 1
dr/dt = -r/tau_r : 1
drive : 1
b : 1
"""
initial = {"h": -65, "u": "0.2*h", "output.b": 0.3}
method = "euler"
spike = "h >= 30"
reset = "h = -65; u += 8; r += 0.5"
output_spike, output_reset = spike, reset

# The more a neuron has fired, or the nearer it is to firing, the larger phi.
transfer = """
phi = 1/(1 + exp(-(clip(h, -80, 30) + 55)/10)) : 1
psi = phi*(1 - phi) : 1
"""
output_transfer = """
phi = clip(r, 0, 1) : 1
psi = 0.25 : 1
"""

eta = 3e-3
