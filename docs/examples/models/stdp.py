"""Spike-timing-dependent plasticity in the hidden layers, under a trained output.

Song, Miller and Abbott, Nature Neuroscience 3:919 (2000). A pair of spikes strengthens
a synapse if the presynaptic one comes first, and weakens it otherwise. No error is used
in the hidden layers; the output learns from its own.
"""

from brian2 import ms

tau_pre, tau_post = 5 * ms, 5 * ms
A_pre, A_post = 1e-6, 1.05e-6
w_max = 0.5
weight_range = 0.3

plastic_synapse = """
W : 1
dapre/dt = -apre/tau_pre : 1 (event-driven)
dapost/dt = -apost/tau_post : 1 (event-driven)
"""
learn = "apre += A_pre; W = clip(W - apost, -w_max, w_max)"
learn_post = "apost += A_post; W = clip(W + apre, -w_max, w_max)"
learn_bias = "b += 0*psi"

output_synapse = """
W : 1
dW = eta*psi_post*third_factor_post : 1
"""
output_learn = "W += dW"
output_learn_bias = "b += eta*psi*third_factor"
output_eta = 0.01
