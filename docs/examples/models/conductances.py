"""Excitatory and inhibitory conductances, integrated by the exponential Euler method.

A positive sum of weights opens excitatory channels, a negative one inhibitory ones. The
membrane equation is stiff where conductances are large: Euler's method would overshoot,
the exponential Euler method does not at any time step.
"""

from brian2 import ms

tau_v = 2 * ms
tau_e = 0.5 * ms
tau_i = 1 * ms
E_e = 3.0
E_i = -2.0
theta = 0.3
width = 0.3

psp_neuron = """
dh/dt = (-h + g_e*(E_e - h) + g_i*(E_i - h))/tau_v : 1
dg_e/dt = (clip(b + drive, 0, inf) - g_e)/tau_e : 1
dg_i/dt = (clip(-b - drive, 0, inf) - g_i)/tau_i : 1
drive : 1
b : 1
"""
method = "exponential_euler"
spike = "h > theta"
reset = "h = 0"
eta = 1e-2

transfer = """
phi = 1/(1 + exp((theta - h)/width)) : 1
psi = phi*(1 - phi) : 1
"""
