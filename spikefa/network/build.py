"""Building a Brian2 network from a model, layer sizes and a learning rule."""

from dataclasses import dataclass, field

import numpy as np
from brian2 import Clock, Network, StateMonitor, TimedArray, defaultclock, prefs

from ..equations.model import Model
from ..errors import InputError, ModelError
from ..rules import Rule, get_rule
from .architecture import Architecture
from .monitors import add_readout
from .neurons import add_delta, add_input, add_layer, neuron_group
from .perturbation import add_deltas
from .records import add_records
from .synapses import add_feedback, add_forward
from .timestep import SCHEDULE

__all__ = ["FeedbackNetwork", "build_network"]

#: Largest relative change of a weight by decay that may be put off and applied at
#: once. Steps between two decays follow from it and from the model's gamma.
DECAY_LAG = 1e-4


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
    monitors : dict
        What records neurons while the network runs, by the name of the record.
    records : dict
        All records by name, those of synapses included.
    gates : dict
        For each Brian2 object that not every run needs, its gate: 0 for the backward
        sweep, l for plasticity in layer l, and one for each record after those.
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
    records: dict = field(default_factory=dict)
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
    def rate(self):
        """Whether neurons send their rate phi(h) instead of spikes."""
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


def build_network(architecture, model, rule="fa", record=None):
    """Build a network; all weights are zero until a session sets them.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : str or Rule, optional
    record : dict, optional
        What to record, see `open_session`.

    Returns
    -------
    network : FeedbackNetwork

    Raises
    ------
    ModelError
        If an equation of the model cannot be parsed.
    InputError
        If something is to be recorded that there is not.
    """
    net = FeedbackNetwork(architecture, model, get_rule(rule))
    _check_choices(net)
    defaultclock.dt = model["dt"]
    _add_stimuli(net)
    _add_decay_clock(net)
    add_input(net)
    for layer in range(1, net.n_layers + 1):
        add_layer(net, layer)
    if net.rule.perturbs:
        add_deltas(net, neuron_group)
    else:
        for layer in range(1, net.n_layers + 1):
            add_delta(net, layer)
    for layer in range(1, net.n_layers + 1):
        add_forward(net, layer)
    for layer in range(1, net.n_layers):
        add_feedback(net, layer)
    add_readout(net)
    add_records(net, record or {})
    net.brian_network.schedule = SCHEDULE
    return net


def _check_choices(net):
    """Refuse what does not go together."""
    if net.rule.perturbs and not net.rate:
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
