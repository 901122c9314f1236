"""Forward neurons: a PSP that forgets fast, and spikes drawn from it.

Input neuron j spikes with probability ``min(x_j, 0.95)``, redrawn every time step,
where ``x_j`` in [0, 1] is its pixel (*paper*).

A forward neuron sums the spikes of the layer below and its bias into a drive,
low-pass filters the drive into a PSP ``h`` and spikes with probability ``phi(h)``
(*paper*)::

    drive_j = sum_i W_ij s_i
    h_j(t)  = (1 - tau) h_j(t - dt) + tau (b_j + drive_j)
    s_j     ~ Bernoulli(phi(h_j))

The paper calls tau = 0.9 a fast time constant and it is read here as a leak rate:
a tenth of the past is kept in each step (*reconstructed*: read as a decay factor
the network does not learn). In continuous time ``exp(-dt/tau_m) = 1 - tau``, and
Brian2's exact integration of the equation below gives the update above.
"""

from brian2 import ms

dt = 1 * ms
tau = 0.9
tau_m = "-dt/log(1 - tau)"  # 0.434 ms; follows tau and dt, whoever sets them

# ``images(t, i)`` is the pixel of input neuron i at time t, from 0 to 1.
input_neuron = """
pixel = images(t, i) : 1
phi = clip(pixel, 0, 0.95) : 1
"""
input_spike = "rand() < phi"

# ``drive`` is what the synapses delivered in this time step.
psp_neuron = """
dh/dt = (b + drive - h)/tau_m : 1
drive : 1
b : 1
"""

# phi: spike probability; psi: its slope, the second factor of the plasticity.
transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = phi*(1 - phi) : 1
"""

spike = "rand() < phi"
reset = ""
refractory = False
