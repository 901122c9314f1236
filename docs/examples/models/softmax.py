"""A softmax at the output, with the gradient of cross-entropy as its error.

Bridle, NATO ASI F68:227 (1990): outputs compete for a probability of 1 in all; target
minus probability is then the gradient, without a slope. Outputs of the class that is
shown share the target.
"""

eta = 5e-2

output_neuron = """
dh/dt = (b + drive - h)/tau_m : 1
drive : 1
b : 1
total : 1
"""
output_sum = "total_post = exp(h_pre) : 1 (summed)"
output_transfer = """
phi = exp(h)/total : 1
psi = 1.0 : 1
"""
target = """
target = int(labels(t) == class_index)*10.0/N : 1
class_index : integer (constant)
"""
