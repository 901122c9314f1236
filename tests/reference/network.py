"""The network of a model, an architecture and a rule, time step by time step."""

import ast
import math
import re

import numpy as np

from spikefa.equations.model import load_model

from .equations import parse_equations
from .expressions import CONSTANTS, FUNCTIONS, evaluate, words
from .neurons import Neurons
from .stimuli import Stimuli
from .synapses import Synapses
from .written import Written

__all__ = ["Network"]

#: By which string the error goes back over the forward synapses.
BACKWARDS = {
    "bp": "backprop_feedback",
    "sign": "sign_symmetric_feedback",
    "kp": "kolen_pollack_feedback",
}

#: Parameters that a layer can have of its own.
PER_LAYER = ("eta", "gamma", "delay", "feedback_delay", "lateral_delay", "skip_delay")

#: What models/signals.py makes of the outcome of a step.
REWARD_STRINGS = ("outcome", "class_votes", "error_signal", "votes_signal")
REWARD_STRINGS += ("target_votes", "rival_votes", "told_error", "told_correct")

#: Functions of time whose value stays the same for whole time steps.
SHOWN = ("images", "labels", "targets", "passes", "elapsed_steps")


class Network:
    """All populations and projections, and what their strings can name.

    Parameters
    ----------
    model : Model
        As `load_model` reads it.
    architecture : Architecture
    rule : str
    period : int
        Time steps between two decays.
    random : callable or None
        Takes ``"rand"`` or ``"randn"``, a time step, and which neurons or synapses.
    """

    def __init__(self, model, architecture, rule, period, random=None):
        self.model, self.arch, self.rule = Written(model), architecture, rule
        self.teaches, self.builtin = True, load_model(rate=model["spike"] is None)
        self.period, self.random = period, random
        self.rate, self.once = model["spike"] is None, architecture.evaluate_once
        self.sizes, self.m = architecture.layer_sizes, architecture.n_layers
        self.step = 0
        self.dt = float(model["dt"])
        self.stimuli = Stimuli(architecture.steps_per_image * self.dt, self.dt)
        self.known = CONSTANTS | FUNCTIONS | {"dt": self.dt}
        values = {name: _plain(model[name]) for name in model.parameters}
        self.timed = {n for n in values if hasattr(model[n], "values")}
        limit = 2 ** (architecture.feedback_bits - 1) - 1
        self.known |= values | {"feedback_step": values["feedback_range"] / limit}
        texts = [model.written(n) for n in model if n not in REWARD_STRINGS]
        used = words(" ".join(text for text in texts if isinstance(text, str)))
        self.rewards = [name for name in ("error", "correct") if name in used]
        self._add_neurons()
        self._add_synapses()
        self._say_delays()

    # What strings can name.

    def value(self, name, numbers=None):
        """Return the value of a name that is no variable of neurons or synapses."""
        if name == "t":
            return self.step * self.dt
        if name == "t_in_timesteps":
            return self.step
        if name in ("rand", "randn"):
            return lambda: self.random(name, self.step, numbers)
        if name == "elapsed_steps":
            return lambda t: np.where(np.asarray(t) < self.dt / 2, 1, self.period)
        if name in SHOWN:
            return getattr(self.stimuli, name)
        if name in self.model.schedules:
            return evaluate(self.model[name], self.value)
        if name in self.known:
            return self.known[name]
        return self._clock()[name]

    def _clock(self):
        """Where in its image the network is, and whether it is taught."""
        step = self.step % self.arch.steps_per_image
        return {
            "step_of_image": step,
            "new_image": step == 0,
            "training": bool(self.teaches),
        }

    def moves(self, text):
        """Whether an expression changes within a time step."""
        if words(text) & {"rand", "randn"}:
            return True
        tree = ast.parse(" ".join(text.split()) or "0")
        whole = {*SHOWN, *self.timed}
        still = {
            id(argument)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and call.func.id in whole
            for argument in call.args
        }
        return any(
            isinstance(node, ast.Name) and node.id == "t" and id(node) not in still
            for node in ast.walk(tree)
        )

    def of_layer(self, layer):
        """Return what names mean in the strings of a layer."""
        return _OfLayer(self, layer)

    def string(self, base, layer):
        """Take a string of the model, or that of this layer if there is one."""
        words_of = {"psp_neuron": "neuron", "plastic_synapse": "synapse"}
        word = (words_of | {"layer_sum": "sum"}).get(base, base)
        ends = ["output"] if layer == self.m else []
        for start in (f"layer_{layer}", *ends):
            if f"{start}_{word}" in self.model:
                return self.model[f"{start}_{word}"]
        return self.model.get(base)

    def may_lack(self, layer):
        """Whether some of the synapses onto a layer may be missing."""
        return self.arch.sparse or self.string("mask", layer) is not None

    def learns(self, layer):
        """Whether a layer has deltas and plastic synapses."""
        return layer == self.m or self.rule != "shallow"

    # What there is.

    def _add_neurons(self):
        model, m, self.layers, self.deltas = self.model, self.m, [], {}
        self._add_deltas()
        spiking = {}
        if model["input_spike"] is not None:
            names = ("input_spike", "input_reset", "input_refractory")
            spike, reset, refractory = (model.get(name) for name in names)
            spiking = {"spike": spike, "reset": reset, "refractory": refractory}
        noisy = [model["noisy_input"]] if self.rule == "node" else []
        texts, method = [model["input_neuron"], *noisy], model.get("input_method")
        self._add_layer(0, texts, method, {}, spiking)
        for layer in range(1, m + 1):
            texts, links, spiking = [self.string("psp_neuron", layer)], {}, {}
            name = self.arch.transfers[layer - 1] if self.arch.transfers else "transfer"
            texts.append(self.string(name, layer))
            if self.learns(layer):
                links["third_factor"] = self.deltas[layer], "third_factor"
            else:
                texts.append("third_factor : 1")  # nothing teaches this layer
            if self.rule in BACKWARDS and layer < m:
                texts.append("feedback : 1")
            if self.rule == "node":
                again = dict(h="h_noisy", phi="phi_undisturbed", psi="psi_undisturbed")
                texts += [model["noisy_neuron"], _renamed(texts[1], again)]
            own = f"layer_{m}_spike" in model or "output_spike" in model
            if not self.rate and (layer < m or own):
                names = ("spike", "reset", "refractory")
                spiking = {name: self.string(name, layer) for name in names}
            method = self.string("method", layer)
            self._add_layer(layer, texts, method, links, spiking)
        self._link_deltas()

    def _add_layer(self, layer, texts, method, links, spiking):
        if "refractory" in spiking and not isinstance(spiking["refractory"], str):
            rest = spiking["refractory"]
            # The number 0 is a refractory period, False and None are none.
            spiking["refractory"] = float(rest) if rest not in (None, False) else False
        texts = [*texts, *(f"{reward} : 1" for reward in self.rewards)]
        size, name, world = self.sizes[layer], f"layer_{layer}", self.of_layer(layer)
        self.layers.append(Neurons(world, name, size, texts, links, method, **spiking))

    def _add_deltas(self):
        """Add backward neurons; what they are linked to is not there yet."""
        model, m, method = self.model, self.m, self.model.get("delta_method")
        target = model["vector_target" if self.arch.vector_target else "target"]
        for layer in range(1, m + 1):
            if not self.learns(layer):
                continue
            if self.rule == "node":
                texts = [model["perturbed_delta"]]
            elif layer == m:
                texts = [target, model["error_neuron"]]
            else:
                texts = [self.string("delta_neuron", layer)]
                texts += ["feedback : 1"] if self.rule not in BACKWARDS else []
            texts.append(self.string("third_factor", layer))
            name, size = f"delta_{layer}", self.sizes[layer]
            world = self.of_layer(layer)
            self.deltas[layer] = Neurons(world, name, size, texts, None, method)
        self.errors = self.deltas[m]
        if self.rule == "node":
            error = _renamed(model["error_neuron"], {"delta": "error"})
            own = [one.name for one in parse_equations(model["error_neuron"])]
            noisy = {name: f"{name}_noisy" for name in (*own, "phi")}
            noisy["delta"] = "error_noisy"
            texts = [target, error, _renamed(model["error_neuron"], noisy)]
            self.errors = Neurons(self, "errors", self.sizes[-1], texts)
            self.reward = Neurons(self, "reward", 1, ["reward : 1"])

    def _link_deltas(self):
        output = self.layers[self.m]
        self.errors.links |= {n: (output, n) for n in ("phi", "phi_noisy")}
        for layer, delta in self.deltas.items():
            for reward in self.rewards:
                delta.links[reward] = self.layers[layer], reward
            if self.rule == "node":
                delta.links["noise"] = self.layers[layer], "noise"
                delta.links["reward"] = self.reward, "reward"
            elif self.rule in BACKWARDS and layer < self.m:
                delta.links["feedback"] = self.layers[layer], "feedback"
        if "class_index" in self.errors.state:
            per_class = self.sizes[-1] // self.arch.n_classes
            self.errors.state["class_index"][:] = np.arange(self.sizes[-1]) // per_class

    def _add_synapses(self):
        model, m, layers, self.forward, self.feedback = self.model, self.m, None, {}, {}
        layers = self.layers
        for layer in range(1, m + 1):
            texts = [self.string("plastic_synapse", layer)]
            texts += [model["sparse_synapse"]] if self.may_lack(layer) else []
            texts += [self.string("transmit", layer)] if self.rate else []
            if self.rule in BACKWARDS and layer > 1:
                texts.append(model[BACKWARDS[self.rule]])
            if self.rule == "node":
                texts.append(model["transmit_noisy"])
            ends = layers[layer - 1], layers[layer]
            world, name = self.of_layer(layer), f"forward_{layer}"
            self.forward[layer] = Synapses(world, name, *ends, texts)
        self._add_further()
        if self.rule in ("fa", "dfa"):
            texts = [model["feedback_synapse"]]
            if self.arch.feedback_bits < 32:
                texts = [model["feedback_grid"], _without(texts[0], "B")]
            for layer in range(1, m):
                ends = self.deltas[layer + 1 if self.rule == "fa" else m]
                ends = ends, self.deltas[layer]
                self.feedback[layer] = Synapses(self, f"feedback_{layer}", *ends, texts)
        if self.rule == "node":
            ends = self.errors, self.reward
            self.judgement = Synapses(self, "judgement", *ends, [model["reward"]])
        if not self.arch.vector_target:
            self.classes = Neurons(
                self, "classes", self.arch.n_classes, ["activity : 1"]
            )
            ends, texts = (layers[m], self.classes), [model["class_activity"]]
            self.pool = Synapses(self, "pool", *ends, texts)
            n, per_class = self.arch.n_classes, self.sizes[-1] // self.arch.n_classes
            members = np.arange(self.sizes[-1]) // per_class
            self.pool.exists = members[:, np.newaxis] == np.arange(n)

    def _say_delays(self):
        """Say how many time steps spikes and feedback are on their way."""
        for layer, synapses in self.forward.items():
            synapses.delay = self._steps("delay", layer)
        for (kind, layer), synapses in self.further.items():
            synapses.delay = self._steps(f"{kind}_delay", layer)
        #: Feedback of each hidden layer as it was summed, step by step.
        self.summed = {layer: [] for layer in range(1, self.m)}

    def _steps(self, base, layer):
        delay = self.string(base, layer)
        return 0 if delay is None else math.floor(float(delay) / self.dt + 0.5)

    def _wait(self, layer):
        """Let feedback arrive some steps after it was summed."""
        late, past = self._steps("feedback_delay", layer), self.summed[layer]
        of_layer = self.layers if self.rule in BACKWARDS else self.deltas
        if late and self.rule not in ("node", "shallow"):
            feedback = of_layer[layer].state["feedback"]
            past.append(feedback.copy())
            feedback[...] = past[-1 - late] if late < len(past) else 0

    @property
    def on_its_way(self):
        """What was sent so far, and may not have arrived."""
        return [neurons.sent for neurons in self.layers], self.summed

    @on_its_way.setter
    def on_its_way(self, found):
        sent, self.summed = found
        for neurons, spikes in zip(self.layers, sent, strict=True):
            neurons.sent = spikes

    def _add_further(self):
        """Add the synapses within layers and past a layer."""
        self.further = {}
        for kind, below in (("lateral", 0), ("skip", 2)):
            for layer in range(max(1, below), self.m + 1):
                source, target = self.layers[layer - below], self.layers[layer]
                if source.spike and self.string(f"{kind}_transmit", layer):
                    texts = [self.string(f"{kind}_synapse", layer) or ""]
                    if self.string(f"{kind}_mask", layer) is not None:
                        texts.append(self.model["sparse_synapse"])
                    world, name = self.of_layer(layer), f"{kind}_{layer}"
                    ends = source, target
                    self.further[kind, layer] = Synapses(world, name, *ends, texts)

    @property
    def no_target(self):
        """What labels(t) or targets(t, i) are where nothing is taught."""
        return 0 if self.arch.vector_target else -1

    @property
    def error_inputs(self):
        """By which variables forward neurons, or what they are sent, hear of errors."""
        found = [(layer, name) for layer in self.layers for name in self.rewards]
        for layer, delta in self.deltas.items():
            own = [self.string(n, layer) for n in ("psp_neuron", "transfer", "spike")]
            own += [self.string(n, layer) for n in ("reset", "refractory", "on_image")]
            own = set(words(" ".join(text for text in own if isinstance(text, str))))
            summed = words(self.string("layer_sum", layer) or "")
            own |= {word.removesuffix("_pre") for word in summed}
            onto, away = self._sent(layer), self._sent(layer + 1)
            for variable, group in (
                ("third_factor", delta),
                ("feedback", self.layers[layer]),
            ):
                sent = f"{variable}_post" in onto or f"{variable}_pre" in away
                sent |= self._sends_further(variable, layer)
                if variable in group.state and (variable in own or sent):
                    found.append((group, variable))
        return found

    def _sends_further(self, variable, layer):
        """Whether further projections send a variable of a layer, or use it."""
        for kind, target in self.further:
            texts = [self.string(f"{kind}_transmit", target)]
            synapse = self.string(f"{kind}_synapse", target) or ""
            texts += [
                eq.expression
                for eq in parse_equations(synapse)
                if eq.kind == "differential"
            ]
            used = words(" ".join(texts))
            source = target - {"lateral": 0, "skip": 2}[kind]
            if target == layer and f"{variable}_post" in used:
                return True
            if source == layer and f"{variable}_pre" in used:
                return True
        return False

    def _sent(self, layer):
        """Names that the synapses onto a layer use in tests too."""
        if layer > self.m:
            return set()
        texts = [self.string("transmit", layer)]
        texts.append(self.string("synapse_on_image", layer) or "")
        for eq in parse_equations(self.string("plastic_synapse", layer)):
            if eq.kind == "differential" or "summed" in eq.flags:
                texts.append(eq.expression)
        return words(" ".join(texts))

    def forget_errors(self):
        for group, variable in self.error_inputs:
            group.state[variable][...] = 0

    # One time step.

    def advance(self, gates):
        """Take one time step.

        Parameters
        ----------
        gates : array of bool
            Whether the backward sweep runs, and whether layer 1 .. m learns.

        Returns
        -------
        output : numpy.ndarray
            Activity of each class, or of each output.
        """
        self.stimuli.now = self.step // self.arch.steps_per_image
        self.teaches = gates[0]
        if self.step % self.arch.steps_per_image == 0:  # 0. an image begins
            self._image_begins()
        projections = self.forward, self.feedback, self.further
        for synapses in (s for found in projections for s in found.values()):
            synapses.advance()
        self._neurons_go_on(self.layers[0])  # 1. input spikes
        for layer in range(1, self.m + 1):  # 2. forward
            self._gather(layer, gates[0])
            self._on_spikes_of("skip", layer, "transmit")
            self._neurons_go_on(self.layers[layer])
            self._on_spikes_of("lateral", layer, "transmit")
        if gates[0]:  # 3. the error at the output; then backward
            self._backward()
        for layer in range(1, self.m + 1):  # 4. plasticity, and then decay
            if gates[layer] and self.learns(layer):
                self._learn(layer)
                if self.step % self.period == 0:
                    self._decay(layer)
        output = self.layers[self.m].value("phi")
        if not self.arch.vector_target:
            self.pool.sum("activity_post")
            output = self.classes.state["activity"]
        self.step += 1
        return np.array(np.broadcast_to(output, len(output)))

    def _image_begins(self):
        for layer, neurons in enumerate(self.layers):
            name = self.model.get("input_on_image")
            statements = self.string("on_image", layer) if layer else name
            neurons.apply(statements, after_spike=True)
            if layer < self.m:
                statements = self.string("synapse_on_image", layer + 1)
                self.forward[layer + 1].on_spikes([statements or ""], of_all=True)

    def _sum_over(self, neurons):
        """Give neurons the sums over their layer."""
        kind, _, number = neurons.name.partition("_")
        layer = int(number) if kind == "layer" else 0
        text = self.string("layer_sum", layer) if layer else None
        for eq in parse_equations(text) if text else ():
            value = evaluate(
                eq.expression, lambda name: neurons.value(name.removesuffix("_pre"))
            )
            total = np.sum(np.broadcast_to(value, neurons.n))
            neurons.state[eq.name.removesuffix("_post")][...] = total

    def _on_spikes_of(self, kind, layer, part):
        """Run statements of a further projection."""
        text = self.string(f"{kind}_{part}", layer)
        if text and (kind, layer) in self.further:
            self.further[kind, layer].on_spikes([text])

    def _neurons_go_on(self, neurons):
        neurons.hold(early=True)
        neurons.integrate()
        self._sum_over(neurons)
        neurons.hold(early=False)
        neurons.fire()
        if neurons.reset:
            neurons.apply(neurons.reset, neurons.spikes, after_spike=True)

    def _gather(self, layer, backward):
        synapses = self.forward[layer]
        if self.rate:
            synapses.sum("drive_post")
            if self.rule == "node" and backward:
                synapses.sum("drive_noisy_post")
            return
        drive = self.layers[layer].state["drive"]
        drive[...] = 0
        read = None
        if self.arch.weight_bits < 32 and self.learns(layer):
            read = lambda row: {"W": _rounded(synapses.state["W"][row])}  # noqa: E731
        synapses.on_spikes([self.string("transmit", layer)], read)

    def _backward(self):
        self._neurons_go_on(self.errors)
        self._tell_outcome()
        if self.rule == "node":
            self.judgement.sum("reward_post")
            self._neurons_go_on(self.deltas[self.m])
        for layer in range(self.m - 1, 0, -1):
            if layer in self.feedback:
                self.feedback[layer].sum("feedback_post")
            elif self.rule in BACKWARDS:
                self.forward[layer + 1].sum("feedback_pre")
            self._wait(layer)
            if layer in self.deltas:
                self._neurons_go_on(self.deltas[layer])

    def _tell_outcome(self):
        """Let all neurons know the error of this step, and whether it is right."""
        if "error" in self.rewards:
            error = np.mean(self.errors.value("delta") ** 2)
            for neurons in self.layers:
                neurons.state["error"][...] = error
        if "correct" in self.rewards:
            phi = self.layers[self.m].value("phi") * np.ones(self.sizes[-1])
            votes = phi.reshape(self.arch.n_classes, -1).sum(axis=1)
            label = int(self.stimuli.labels(self.step * self.dt))
            for neurons in self.layers:
                neurons.state["correct"][...] = votes[label] == votes.max()

    def _learn(self, layer):
        names = [self._learn_name("learn", "sparse_learn", layer)]
        if self.rule == "kp" and layer > 1:
            pair = "kolen_pollack_learn", "kolen_pollack_sparse_learn"
            names.append(self._learn_name(*pair, layer))
        texts, synapses = [self.string(n, layer) for n in names], self.forward[layer]
        (synapses.on_all if self.rate else synapses.on_spikes)(texts)
        text = self.string("learn_post", layer)
        if text and self.layers[layer].spike is not None:
            synapses.on_spikes([text], post=True)
        if text := self.string("learn_step", layer):
            synapses.on_all([text])
        if self.arch.biases:
            self.layers[layer].apply(self.string("learn_bias", layer))
        for kind in ("lateral", "skip"):
            self._on_spikes_of(kind, layer, "learn")

    def _learn_name(self, plain, masked, layer):
        """Where synapses are missing, learn is meant if it alone was changed."""
        builtin = self.builtin
        own = [self.string(n, layer) != builtin.written(n) for n in (plain, masked)]
        return plain if not self.may_lack(layer) or own == [True, False] else masked

    def _decay(self, layer):
        names = ["decay"]
        if self.rule == "kp" and layer > 1:
            names.append("kolen_pollack_decay")
        self.forward[layer].on_all([self.string(name, layer) for name in names])
        if self.arch.biases:
            self.layers[layer].apply(self.string("decay_bias", layer))


class _OfLayer:
    """A network, as the strings of one layer see it: with parameters of their own."""

    def __init__(self, network, layer):
        self.network, self.layer = network, layer

    def __getattr__(self, name):
        return getattr(self.network, name)

    def value(self, name, numbers=None):
        ends = ["output"] if self.layer == self.network.m else []
        for start in (f"layer_{self.layer}", *ends):
            if (own := f"{start}_{name}") in self.network.model and name in PER_LAYER:
                return self.network.value(own, numbers)
        return self.network.value(name, numbers)


def _plain(value):
    """Numbers without units, in those of the SI, and functions."""
    if hasattr(value, "values"):  # a TimedArray
        return _function_of_time(np.asarray(value.values), float(value.dt))
    if hasattr(value, "pyfunc"):
        return value.pyfunc
    return value if isinstance(value, int) else float(value)


def _function_of_time(values, dt):
    def function(t, *index):
        row = np.floor(np.asarray(t) / dt + 1e-6).astype(int)
        return values[(np.clip(row, 0, len(values) - 1), *index)]

    return function


def _renamed(text, names):
    names = names | {f"d{old}": f"d{new}" for old, new in names.items()}
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text)


def _without(text, name):
    """Leave out the line of an equation."""
    lines = [line for line in text.splitlines() if line.split(":")[0].strip() != name]
    return "\n".join(lines)


def _rounded(weights):
    """Round to 8 significant bits, to even where two are as near."""
    mantissa, exponent = np.frexp(np.float32(weights).astype(float))
    return np.ldexp(np.round(mantissa * 256), exponent - 8)
