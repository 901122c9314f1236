"""An eligibility trace: the third factor meets what a synapse did a while ago.

N. Fremaux and W. Gerstner, Frontiers in Neural Circuits 9:85 (2016). Each synapse keeps
a trace of presynaptic spikes times the slope psi; the weight moves by its product with
the third factor whenever a presynaptic spike arrives.
"""

from brian2 import ms

tau_e = 2 * ms
eta = 1e-2

plastic_synapse = """
W : 1
delig/dt = -elig/tau_e : 1 (clock-driven)
"""
learn = """
elig += psi_post  # what this synapse did to its neuron
W += eta*elig*third_factor_post
"""
