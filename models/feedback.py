"""Feedback that runs backwards over the forward synapses, one string for each rule.

``feedback`` of a neuron is what its delta neuron receives in a time step; here it is
summed over the synapses that the neuron makes onto the layer above (``_post``).
Feedback alignment itself has synapses of its own: `spikefa.models.three_factor`.
"""

# Backpropagation: the transposed forward weights of this very step. The slope belongs
# to the gradient; feedback alignment leaves it out.
backprop_feedback = """
feedback_pre = W*psi_post*third_factor_post : 1 (summed)
"""

# Sign-symmetric feedback: what backpropagation sends, with fixed random sizes and true
# signs in the place of W.
sign_symmetric_feedback = """
B : 1 (constant)
feedback_pre = abs(B)*sign(W)*psi_post*third_factor_post : 1 (summed)
"""

# Kolen-Pollack: what backpropagation sends, with B in the place of W. A synapse
# B_kj sees the same spike of j, slope and third factor of k as the forward synapse W_jk
# and decays alike, so that B approaches W^T:
#     dB_kj = eta (s_j psi(h_k) phi_d(delta_k) - gamma B_kj)
kolen_pollack_feedback = """
B : 1
feedback_pre = B*psi_post*third_factor_post : 1 (summed)
"""
kolen_pollack_learn = "B += dW"
kolen_pollack_sparse_learn = "B += present*dW"
kolen_pollack_decay = "B *= exp(-eta*gamma*elapsed_steps(t))"
