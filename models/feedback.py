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

# Sign-symmetric feedback: fixed random sizes, true signs.
sign_symmetric_feedback = """
B : 1 (constant)
feedback_pre = abs(B)*sign(W)*third_factor_post : 1 (summed)
"""
