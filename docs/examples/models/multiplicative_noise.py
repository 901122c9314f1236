"""Noise that grows with the potential, integrated by Heun's method.

``xi`` is white noise of unit variance per time. As it is multiplied with h, its mean
effect depends on the calculus: Heun's and Milstein's methods are those of Stratonovich.
"""

from brian2 import ms

tau_v = 2 * ms
tau_n = 1 * ms
sigma = 0.3
eta = 1e-2

psp_neuron = """
dh/dt = (b + drive - h)/tau_v + sigma*h*tau_n**-0.5*xi : 1
drive : 1
b : 1
"""
method = ("heun", "milstein")
