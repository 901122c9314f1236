"""Izhikevich's simple model of spiking neurons (fast spiking), in every layer.

E. M. Izhikevich, IEEE Transactions on Neural Networks 14:1569 (2003). ``h`` is the
membrane potential in mV. The output neurons spike too; they are read out by phi of r,
an estimate of their rate.
"""

from brian2 import ms

dt = 0.5 * ms
tau_r = 10 * ms
gain = 40

# The input saturates: far below rest, h**2 would drive the neuron up again.
psp_neuron = """
dh/dt = (0.04*h**2 + 5*h + 140 - u + gain*tanh(b + drive))/ms : 1
du/dt = 0.1*(0.2*h - u)/ms : 1
dr/dt = -r/tau_r : 1
drive : 1
b : 1
"""
initial = {"h": -65, "u": "0.2*h", "output.b": 0.3}
method = "euler"
spike = "h >= 30"
reset = "h = -65; u += 2; r += 1"
output_spike, output_reset = spike, reset

# Neurons have no slope. What has fired, or is near to it, can be moved most.
transfer = """
phi = 1/(1 + exp(-(clip(h, -80, 30) + 50)/10)) : 1
psi = phi*(1 - phi) : 1
"""
output_transfer = """
phi = 1/(1 + exp(4*(1 - r))) : 1
psi = phi*(1 - phi) : 1
"""

eta = 1e-3
