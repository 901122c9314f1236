"""A projection: all pairs of two populations, those that are removed left out."""

import numpy as np

from .equations import needed, parse_equations, parse_statements
from .expressions import evaluate
from .integration import choose, step, traits_of

__all__ = ["Synapses"]


class Synapses:
    """The synapses from a population onto another; matrices are (n_pre, n_post).

    Everything happens row by row: what the synapses of one presynaptic neuron do, they
    do at once, as each has a postsynaptic neuron of its own.

    Parameters
    ----------
    world : Network
    name : str
    source, target : Neurons
    texts : sequence of str
        Strings of equations.

    Attributes
    ----------
    exists : numpy.ndarray of bool
        False for synapses that are removed: they take part in nothing.
    returns : numpy.ndarray of bool
        False for those that do not carry the error back.
    reached : numpy.ndarray of bool
        Postsynaptic neurons whose synapses an event reaches: all, or those that spike.
    """

    def __init__(self, world, name, source, target, texts):
        self.world, self.name, self.source, self.target = world, name, source, target
        shape = source.n, target.n
        equations = [eq for text in texts for eq in parse_equations(text)]
        self.equations = {eq.name: eq for eq in equations}
        self.sums = {eq.name: eq for eq in equations if "summed" in eq.flags}
        own = {eq.name: eq for eq in equations if eq.name not in self.sums}
        self.formulas = {n: eq for n, eq in own.items() if eq.kind == "subexpression"}
        self.held = {n for n, eq in own.items() if "constant over dt" in eq.flags}
        rates = {n: eq for n, eq in own.items() if eq.kind == "differential"}
        self.on_event = {n for n, eq in rates.items() if "event-driven" in eq.flags}
        self.rates = {n: eq for n, eq in rates.items() if n not in self.on_event}
        self.decays = {n: eq for n, eq in rates.items() if n in self.on_event}
        self.state = {
            name: np.zeros(shape, eq.dtype)
            for name, eq in own.items()
            if name not in self.formulas or name in self.held
        }
        if self.decays:
            self.state["lastupdate"] = np.zeros(shape)
        self.exists, self.returns = np.ones(shape, bool), np.ones(shape, bool)
        self.reached = np.ones(target.n, bool)
        #: Time steps from a spike to its arrival.
        self.delay = 0

    def value(self, name, row, given=(), now=False):
        """Return the value of a name in the synapses of one presynaptic neuron."""
        if name in given:
            return given[name]
        if name in self.formulas and (now or name not in self.held):
            text = self.formulas[name].expression
            return evaluate(text, lambda n: self.value(n, row, given))
        if name in self.state:
            return self.state[name][row]
        base, _, side = name.rpartition("_")
        if side == "pre" and self.source.has(base):
            return np.broadcast_to(self.source.value(base), self.source.n)[row]
        if side == "post" and self.target.has(base):
            return self.target.value(base)
        if name in ("i", "j"):
            return row if name == "i" else np.arange(self.target.n)
        if name in ("N_pre", "N_post"):
            return self.source.n if name == "N_pre" else self.target.n
        if self.target.has(name):
            return self.target.value(name)
        numbers = row * self.target.n + np.arange(self.target.n)
        return self.world.value(name, numbers)

    def evaluate(self, text, row, **how):
        return evaluate(text, lambda name: self.value(name, row, **how))

    def advance(self):
        """Do what is done in every step before spikes: formulas, then equations."""
        method = self._method() if self.rates else None
        for row in range(self.source.n):
            for name in self.held:
                text = self.formulas[name].expression
                self._set(name, row, self.evaluate(text, row, now=True))
            if self.rates:
                self._integrate(self.rates, row, self.world.value("dt"), method)

    def _integrate(self, rates, row, dt, method):
        x = {name: self.state[name][row] for name in rates}

        def slopes(x, t, xi):
            found = {
                name: self.evaluate(eq.expression, row, given=x | {"t": t, "xi": xi})
                for name, eq in rates.items()
            }
            n = self.target.n
            return {k: np.broadcast_to(v, n).astype(float) for k, v in found.items()}

        after = step(method, slopes, x, self.world.value("t"), dt, None)
        for name, value in after.items():
            self._set(name, row, value)

    def _method(self):
        names = needed([eq.expression for eq in self.rates.values()], self.formulas)
        names = (names - self.held) | self.rates.keys()
        traits = traits_of(
            {name: eq.expression for name, eq in self.rates.items()},
            lambda text, given: self.evaluate(text, 0, given=given),
            self.state.keys() - self.rates.keys(),
            self.target.n,
            any(self.world.moves(self.equations[name].expression) for name in names),
        )
        return choose(None, traits)

    def on_spikes(self, texts, given=(), of_all=False, post=False):
        """Run statements in the synapses at which spikes arrive now, or in all.

        Parameters
        ----------
        texts : sequence of str
        given : callable, optional
            Takes a row, returns values that these statements read instead.
        of_all : bool, optional
            Whether it is as if all neurons had spiked.
        post : bool, optional
            Whether the spikes are those of the postsynaptic neurons.
        """
        self.reached = self.target.spikes if post else np.ones(self.target.n, bool)
        everywhere = of_all or post
        arrived = everywhere or self.source.spikes_of(self.delay)
        for row in np.flatnonzero(np.broadcast_to(arrived, self.source.n)):
            if self.decays and any(texts):
                t, last = self.world.value("t"), self.state["lastupdate"][row]
                self._integrate(self.decays, row, t - last, "exact")
                last[self.reached] = t
            self.apply(texts, row, given(row) if given else {})
        self.reached = np.ones(self.target.n, bool)

    def on_all(self, texts):
        """Run statements in all synapses."""
        for row in range(self.source.n):
            self.apply(texts, row)

    def apply(self, texts, row, given=()):
        new = dict(given)
        for text in texts:
            for name, operator, expression in parse_statements(text):
                right = f"{name} {operator} ({expression})" if operator else expression
                value = self.evaluate(right, row, given=new)
                base, _, side = name.rpartition("_")
                if name in self.state:
                    self._set(name, row, value)
                    new.pop(name, None)
                elif side == "pre" and self.source.has(base):
                    old = self.source.state[base][row]
                    change = np.broadcast_to(value - old, self.target.n)
                    self.source.state[base][row] += change[self._taking_part(row)].sum()
                elif side == "post" or self.target.has(name):
                    variable = base if side == "post" else name
                    self.target.assign(variable, value, self._taking_part(row))
                else:
                    new[name] = value

    def _set(self, name, row, value):
        array = self.state[name][row]
        array[...] = np.where(self._taking_part(row), value, array)

    def _taking_part(self, row):
        return self.exists[row] & self.reached

    def sum(self, variable):
        """Sum over the synapses of each neuron, as a variable of the neurons says."""
        base, _, side = variable.rpartition("_")
        total = np.zeros(self.source.n if side == "pre" else self.target.n)
        for row in range(self.source.n):
            value = self.evaluate(self.sums[variable].expression, row)
            there = self.exists[row]
            if base == "feedback":
                there = there & self.returns[row]
            value = np.where(there, value, 0.0)
            if side == "pre":
                total[row] = value.sum()
            else:
                total += value
        (self.source if side == "pre" else self.target).state[base][...] = total
