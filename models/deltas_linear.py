"""Deltas that nothing saturates: psi up to 1, none at the output, phi_d the identity.

The output delta is then the error itself, and what reaches a hidden neuron is weighed
by B and its own psi alone. Departs from the paper, whose phi_d is "a simple sigmoidal
function centred on 0" (*paper*); that psi has a peak of 1 is *reconstructed* (see
`psi_scaled`). With the paper's constant eta, networks learn so as well as with an eta
that is larger and falls. For ``--model``.
"""

psi_peak = 1.0

transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = 4*psi_peak*phi*(1 - phi) : 1
"""

output_transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = 1.0 : 1
"""

third_factor = """
third_factor = delta : 1
"""
