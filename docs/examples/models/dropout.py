"""Dropout: half of the hidden neurons are silent for an image, others in each.

Srivastava et al., Journal of Machine Learning Research 15:1929 (2014). A neuron is kept
or not when an image begins; what is not kept neither spikes nor learns. In tests all
neurons are there, and spike half as often.
"""

keep = 0.5
eta = 1e-2

psp_neuron = """
dh/dt = (b + drive - h)/tau_m : 1
drive : 1
b : 1
kept : 1
"""
on_image = "kept = int(rand() < keep)*int(training) + keep*int(not training)"
output_on_image = "kept = 1"
transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = kept*phi*(1 - phi) : 1
"""
spike = "rand() < kept*phi"
