"""Synapses: plastic forward weights with a three-factor rule, fixed feedback weights.

The weight of a synapse changes by the product of a presynaptic spike, the slope
``psi`` of the postsynaptic spike probability and the third factor ``phi_d(delta)``
of the postsynaptic delta neuron; all forward weights and biases decay (*paper*)::

    dW_ij = eta (s_i psi(h_j) phi_d(delta_j) - gamma W_ij)
    db_j  = eta (    psi(h_j) phi_d(delta_j) - gamma b_j)

That the decay is part of what eta multiplies is *reconstructed*: with gamma a time
step, whatever eta, a rate network trained with the paper's constants ends at twice the
paper's error. `decay_per_step` is that other reading.

Forward weights are drawn from U[-weight_range, weight_range], feedback weights from
U[-feedback_range, feedback_range] (*paper*), biases like forward weights
(*reconstructed*).

In one time step ``transmit`` runs in the forward sweep, ``learn`` after the backward
sweep. ``decay`` is applied once for ``elapsed_steps(t)`` steps: a float32 weight cannot
hold the change of 1e-11 that eta gamma makes in a single one.
"""

eta = 1e-3
gamma = 1e-8
weight_range = 0.05
feedback_range = 0.1

plastic_synapse = """
W : 1
dW = eta*psi_post*third_factor_post : 1
"""
transmit = "drive_post += W"
learn = "W += dW"
learn_bias = "b += eta*psi*third_factor"

decay = "W *= exp(-eta*gamma*elapsed_steps(t))"
decay_bias = "b *= exp(-eta*gamma*elapsed_steps(t))"

feedback_synapse = """
B : 1 (constant)
feedback_post = B*third_factor_pre : 1 (summed)
"""

# Feedback weights in 8 or 16 bits lie on a grid: whole numbers of steps.
feedback_grid = """
B_steps : integer (constant)
B = feedback_step*B_steps : 1
"""

# Sparse connectivity: ``learn`` of synapses of which only some are present (1). The
# weights of the others (0) are 0 and stay so.
sparse_synapse = """
present : 1 (constant)
"""
sparse_learn = "W += present*dW"
