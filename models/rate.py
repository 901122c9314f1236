"""Rate neurons: the definitions of the spiking network, graded instead of spiking.

What a spike carried, the graded output ``phi(h)`` carries; tau = 1, so one time step
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
