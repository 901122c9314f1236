"""Winner take all: a spike silences the other neurons of its layer for a while.

Diehl and Cook, Frontiers in Computational Neuroscience 9:99 (2015), for the lateral
inhibition; what is learned is that of feedback alignment. Inhibition is as strong
between any two neurons of the first hidden layer, and decays slowly.
"""

from brian2 import ms

tau_g = 2 * ms
strength = 0.02
eta = 1e-2

layer_1_neuron = """
dh/dt = (b + drive - g - h)/tau_m : 1
dg/dt = -g/tau_g : 1
drive : 1
b : 1
"""
layer_1_lateral_transmit = "g_post += strength"
layer_1_lateral_mask = "i != j"
