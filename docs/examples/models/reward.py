"""Reward-modulated plasticity in the hidden layers: no neuron has an error of its own.

Fremaux and Gerstner, Frontiers in Neural Circuits 9:85 (2016), R-max: what a synapse
did to the random spikes of its neuron waits in a trace for the reward, of which a
running mean is taken off. The output learns from its error.
"""

from brian2 import ms

tau_e, tau_r = 5 * ms, 500 * ms
eta = 2e-4
weight_range = 0.3

plastic_synapse = """
W : 1
delig/dt = -elig/tau_e : 1 (clock-driven)
"""
psp_neuron = """
dh/dt = (b + drive - h)/tau_m : 1
dexpected/dt = (correct - expected)/tau_r : 1
drive : 1
b : 1
fired : 1
"""
reset = "fired = 1"
learn = "elig += fired_post - phi_post"
learn_step = "W += eta*elig*(correct - expected)"
learn_bias = "fired = 0"

output_synapse = """
W : 1
dW = eta*psi_post*third_factor_post : 1
"""
output_learn = "W += dW"
output_learn_step = ""
output_learn_bias = "b += eta*psi*third_factor"
output_eta = 1e-2
