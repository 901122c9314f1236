"""Weights that decay by gamma a time step, whatever the learning rate is.

The other reading of the paper's weight decay (*reconstructed*)::

    dW_ij = eta s_i psi(h_j) phi_d(delta_j) - gamma W_ij

With gamma = 1e-8 a weight loses 0.3 % in a pass over 60,000 images of 5 steps, a
thousand times more than with the decay inside the bracket of eta. For ``--model``.
"""

decay = "W *= exp(-gamma*elapsed_steps(t))"
decay_bias = "b *= exp(-gamma*elapsed_steps(t))"
kolen_pollack_decay = "B *= exp(-gamma*elapsed_steps(t))"
