"""What the guess is made from.

The guess is the class whose outputs have the largest summed activity, that is, spike
probability (*paper*), summed over the steps of a presentation too (*reconstructed*).
"""

# One synapse from every output neuron to its class.
class_activity = """
activity_post = phi_pre : 1 (summed)
"""

# The same over all pairs of ``per_class`` outputs a class, where a sum over synapses
# has no fixed order (Brian2CUDA).
class_activity_of_all_pairs = """
activity_post = phi_pre*int(i//per_class == j) : 1 (summed)
"""
