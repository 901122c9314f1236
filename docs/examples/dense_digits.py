"""
STDP on digits
==============

784 inputs and 400 excitatory neurons, all-to-all, with event-driven traces in
`spikefa.dense.DenseSynapses`. Compiling it takes half a minute; it is not run for these
pages.
"""

import numpy as np
from brian2 import Network, NeuronGroup, PoissonGroup, defaultclock, ms

from spikefa.dense import DenseSynapses

N_INPUTS, N_NEURONS = 784, 400
defaultclock.dt = 0.5 * ms

inputs = PoissonGroup(N_INPUTS, rates="63.75*Hz*(rand() < 0.2)")
excitatory = NeuronGroup(
    N_NEURONS,
    """
    dv/dt = (ge - gi - v)/(100*ms) : 1 (unless refractory)
    dge/dt = -ge/ms : 1
    dgi/dt = -gi/(2*ms) : 1
    dtheta/dt = -theta/(1e7*ms) : 1  # homeostasis
    """,
    threshold="v > 0.3 + theta",
    reset="v = 0; theta += 0.05",
    refractory=5 * ms,
    method="euler",
)

learning = DenseSynapses(
    inputs,
    excitatory,
    """
    w : 1
    dapre/dt = -apre/(20*ms) : 1 (event-driven)
    dapost1/dt = -apost1/(20*ms) : 1 (event-driven)
    dapost2/dt = -apost2/(40*ms) : 1 (event-driven)
    """,
    on_pre="ge_post += w; apre = 1; w = clip(w - 0.0001*apost1, 0, 1)",
    on_post="w = clip(w + 0.01*apre*apost2, 0, 1); apost1 = 1; apost2 = 1",
)
learning.connect()
learning.w = "0.3*rand()"

inhibition = DenseSynapses(excitatory, excitatory, on_pre="gi_post += 17")
inhibition.connect(condition="i != j")

network = Network(inputs, excitatory, learning, inhibition)
for _ in range(2):
    w = np.array(learning.w[:]).reshape(N_INPUTS, N_NEURONS)
    learning.w = (78 * w / w.sum(axis=0)).ravel()
    network.run(50 * ms)

w = learning.w[:]
print(f"weights from {w.min():.3f} to {w.max():.3f}")
