"""A population: its variables, and what it does in a time step."""

import numpy as np

from .equations import needed, parse_equations, parse_statements
from .expressions import evaluate
from .integration import choose, step, traits_of
from .linear_part import linear_part

__all__ = ["LONG_AGO", "Neurons"]

#: When a neuron that has not spiked yet is said to have spiked last, in seconds.
LONG_AGO = -1e4


class Neurons:
    """A population of n neurons.

    Parameters
    ----------
    world : Network
        Knows parameters, stimuli, time and random numbers; see `Network.value`.
    name : str
    n : int
    texts : sequence of str
        Strings of equations.
    links : dict, optional
        Variables that are those of another population: (population, variable).
    method : str, sequence of str or None, optional
    spike, reset : str or None, optional
    refractory : False, str or number of seconds, optional
    """

    def __init__(
        self,
        world,
        name,
        n,
        texts,
        links=None,
        method=None,
        spike=None,
        reset=None,
        refractory=False,
    ):
        self.world, self.name, self.n = world, name, n
        self.links, self.method = dict(links or {}), method
        self.spike, self.reset = spike, reset
        self.refractory = refractory if spike else False
        equations = [eq for text in texts for eq in parse_equations(text)]
        self.equations = {eq.name: eq for eq in equations if "linked" not in eq.flags}
        self.rates = self._of_kind("differential")
        self.formulas = self._of_kind("subexpression")
        slopes = [eq.expression for eq in self.rates.values()]
        self.needed = needed(slopes, self.formulas)
        self.early = self.needed & self._marked()
        self.held = self.formulas.keys() if world.once else self._marked()
        self.state = {
            name: np.zeros(1 if "shared" in eq.flags else n, eq.dtype)
            for name, eq in self.equations.items()
            if eq.kind != "subexpression" or name in self.held
        }
        if self.refractory is not False:
            self.state["lastspike"] = np.full(n, LONG_AGO)
            self.state["not_refractory"] = np.ones(n, bool)
        self.spikes = np.zeros(n, bool)
        #: Spikes of all steps so far.
        self.sent = []
        self._traits = None

    def _of_kind(self, kind):
        return {n: eq for n, eq in self.equations.items() if eq.kind == kind}

    def _marked(self):
        return {n for n, eq in self.formulas.items() if "constant over dt" in eq.flags}

    def has(self, name):
        """Whether there is such a variable."""
        return name in self.equations or name in self.links or name in self.state

    def value(self, name, now=False, given=()):
        """Return the value of a name in this population.

        Parameters
        ----------
        name : str
        now : bool
            Whether formulas are evaluated from the variables as they are. Otherwise
            they have the value that they had when the time step evaluated them.
        given : dict
            Values that are to be taken instead.
        """
        if name in given:
            return given[name]
        if name in self.formulas and (
            name not in self.held or (now and name not in self.early)
        ):
            text = self.formulas[name].expression
            return evaluate(text, lambda n: self.value(n, now, given))
        if name in self.state:
            return self.state[name]
        if name in self.links:
            population, variable = self.links[name]
            return population.value(variable)
        if name == "i":
            return np.arange(self.n)
        if name == "N":
            return self.n
        return self.world.value(name, np.arange(self.n))

    def evaluate(self, text, **how):
        return evaluate(text, lambda name: self.value(name, **how))

    def hold(self, early):
        """Evaluate formulas that are constant over the time step.

        Parameters
        ----------
        early : bool
            Those that the integration needs, or the others.
        """
        for name in self.held:
            if (name in self.early) == early:
                text = self.formulas[name].expression
                self.state[name][...] = self.evaluate(text, now=True)

    def integrate(self):
        """Leave refractoriness, then advance what has a differential equation."""
        if self.refractory is not False:
            self._leave_refractoriness()
        if not self.rates:
            return
        x = {name: self.state[name] for name in self.rates}
        now = self.world.value("t"), self.world.value("dt")
        normal = None
        if "noise" in self.traits:
            normal = self.world.value("randn", np.arange(self.n))()
        method = choose(self.method, self.traits)
        parts = self._parts_now() if method == "exponential_euler" else None
        after = step(method, self._slopes, x, *now, normal, parts)
        for name, value in after.items():
            self.assign(name, value, True)

    def _parts_now(self):
        return {
            name: [np.broadcast_to(self.evaluate(e, now=True), self.n) for e in parts]
            for name, parts in self._parts().items()
        }

    def _parts(self):
        """What is proportional to each variable, and the rest, see `linear_part`."""
        formulas = {
            name: eq.expression
            for name, eq in self.formulas.items()
            if name not in self.early
        }
        return {
            name: linear_part(eq.expression, name, formulas)
            for name, eq in self.rates.items()
        }

    def _slopes(self, x, t, xi):
        slopes = {}
        for name, eq in self.rates.items():
            slope = self.evaluate(eq.expression, now=True, given=x | {"t": t, "xi": xi})
            slopes[name] = np.broadcast_to(slope, self.n).astype(float)
            if "unless refractory" in eq.flags and self.refractory is not False:
                slopes[name] = slopes[name] * self.state["not_refractory"]
        return slopes

    def _leave_refractoriness(self):
        rest, t, dt = self.refractory, self.world.value("t"), self.world.value("dt")
        if isinstance(rest, str):
            rest = self.evaluate(rest)
        if np.asarray(rest).dtype == bool:
            self.state["not_refractory"] |= ~np.broadcast_to(rest, self.n)
            return
        steps = self.world.value("timestep")
        since = t - self.state["lastspike"]
        self.state["not_refractory"][...] = steps(since, dt) >= steps(rest, dt)

    def fire(self):
        """Find out which neurons spike."""
        if self.spike is None:
            return
        self.spikes = np.broadcast_to(self.evaluate(self.spike), self.n).astype(bool)
        if self.refractory is not False:
            self.spikes = self.spikes & self.state["not_refractory"]
            self.state["lastspike"][self.spikes] = self.world.value("t")
            self.state["not_refractory"][self.spikes] = False
        self.sent.append(self.spikes)

    def spikes_of(self, ago):
        """Return which neurons have spiked so many steps ago."""
        return self.sent[-1 - ago] if ago < len(self.sent) else np.zeros(self.n, bool)

    def apply(self, text, neurons=True, after_spike=False):
        """Run statements for some neurons, or for all."""
        new = {}
        for name, operator, expression in parse_statements(text):
            right = f"{name} {operator} ({expression})" if operator else expression
            value = self.evaluate(right, given=new)
            if name in self.state:
                self.assign(name, value, neurons, after_spike)
            else:
                new[name] = value

    def assign(self, name, value, neurons, after_spike=False):
        """Set a variable; not of refractory neurons, if its equation says so."""
        flags = self.equations[name].flags
        if "unless refractory" in flags and self.refractory is not False:
            if not after_spike:
                neurons = neurons & self.state["not_refractory"]
        array = self.state[name]
        array[...] = np.where(neurons, value, array)

    @property
    def traits(self):
        """What kind of differential equations these are, see `traits_of`."""
        if self._traits is None:
            names = self.rates.keys() | self.needed - self.early
            moves = any(self.world.moves(self.equations[n].expression) for n in names)
            others = {*self.state, *self.links} - {*self.rates, *self.formulas}
            self._traits = traits_of(
                {name: eq.expression for name, eq in self.rates.items()},
                lambda text, given: self.evaluate(text, now=True, given=given),
                others | self.early,
                self.n,
                moves,
            )
            if "noise" not in self._traits and all(self._parts().values()):
                self._traits.add("conditionally linear")
        return self._traits
