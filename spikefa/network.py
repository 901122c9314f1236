"""Building a Brian2 network from a model, layer sizes and a learning rule."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from brian2 import (
    Clock,
    Equations,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    linked_var,
    prefs,
)
from brian2.devices.device import RuntimeDevice, get_device
from brian2.equations.equations import (
    SUBEXPRESSION,
    SingleEquation,
)

from .architecture import GRID_STEPS, Architecture
from .errors import InputError, ModelError
from .model import Model
from .perturbation import add_deltas, noisy_equations
from .projections import connect_all
from .rules import Rule, get_rule
from .sweep import SCHEDULE, Phase, backward_order, forward_order, place

__all__ = ["FeedbackNetwork", "build_network"]

#: Largest relative change of a weight by decay that may be put off and applied at
#: once. Steps between two decays follow from it and from the model's gamma.
DECAY_LAG = 1e-4

#: Neurons of each layer whose spikes a watched network records.
WATCHED_SPIKES = 25

#: Gate of the objects of the backward sweep; gate l belongs to plasticity in layer l.
BACKWARD_GATE = 0


@dataclass
class FeedbackNetwork:
    """A built network and the handles that a session needs.

    Attributes
    ----------
    layers : list of NeuronGroup
        Input, hidden and output neurons.
    deltas : list
        Backward neurons of layer 1 .. m, the last of them the error neurons; None
        where a layer has none.
    forward : list
        Projections by the layer they end in; entry 0 is None.
    feedback : dict
        Fixed feedback projections by the layer they end in.
    images, targets : TimedArray
        What is shown: pixels from 0 to 1, and class labels or target vectors.
    elapsed_steps : TimedArray
        Time steps that one decay stands for.
    gates : dict
        For each Brian2 object that only learning needs, its gate: 0 for the
        backward sweep, l for plasticity in layer l.
    blame : dict
        The model strings behind each Brian2 object, for error messages.
    """

    architecture: Architecture
    model: Model
    rule: Rule
    layers: list = field(default_factory=list)
    deltas: list = field(default_factory=lambda: [None])
    forward: list = field(default_factory=lambda: [None])
    feedback: dict = field(default_factory=dict)
    readout: StateMonitor = None
    monitors: dict = field(default_factory=dict)
    images: TimedArray = None
    targets: TimedArray = None
    elapsed_steps: TimedArray = None
    namespace: dict = field(default_factory=dict)
    brian_network: Network = None
    decay_clock: Clock = None
    decay_period: int = 1
    gates: dict = field(default_factory=dict)
    blame: dict = field(default_factory=dict)

    @property
    def graded(self):
        """Whether neurons send graded output instead of spikes."""
        return self.model["spike"] is None

    @property
    def n_layers(self):
        """Layers above the input."""
        return self.architecture.n_layers

    def learns(self, layer):
        """Whether a layer has deltas and plastic synapses."""
        return layer == self.n_layers or self.rule.learning_layers == "all"

    @property
    def stateful(self):
        """All groups and projections whose variables make up the state."""
        groups = [*self.layers, *self.deltas, *self.forward, *self.feedback.values()]
        return [group for group in groups if group is not None]


def build_network(architecture, model, rule="fa", watch=False):
    """Build a network; all weights are zero until a session sets them.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : str or Rule, optional
    watch : bool, optional
        Record what Fig. 4 shows: PSP and delta of one hidden neuron, and the spikes
        of some neurons of every layer.

    Returns
    -------
    network : FeedbackNetwork

    Raises
    ------
    ModelError
        If an equation of the model cannot be parsed.
    """
    net = FeedbackNetwork(architecture, model, get_rule(rule))
    _check_choices(net)
    defaultclock.dt = model["dt"]
    _add_stimuli(net)
    _add_decay_clock(net)
    _add_input(net)
    for layer in range(1, net.n_layers + 1):
        _add_layer(net, layer)
    if net.rule.perturbs:
        add_deltas(net, _neuron_group, BACKWARD_GATE)
    else:
        for layer in range(1, net.n_layers + 1):
            _add_delta(net, layer)
    for layer in range(1, net.n_layers + 1):
        _add_forward(net, layer)
    for layer in range(1, net.n_layers):
        _add_feedback(net, layer)
    _add_readout(net)
    if watch:
        _add_watch(net)
    net.brian_network.schedule = SCHEDULE
    return net


def _check_choices(net):
    """Refuse what does not go together."""
    if net.rule.perturbs and not net.graded:
        raise InputError(f"{net.rule.title} is for rate networks only")
    origin = net.model.origin
    if net.architecture.sparse and origin["learn"] != origin["sparse_learn"]:
        raise ModelError(
            f"{net.model.where('learn')}: sparse connectivity needs sparse_learn too"
        )


def _add_stimuli(net):
    arch = net.architecture
    shown_for = arch.steps_per_image * defaultclock.dt
    n_inputs, n_outputs = arch.layer_sizes[0], arch.layer_sizes[-1]
    net.images = TimedArray(
        np.zeros((arch.chunk_images, n_inputs)), dt=shown_for, name="images"
    )
    shape = (arch.chunk_images, n_outputs) if arch.vector_target else arch.chunk_images
    name = "targets" if arch.vector_target else "labels"
    net.targets = TimedArray(np.zeros(shape), dt=shown_for, name=name)
    net.elapsed_steps = TimedArray(
        np.zeros(1), dt=arch.chunk_images * shown_for, name="elapsed_steps"
    )
    functions = (net.images, net.targets, net.elapsed_steps)
    # Plain numbers in the precision of the state: a double would turn the loops over
    # synapses into double precision.
    numbers = {
        name: prefs.core.default_float_dtype(value) if type(value) is float else value
        for name, value in net.model.parameters.items()
        if name != "dt"  # a variable of every Brian2 group
    }
    net.namespace = numbers | {f.name: f for f in functions}
    net.brian_network = Network()


def _add_decay_clock(net):
    gamma = float(net.model.parameters.get("gamma", 0.0))
    most = net.architecture.chunk_images * net.architecture.steps_per_image
    net.decay_period = int(np.clip(DECAY_LAG / gamma, 1, most)) if gamma else most
    net.decay_clock = Clock(net.decay_period * defaultclock.dt, name="decay_clock")


def _evaluate_late(equations):
    """Mark what the integration does not need as constant over a time step.

    Brian2 then evaluates phi and psi once per neuron, where the sweep says so,
    instead of once per synapse.
    """
    needed = {
        dependency.equation.varname
        for name in equations.diff_eq_names
        for dependency in equations.dependencies[name]
    }
    marked = []
    for eq in equations.values():
        if eq.type == SUBEXPRESSION and eq.varname not in needed and not eq.flags:
            eq = SingleEquation(
                eq.type,
                eq.varname,
                eq.dim,
                var_type=eq.var_type,
                expr=eq.expr,
                flags=["constant over dt"],
            )
        marked.append(eq)
    return Equations(marked)


def _neuron_group(net, size, strings, extra, name, slot, order, **kwds):
    """Create a NeuronGroup and put its updaters into their place of the sweep."""
    with net.model.blamed(*strings):
        extra = Equations(extra) if isinstance(extra, str) else extra
        equations = net.model.equations(*strings) + extra
        if net.architecture.evaluate_once:
            equations = _evaluate_late(equations)
        group = NeuronGroup(size, equations, namespace=net.namespace, name=name, **kwds)
    place(group.state_updater, slot, order(Phase.INTEGRATE))
    place(group.subexpression_updater, slot, order(Phase.EVALUATE))
    for updater in (group, group.state_updater, group.subexpression_updater):
        if updater is not None:
            net.blame[updater.name] = strings
    net.brian_network.add(group)
    return group


def _add_spikes(net, group, layer, threshold):
    """Place threshold and reset of a spiking group."""
    if threshold is None:
        return
    order = partial(forward_order, layer)
    place(group.thresholder["spike"], "forward", order(Phase.SPIKE))
    net.blame[group.thresholder["spike"].name] = [threshold]
    place(group.resetter.get("spike"), "forward", order(Phase.RESET))
    if "spike" in group.resetter:
        net.blame[group.resetter["spike"].name] = ["reset"]


def _add_input(net):
    spike = net.model["input_spike"]
    group = _neuron_group(
        net,
        net.architecture.layer_sizes[0],
        ["input_neuron"],
        noisy_equations(net, 0) if net.rule.perturbs else "",
        "layer_0",
        "forward",
        partial(forward_order, 0),
        threshold=spike,
    )
    _add_spikes(net, group, 0, None if spike is None else "input_spike")
    net.layers.append(group)


def _add_layer(net, layer):
    model, last = net.model, layer == net.n_layers
    # The output spikes are not sent anywhere; only its spike probability counts.
    spikes = not (net.graded or last)
    extra = ""
    if net.learns(layer):
        extra += "third_factor : 1 (linked)\n"
    if _fed_by_forward_synapses(net, layer):
        extra += "feedback : 1\n"
    if net.rule.perturbs:
        extra = Equations(extra) + noisy_equations(net, layer)
    group = _neuron_group(
        net,
        net.architecture.layer_sizes[layer],
        ["psp_neuron", net.architecture.transfer(layer)],
        extra,
        f"layer_{layer}",
        "forward",
        partial(forward_order, layer),
        threshold=model["spike"] if spikes else None,
        reset=(model["reset"] or None) if spikes else None,
        refractory=model["refractory"] if spikes else False,
    )
    _add_spikes(net, group, layer, "spike" if spikes else None)
    if not net.graded:  # summed variables start from zero by themselves
        group.run_regularly(
            "drive = 0",
            when="forward",
            order=forward_order(layer, Phase.CLEAR),
            name=f"layer_{layer}_clear",
        )
    net.layers.append(group)


def _fed_by_forward_synapses(net, layer):
    return net.rule.route == "forward" and layer < net.n_layers


def _add_delta(net, layer):
    net.deltas.append(None)
    if not net.learns(layer):
        return
    arch, last = net.architecture, layer == net.n_layers
    if last:
        target = "vector_target" if arch.vector_target else "target"
        strings, extra = [target, "error_neuron"], "phi : 1 (linked)\n"
    else:
        linked = "(linked)" if _fed_by_forward_synapses(net, layer) else ""
        strings, extra = ["delta_neuron"], f"feedback : 1 {linked}\n"
    group = _neuron_group(
        net,
        arch.layer_sizes[layer],
        [*strings, "third_factor"],
        extra,
        f"delta_{layer}",
        "backward",
        partial(backward_order, layer, net.n_layers),
    )
    if last:
        group.phi = linked_var(net.layers[layer], "phi")
        if not arch.vector_target:
            group.class_index = np.arange(len(group)) // (len(group) // arch.n_classes)
    elif _fed_by_forward_synapses(net, layer):
        group.feedback = linked_var(net.layers[layer], "feedback")
    net.layers[layer].third_factor = linked_var(group, "third_factor")
    for updater in (group.state_updater, group.subexpression_updater):
        if updater is not None:
            net.gates[updater.name] = BACKWARD_GATE
    net.deltas[layer] = group


def _add_forward(net, layer):
    """Add the synapses onto a layer, and the plasticity of its biases."""
    model, learns = net.model, net.learns(layer)
    source, target = net.layers[layer - 1], net.layers[layer]
    strings, extra, on_pre = ["plastic_synapse"], "", {}
    if not learns:
        strings, extra = [], "W : 1"
    if learns and net.architecture.sparse:
        strings.append("sparse_synapse")
    if net.rule.perturbs:
        strings.append("transmit_noisy")
    if net.graded:
        strings.append("transmit")
    else:
        on_pre["transmit"] = model["transmit"]
        if learns:
            on_pre["learn"] = model[_learn_string(net)]
    if _fed_by_forward_synapses(net, layer - 1) and layer > 1:
        extra += "\n" + net.rule.synapse
    name = f"forward_{layer}"
    net.blame[name] = [*strings, *on_pre, net.rule.name]
    with model.blamed(*net.blame[name]):
        synapses = connect_all(
            net.architecture.engine,
            source,
            target,
            model.equations(*strings) + Equations(extra),
            name=name,
            namespace=net.namespace,
            on_pre=on_pre,
        )
    gather = forward_order(layer, Phase.GATHER)
    if net.graded:
        _place_updater(net, synapses.summed_updaters["drive_post"], "forward", gather)
    else:
        _place_updater(net, synapses.transmit, "forward", gather, ["transmit"])
    if net.rule.perturbs:
        updater = synapses.summed_updaters["drive_noisy_post"]
        _place_updater(net, updater, "forward", gather, ["transmit_noisy"])
        net.gates[updater.name] = BACKWARD_GATE
    if learns:
        _add_plasticity(net, layer, synapses)
    if "feedback_pre" in synapses.summed_updaters:
        updater = synapses.summed_updaters["feedback_pre"]
        order = backward_order(layer - 1, net.n_layers, Phase.GATHER)
        _place_updater(net, updater, "backward", order, [net.rule.name])
        net.gates[updater.name] = BACKWARD_GATE
    net.forward.append(synapses)
    net.brian_network.add(synapses)


def _learn_string(net):
    return "sparse_learn" if net.architecture.sparse else "learn"


def _place_updater(net, updater, slot, order, blame=("transmit",)):
    place(updater, slot, order)
    net.blame[updater.name] = list(blame)


def _add_plasticity(net, layer, synapses):
    """Place the learning pathway, the learning of biases and the decay of both."""
    model, group, order = net.model, net.layers[layer], 2 * layer
    regular = {}
    if net.graded:
        regular["learn"] = synapses.run_regularly(
            model[_learn_string(net)],
            when="plasticity",
            order=order,
            name=f"learn_{layer}",
        )
    else:
        regular["learn"] = place(synapses.learn, "plasticity", order)
    if net.architecture.biases:
        regular["learn_bias"] = group.run_regularly(
            model["learn_bias"],
            when="plasticity",
            order=order,
            name=f"learn_bias_{layer}",
        )
    decaying = {"decay": synapses}
    if net.architecture.biases:
        decaying["decay_bias"] = group
    for string, owner in decaying.items():
        if not model[string] or not model.parameters.get("gamma", 0):
            continue
        regular[string] = owner.run_regularly(
            model[string],
            clock=net.decay_clock,
            when="plasticity",
            order=order + 1,
            name=f"{string}_{layer}",
        )
    for string, runner in regular.items():
        net.blame[runner.name] = [string]
        net.gates[runner.name] = layer


def _on_a_grid(equations, namespace, bits):
    """Store B as small integers and turn B itself into a subexpression of them.

    The rest of the user's equations stays as it is.
    """
    limit = 2 ** (bits - 1) - 1
    step = namespace["feedback_range"] / limit
    namespace["feedback_step"] = prefs.core.default_float_dtype(step)
    others = [eq for eq in equations.values() if eq.varname != "B"]
    grid = f"""
    {GRID_STEPS} : integer (constant)
    B = feedback_step*{GRID_STEPS} : 1
    """
    return Equations(grid) + Equations(others)


def _grid_dtype(bits):
    # Brian2's Cython target knows no integers smaller than 32 bits.
    at_runtime = isinstance(get_device(), RuntimeDevice)
    return np.int32 if at_runtime else np.dtype(f"int{bits}").type


def _add_feedback(net, layer):
    """Add the fixed synapses that end on the delta neurons of a hidden layer."""
    if net.rule.route not in ("chain", "direct"):
        return
    source = net.n_layers if net.rule.route == "direct" else layer + 1
    name = f"feedback_{layer}"
    equations = net.model.equations("feedback_synapse")
    if net.architecture.feedback_bits < 32:
        equations = _on_a_grid(equations, net.namespace, net.architecture.feedback_bits)
    with net.model.blamed("feedback_synapse"):
        synapses = connect_all(
            net.architecture.engine,
            net.deltas[source],
            net.deltas[layer],
            equations,
            name=name,
            namespace=net.namespace,
            dtype={GRID_STEPS: _grid_dtype(net.architecture.feedback_bits)},
        )
    updater = synapses.summed_updaters["feedback_post"]
    order = backward_order(layer, net.n_layers, Phase.GATHER)
    _place_updater(net, updater, "backward", order, ["feedback_synapse"])
    net.gates[updater.name] = BACKWARD_GATE
    net.blame[name] = ["feedback_synapse"]
    net.feedback[layer] = synapses
    net.brian_network.add(synapses)


def _add_readout(net):
    """Record what the guess is made from, at every step.

    For class targets that is the summed output of each class (*paper*: the guess is
    the class whose outputs have the largest summed activity).
    """
    arch, output = net.architecture, net.layers[-1]
    if arch.vector_target:
        net.readout = StateMonitor(
            output, "phi", record=True, when="end", name="readout"
        )
        net.brian_network.add(net.readout)
        return
    classes = NeuronGroup(arch.n_classes, "activity : 1", name="classes")
    pool = Synapses(
        output, classes, "activity_post = phi_pre : 1 (summed)", name="pool"
    )
    members = np.arange(len(output))
    pool.connect(i=members, j=members // (len(output) // arch.n_classes))
    place(pool.summed_updaters["activity_post"], "end", 0)
    net.readout = StateMonitor(
        classes, "activity", record=True, when="end", order=1, name="readout"
    )
    net.brian_network.add(classes, pool, net.readout)


def _add_watch(net):
    """Monitor the first neuron of the first learning layer, and some spikes."""
    layer = next(n for n in range(1, net.n_layers + 1) if net.learns(n))
    watched = {}
    for name, group, var in (
        ("psp", net.layers[layer], "h"),
        ("delta", net.deltas[layer], "delta"),
    ):
        watched[name] = StateMonitor(
            group, var, record=[0], when="end", name=f"watch_{name}"
        )
    for index, group in enumerate(net.layers[:-1]):
        if not net.graded:
            # From the middle: the first pixels of an image are always dark.
            start = max(0, (len(group) - WATCHED_SPIKES) // 2)
            shown = group[start : min(len(group), start + WATCHED_SPIKES)]
            name = f"spikes_{index}"
            watched[name] = SpikeMonitor(shown, when="end", name=f"watch_{name}")
    net.monitors.update(watched)
    net.brian_network.add(*watched.values())
