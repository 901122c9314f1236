"""Leaky integrate-and-fire neurons: a threshold, a reset and a refractory period."""

from brian2 import ms

tau_m = 1 * ms
threshold = 0.1
width = 0.25

psp_neuron = """
dh/dt = (b + drive - h)/tau_m : 1 (unless refractory)
drive : 1
b : 1
"""
spike = "h > threshold"
reset = "h = 0"
refractory = 2 * ms

# A threshold has no slope. That of a sigmoid around it takes its place in the
# plasticity, and the sigmoid itself is what the output neurons are read out by.
transfer = """
phi = 1/(1 + exp((threshold - h)/width)) : 1
psi = phi*(1 - phi) : 1
"""
