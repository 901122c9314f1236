"""Leaky integrate-and-fire neurons with a refractory period (Lapicque 1907).

The output neurons have the same equations but do not spike; they are read out by phi.
"""

from brian2 import ms

tau_m = 1 * ms
theta = 0.1
width = 0.25

psp_neuron = """
dh/dt = (b + drive - h)/tau_m : 1 (unless refractory)
drive : 1
b : 1
"""
spike = "h > theta"
reset = "h = 0"
refractory = 2 * ms

# A threshold has no slope; that of a sigmoid around it takes its place.
transfer = """
phi = 1/(1 + exp((theta - h)/width)) : 1
psi = phi*(1 - phi) : 1
"""

eta = 3e-3
