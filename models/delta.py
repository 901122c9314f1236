"""Backward neurons: the error at the output and the delta signals below it.

The output error is the target minus the spike probability; a delta neuron low-pass
filters what the feedback synapses bring from the layer above (*paper*)::

    delta_j^m = y*_j - phi(h_j^m)
    delta_j^l(t) = (1 - tau) delta_j^l(t - dt) + tau sum_k B_kj phi_d(delta_k^(l+1))

``third_factor`` is ``phi_d(delta)``, "a simple sigmoidal function centred on 0"
(*paper*), taken to be tanh (*reconstructed*). It is sent down by the feedback
synapses and multiplies the plasticity of the layer's own forward synapses.
"""

# y* = 1 for the outputs of the class shown, else 0; ``labels(t)`` is that class.
target = """
target = int(labels(t) == class_index) : 1
class_index : integer (constant)
"""

# ``phi`` is that of the output neuron with the same index.
error_neuron = """
delta = target - phi : 1
"""

# ``feedback`` is what the feedback synapses delivered in this time step.
delta_neuron = """
ddelta/dt = (feedback - delta)/tau_m : 1
"""

third_factor = """
third_factor = tanh(delta) : 1
"""
