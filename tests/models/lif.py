"""Leaky integrate-and-fire neurons: a threshold, a reset and a refractory period."""

from brian2 import ms

tau_m = 4 * ms
threshold = 0.8

psp_neuron = """
dh/dt = (b + drive - h)/tau_m : 1 (unless refractory)
drive : 1
b : 1
"""
spike = "h > threshold"
reset = "h = 0"
refractory = 3 * ms

# A pixel of 1 always spikes, so that runs can be made deterministic.
input_neuron = """
pixel = images(t, i) : 1
phi = pixel : 1
"""

# Everything in float32 and in every step, however the images are cut into runs.
eta = 0.02
gamma = 0.0
