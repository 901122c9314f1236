"""Adaptive exponential integrate-and-fire neurons (AdEx), with units, in every layer.

R. Brette and W. Gerstner, Journal of Neurophysiology 94:3637 (2005). ``v`` is the
membrane potential; ``h``, which the network asks for, is its distance from the
threshold in mV. The output neurons spike too; they are read out by phi of r, an
estimate of their rate.
"""

from brian2 import ms, mV, nA, nS, pA, pF

dt = 0.5 * ms
C = 20 * pF
g_L = 10 * nS
E_L = -60 * mV
V_T = -50 * mV
D_T = 2 * mV
V_cut = -40 * mV
tau_w = 30 * ms
tau_r = 10 * ms
jump = 20 * pA
I_max = 0.5 * nA

psp_neuron = """
dv/dt = (g_L*(E_L - v + D_T*exp((v - V_T)/D_T)) - w + I_max*tanh(b + drive))/C : volt
dw/dt = (2*nS*(v - E_L) - w)/tau_w : amp
dr/dt = -r/tau_r : 1
h = (v - V_T)/mV : 1
drive : 1
b : 1
"""
initial = {"v": E_L, "output.b": 0.4}
method = "euler"
spike = "v > V_cut"
reset = "v = E_L; w += jump; r += 1"
output_spike, output_reset = spike, reset

transfer = """
phi = 1/(1 + exp(-clip(h, -30, 10)/5)) : 1
psi = phi*(1 - phi) : 1
"""
output_transfer = """
phi = 1/(1 + exp(4*(1 - r))) : 1
psi = phi*(1 - phi) : 1
"""

eta = 1e-3
