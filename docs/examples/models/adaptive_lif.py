"""Integrate-and-fire neurons whose threshold theta rises with every spike.

Adaptive threshold as in Bellec et al., NeurIPS 31 (2018), where it decays slowly.
"""

from brian2 import ms

tau_m = 1 * ms
tau_theta = 20 * ms
theta_0 = 0.1
jump = 0.05
width = 0.25

psp_neuron = """
dh/dt = (b + drive - h)/tau_m : 1
dtheta/dt = (theta_0 - theta)/tau_theta : 1
drive : 1
b : 1
"""
initial = {"theta": theta_0}
spike = "h > theta"
reset = """
h = 0
theta += jump
"""

transfer = """
phi = 1/(1 + exp((theta - h)/width)) : 1
psi = phi*(1 - phi) : 1
"""

eta = 3e-3
