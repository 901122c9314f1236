"""The spiking network once more, in plain NumPy.

Written from the equations of the paper as the specification states them (tau read as
a leak rate), not from the code under test: nothing of spikefa is imported. One call of
`Oracle.step` is one time step, in the order input spikes, forward sweep, error,
backward sweep, plasticity. The random numbers are handed in.
"""

import numpy as np


class Oracle:
    """A network of spiking layers that learns by feedback of its output error.

    Parameters
    ----------
    sizes : sequence of int
        Neurons in the input, hidden and output layers.
    n_classes : int
    tau, eta, gamma : float
        Leak rate, learning rate and weight decay.
    rule : {'fa', 'dfa', 'bp', 'sign', 'kp', 'shallow'}
    decay : {'subtracted', 'exponential'}
        ``W <- W + dW - gamma W`` as the paper has it, or ``W <- (W + dW) exp(-gamma)``:
        the same to first order in gamma.
    dtype : type
        Of all numbers and all arithmetic.

    Attributes
    ----------
    h, delta, W, b : dict
        By layer 1 .. m; ``W[l]`` has a row per neuron of layer l - 1.
    B : dict
        By the hidden layer that it ends in, a row per neuron that it comes from;
        for the rules ``sign`` and ``kp`` by layer l + 1 and shaped as ``W``.
    spikes : dict
        Those of the last step, by layer 0 .. m - 1.
    margin : float
        Smallest distance ever seen between a spike probability and the random number
        it was compared with. Rounding below it cannot have changed a spike.
    """

    def __init__(
        self,
        sizes,
        n_classes,
        *,
        eta,
        gamma,
        tau=0.9,
        rule="fa",
        decay="subtracted",
        dtype=np.float64,
    ):
        self.sizes, self.n_classes, self.rule = tuple(sizes), n_classes, rule
        self.tau, self.eta, self.gamma = (dtype(value) for value in (tau, eta, gamma))
        self.decay, self.dtype = decay, dtype
        self.m = len(sizes) - 1
        above_input = range(1, self.m + 1)
        self.h = {n: self._zeros(sizes[n]) for n in above_input}
        self.delta = {n: self._zeros(sizes[n]) for n in above_input}
        self.b = {n: self._zeros(sizes[n]) for n in above_input}
        self.W = {n: self._zeros(sizes[n - 1], sizes[n]) for n in above_input}
        self.B = {}
        self.spikes = {}
        self.margin = np.inf

    def _zeros(self, *shape):
        return np.zeros(shape, self.dtype)

    def phi(self, layer):
        """Spike probabilities of a layer."""
        one = self.dtype(1)
        return one / (one + np.exp(-self.h[layer]))

    def psi(self, layer):
        """Slope of the spike probability."""
        return self.phi(layer) * (self.dtype(1) - self.phi(layer))

    def third_factor(self, layer):
        """phi_d(delta)."""
        return np.tanh(self.delta[layer])

    def feedback(self, layer):
        """Sum up what arrives at the delta neurons of a hidden layer."""
        above = layer + 1
        if self.rule == "fa":
            return self.third_factor(above) @ self.B[layer]
        if self.rule == "dfa":
            return self.third_factor(self.m) @ self.B[layer]
        if self.rule == "bp":
            return self.W[above] @ (self.psi(above) * self.third_factor(above))
        if self.rule == "sign":
            signed = np.abs(self.B[above]) * np.sign(self.W[above])
            return signed @ (self.psi(above) * self.third_factor(above))
        if self.rule == "kp":
            return self.B[above] @ (self.psi(above) * self.third_factor(above))
        raise ValueError(self.rule)

    def learning_layers(self):
        return [self.m] if self.rule == "shallow" else range(1, self.m + 1)

    def step(self, pixels, label, uniforms, backward=True, learning=None):
        """Take one time step.

        Parameters
        ----------
        pixels : array
            From 0 to 1.
        label : int
        uniforms : list of array
            A number for each neuron of layer 0 .. m - 1; it spikes if its number is
            below its spike probability.
        backward : bool
            Whether errors and deltas are updated.
        learning : set of int
            The layers whose weights and biases learn; all that the rule lets.
        """
        keep, tau = self.dtype(1) - self.tau, self.tau
        probability = np.minimum(np.asarray(pixels, self.dtype), self.dtype(0.95))
        self._draw(0, probability, uniforms)
        for layer in range(1, self.m + 1):
            drive = self.b[layer] + self.spikes[layer - 1] @ self.W[layer]
            self.h[layer] = keep * self.h[layer] + tau * drive
            if layer < self.m:
                self._draw(layer, self.phi(layer), uniforms)
        if backward:
            self._sweep_backward(label)
        for layer in self.learning_layers():
            if learning is None or layer in learning:
                self._learn(layer)

    def _sweep_backward(self, label):
        keep, tau = self.dtype(1) - self.tau, self.tau
        group_size = self.sizes[-1] // self.n_classes
        target = (np.arange(self.sizes[-1]) // group_size == label).astype(self.dtype)
        self.delta[self.m] = target - self.phi(self.m)
        if self.rule == "shallow":
            return
        for layer in range(self.m - 1, 0, -1):
            arriving = self.feedback(layer)
            self.delta[layer] = keep * self.delta[layer] + tau * arriving

    def _draw(self, layer, probability, uniforms):
        distance = np.abs(uniforms[layer] - probability.astype(np.float64))
        self.margin = min(self.margin, distance.min())
        self.spikes[layer] = (uniforms[layer] < probability).astype(self.dtype)

    def _learn(self, layer):
        per_spike = self.eta * self.psi(layer) * self.third_factor(layer)
        per_synapse = np.outer(self.spikes[layer - 1], per_spike)
        learned = [(self.W[layer], per_synapse), (self.b[layer], per_spike)]
        if self.rule == "kp" and layer > 1:
            learned.append((self.B[layer], per_synapse))
        for weights, change in learned:
            if self.decay == "subtracted":
                weights += change - self.eta * self.gamma * weights
            else:
                weights += change
                weights *= np.exp(-self.eta * self.gamma)
