"""Biases that keep their initial values.

The paper does not say whether biases learn (*reconstructed*: they do, like the weights
of a synapse whose presynaptic neuron spikes in every step). For ``--model``.
"""

learn_bias = "b += 0*third_factor"
decay_bias = "b *= 1"
