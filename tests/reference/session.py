"""Runs, tests in between, states that are set: what can be done with a network."""

from contextlib import contextmanager
from copy import deepcopy

import numpy as np

from .expressions import evaluate
from .network import Network
from .neurons import Neurons

__all__ = ["Reading"]


class Reading:
    """A network, its state and its time, behind the same interface as a `Session`.

    Parameters
    ----------
    model, architecture, rule, period, random
        See `Network`.
    """

    def __init__(self, model, architecture, rule, period, random=None):
        self.network = Network(model, architecture, rule, period, random)
        self.pass_length, self.learned_steps = None, None

    @property
    def step(self):
        return self.network.step

    @step.setter
    def step(self, step):
        self.network.step = step

    @property
    def groups(self):
        net = self.network
        groups = [*net.layers, *net.deltas.values()]
        groups += [*net.forward.values(), *net.feedback.values()]
        groups += net.further.values()
        return {group.name: group for group in groups}

    def get_state(self):
        """Return a copy of all variables by ``"group.variable"``."""
        return {
            f"{name}.{variable}": np.array(value)
            for name, group in self.groups.items()
            for variable, value in group.state.items()
        }

    def set_state(self, state):
        for name, value in state.items():
            group, variable = name.split(".")
            array = self.groups[group].state[variable]
            value = np.asarray(value)
            assert value.shape == array.shape, name
            array[...] = value
            self._remove(group)

    def _remove(self, name):
        """What is not there has neither weight nor feedback weight."""
        group = self.groups[name]
        if not isinstance(group, Neurons):
            if "present" in group.state:
                group.exists = group.state["present"] != 0
            for variable in {"W", "B", "B_steps"} & group.state.keys():
                group.state[variable][~group.exists] = 0
            if "B" in group.state:
                group.state["B"][~group.returns] = 0

    def start(self, drawn):
        """Set the initial state: what is drawn at random is given, all else follows.

        Parameters
        ----------
        drawn : dict of numpy.ndarray
            Weights, biases and feedback weights.
        """
        self.network.step = 0
        for group in self.groups.values():
            if "present" in group.state:
                group.state["present"][...] = 1
        self.set_state(drawn)
        for layer, synapses in self.network.forward.items():
            self._mask(synapses, self.network.string("mask", layer), layer == 1)
        for layer, synapses in self.network.feedback.items():
            self._mask(synapses, self.network.string("feedback_mask", layer))
        for (kind, layer), synapses in self.network.further.items():
            self._mask(synapses, self.network.string(f"{kind}_mask", layer))
        for name, group in self.groups.items():
            for variable, value in self._initial(name, group).items():
                self._start_from(group, variable, value)
            self._remove(name)

    def _mask(self, synapses, mask, of_pixels=False):
        """Leave the synapses of a condition, or of an array."""
        if mask is None:
            return
        n, m = synapses.source.n, synapses.target.n
        if not isinstance(mask, str):
            synapses.exists = np.asarray(mask) != 0
        else:
            wide, high = (int(np.ceil(np.sqrt(k))) for k in (n, m))
            assert not of_pixels or wide**2 == n or "_i" not in mask
            for i in range(n):
                j = np.arange(m)
                places = {"row_i": i // wide, "column_i": i % wide}
                places |= {"row_j": j // high, "column_j": j % high}
                kept = evaluate(
                    mask, lambda x, i=i, p=places: _lookup(synapses, x, i, p)
                )
                synapses.exists[i] = np.broadcast_to(kept, m).astype(bool)
        if "present" in synapses.state:
            synapses.state["present"][...] = synapses.exists
        self._remove(synapses.name)

    def _initial(self, name, group):
        """Values of a group's variables, in the order in which names appear."""
        first = self.network.layers[0].name, self.network.layers[-1].name
        called = {name, *(("input", "output")[k] for k in (0, 1) if first[k] == name)}
        found, of_this = {}, {}
        for key, value in (self.network.model.get("initial") or {}).items():
            start, _, variable = str(key).rpartition(".")
            if isinstance(value, dict) and key in called:
                found |= dict.fromkeys(value.keys() - found.keys())
                of_this |= value
            elif not isinstance(value, dict) and start in called:
                found.setdefault(variable)
                of_this[variable] = value
            elif not isinstance(value, dict) and not start:
                if key != "present" or name.startswith("forward"):
                    found[key] = value
        return {n: v for n, v in (found | of_this).items() if n in group.state}

    def _start_from(self, group, variable, value):
        array = group.state[variable]
        if not isinstance(value, str):
            array[...] = np.asarray(value, float)
        elif isinstance(group, Neurons):
            array[...] = group.evaluate(value)
        else:
            for row in range(group.source.n):
                array[row] = evaluate(value, lambda n, r=row: group.value(n, r))

    def remove(self, removed):
        """Remove synapses.

        Parameters
        ----------
        removed : dict of numpy.ndarray of bool
            By the name of the weights, ``"forward_1.W"`` or ``"feedback_1.B"``.
        """
        for name, gone in removed.items():
            group, variable = name.split(".")
            synapses = self.groups[group]
            if variable == "W" or group.startswith("feedback"):
                synapses.exists = synapses.exists & ~gone
            else:
                synapses.returns = ~gone
            if "present" in synapses.state:
                synapses.state["present"][...] = synapses.exists
            self._remove(group)

    @property
    def learn_everything(self):
        gates = np.ones(self.network.m + 1, bool)
        gates[list(self.network.arch.frozen)] = False
        return gates

    def run(self, images, targets, gates=None, keep_state=True):
        """Show images and return the output, (n, steps_per_image, n_outputs)."""
        if not keep_state:
            with self.forgetting():
                return self.run(images, targets, gates)
        net, unit = self.network, self.network.arch.steps_per_image
        if gates is not None and not gates[0]:  # nobody knows the answer
            targets = np.full_like(np.asarray(targets, float), net.no_target)
            net.forget_errors()
        gates = self.learn_everything if gates is None else gates
        passes = [self._passes(net.step + unit * k) for k in range(len(images))]
        net.stimuli.show(net.step // unit, images, targets, passes)
        shown = [[net.advance(gates) for _ in range(unit)] for _ in images]
        return np.array(shown)

    def _passes(self, step):
        if self.pass_length is None:
            return 0.0
        images, steps = self.pass_length
        return (
            (step if self.learned_steps is None else self.learned_steps)
            // steps
            / images
        )

    @contextmanager
    def evaluating(self):
        """What runs inside is forgotten; passes stand still."""
        self.learned_steps = self.step
        with self.forgetting():
            # What neurons were taught dies out in the dark.
            if self.network.error_inputs:
                n_inputs, n_outputs = self.network.sizes[0], self.network.sizes[-1]
                vectors = self.network.arch.vector_target
                target = np.zeros((1, n_outputs) if vectors else 1)
                nothing = np.zeros(self.network.m + 1, bool)
                self.run(np.zeros((1, n_inputs)), target, nothing)
            yield
        self.learned_steps = None

    @contextmanager
    def forgetting(self):
        net = self.network
        before = self.get_state(), net.step, deepcopy(net.stimuli.rows)
        on_its_way = deepcopy(net.on_its_way)
        yield
        state, net.step, net.stimuli.rows = before
        net.on_its_way = on_its_way
        self.set_state(state)


def _lookup(synapses, name, i, places):
    return places[name] if name in places else synapses.value(name, i)
