"""The output error from spikes instead of spike probabilities.

The paper's target is the spikes that an output neuron ought to have; whether the error
is taken to its spikes or to its spike probability can be read either way. Here every
output neuron draws a spike in each step (*reconstructed*). For ``--model``.
"""

error_neuron = """
delta = target - spiked : 1
spiked = int(rand() < phi) : 1
"""
