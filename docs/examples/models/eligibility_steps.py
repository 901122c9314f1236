"""An eligibility trace that learns in every step, whether there is a spike or not.

Bellec et al., Nature Communications 11:3625 (2020), e-prop: a synapse keeps a low-pass
filtered trace of presynaptic spikes, times the slope of its neuron, and moves by its
product with the learning signal of the neuron in each step.
"""

from brian2 import ms

tau_e = 2 * ms
eta = 1e-2

plastic_synapse = """
W : 1
delig/dt = -elig/tau_e : 1 (clock-driven)
"""
learn = "elig += 1"
learn_step = "W += eta*elig*psi_post*third_factor_post"
