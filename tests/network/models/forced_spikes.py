"""Spikes drawn from given numbers instead of rand(), another set for each layer.

N is the size of the group, and the layers of the test networks differ in size: layer
by layer the columns ``columns*N ...`` are used. Rates and decay are large, so that
everything changes visibly within a few steps, and eta falls while it does.
"""

import numpy as np
from brian2 import TimedArray, ms

columns = 16
uniforms = TimedArray(
    np.random.default_rng(7).random((128, columns * (columns + 1))),
    dt=1 * ms,
    name="uniforms",
)
input_spike = "uniforms(t, i + columns*N) < phi"
spike = "uniforms(t, i + columns*N) < phi"

# A half to that power; the emulator of CUDA programs has no function calls, as pow is.
eta = "0.05*exp(-0.6931471805599453*passes(t)/halving)"
halving = 4.0
gamma = 2e-2
