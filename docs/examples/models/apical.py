"""Two compartments: errors arrive at an apical dendrite, which pulls at the soma.

Guerguiev, Lillicrap and Richards, eLife 6:e22901 (2017), in a simple form: the apical
potential of a hidden neuron follows the third factor, adds to its PSP, and is what its
synapses learn from. The output has one compartment.
"""

from brian2 import ms

tau_a = 1 * ms
g_apical = 0.2
eta = 1e-2

psp_neuron = """
dh/dt = (b + drive + g_apical*(apical - h) - h)/tau_m : 1
dapical/dt = (third_factor - apical)/tau_a : 1
drive : 1
b : 1
"""
plastic_synapse = """
W : 1
dW = eta*psi_post*apical_post : 1
"""
learn_bias = "b += eta*psi*apical"

output_neuron = """
dh/dt = (b + drive - h)/tau_m : 1
drive : 1
b : 1
"""
output_synapse = """
W : 1
dW = eta*psi_post*third_factor_post : 1
"""
output_learn_bias = "b += eta*psi*third_factor"
