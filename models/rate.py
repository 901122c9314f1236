"""Rate neurons: the definitions of the spiking network, with rates instead of spikes.

What a spike carried, the rate ``phi(h)`` carries; tau = 1, so one time step
shows one example and nothing is kept from the one before (*paper*, Figures 2, 3, 5).
The third factor is the delta itself. Everything that is not named here is that of
`spikefa.models.psp`, `spikefa.models.delta` and `spikefa.models.three_factor`.
"""

tau = 1.0

input_neuron = """
phi = images(t, i) : 1
"""
input_spike = None
spike = None

psp_neuron = """
h = b + drive : 1
drive : 1
b : 1
"""

# One of these is the ``transfer`` of each layer.
logistic = """
phi = 1/(1 + exp(-h)) : 1
psi = phi*(1 - phi) : 1
"""
hyperbolic = """
phi = tanh(h) : 1
psi = 1 - phi**2 : 1
"""
linear = """
phi = h : 1
psi = 1 : 1
"""

# y* given as a vector, for tasks that are not classification.
vector_target = """
target = targets(t, i) : 1
"""

delta_neuron = """
delta = feedback : 1
"""
third_factor = """
third_factor = delta : 1
"""

transmit = """
drive_post = phi_pre*W : 1 (summed)
"""
learn = "W += phi_pre*dW"

# Sparse connectivity: ``learn`` of synapses of which only some are present.
sparse_learn = "W += present*phi_pre*dW"

# Kolen-Pollack feedback.
kolen_pollack_learn = "B += phi_pre*dW"
kolen_pollack_sparse_learn = "B += present*phi_pre*dW"

# Node perturbation. A second pass runs through the same weights; in it every neuron
# above the input has noise on its output. What the noise did to the error, times the
# noise, says in which direction the output should have been: its mean is the gradient.
noise_size = 0.1
noisy_input = """
phi_noisy = phi : 1
"""
noisy_neuron = """
noise = noise_size*randn() : 1 (constant over dt)
h_noisy = b + drive_noisy : 1
drive_noisy : 1
phi_noisy = phi_undisturbed + noise : 1
"""
transmit_noisy = """
drive_noisy_post = phi_noisy_pre*W : 1 (summed)
"""
# ``error`` and ``error_noisy`` are ``delta`` of the error neuron in the two passes.
reward = """
reward_post = 0.5*(error_pre**2 - error_noisy_pre**2) : 1 (summed)
"""
perturbed_delta = """
delta = reward*noise/noise_size**2 : 1
"""
