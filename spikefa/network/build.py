"""Building a Brian2 network from a model, layer sizes and a learning rule."""

from dataclasses import dataclass, field

from brian2 import Network, StateMonitor, defaultclock, linked_var, prefs

from ..equations.model import Model
from ..errors import InputError, ModelError
from .architecture import Architecture
from .decay import DecayClock, add_decay_clock
from .monitors import add_readout
from .neurons import add_delta, add_input, add_layer, neuron_group, transfer_string
from .precision import compute_in_double, double_variables
from .records import add_records
from .stimuli import Images, Stimulus, add_stimuli
from .synapses import add_forward, add_projection, place_summed
from .timestep import SCHEDULE

__all__ = ["FeedbackNetwork", "build_network", "check_choices"]


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
        Projections that a route has of its own, by the layer they end in.
    reference : list
        Delta neurons and projections of backpropagation beside a rule, see
        `spikefa.learning.reference`.
    images, targets : Stimulus
        What is shown: pixels from 0 to 1, and class labels or target vectors.
    passes : Stimulus
        How many passes over the training set there have been.
    monitors : dict
        What records neurons while the network runs, by the name of the record.
    records : dict
        All records by name, those of synapses included.
    decay_rates : dict of float
        See `decay_rates`.
    decay_period : int
        Time steps between two decays of the weights.
    doubles : set of str
        Variables that are stored in double precision, whatever the others are.
    gates : dict
        For each Brian2 object that not every run needs, its gate: 0 for the backward
        sweep, l for plasticity in layer l, and one for each record after those.
    blame : dict
        The model strings behind each Brian2 object, for error messages.
    """

    architecture: Architecture
    model: Model
    rule: object
    layers: list = field(default_factory=list)
    deltas: list = field(default_factory=lambda: [None])
    forward: list = field(default_factory=lambda: [None])
    feedback: dict = field(default_factory=dict)
    reference: list = field(default_factory=list)
    readout: StateMonitor = None
    monitors: dict = field(default_factory=dict)
    records: dict = field(default_factory=dict)
    images: Images = field(init=False, repr=False)
    targets: Stimulus = field(init=False, repr=False)
    passes: Stimulus = field(init=False, repr=False)
    namespace: dict = field(default_factory=dict)
    brian_network: Network = None
    decay_clock: DecayClock = field(init=False, repr=False)
    doubles: set = field(default_factory=set)
    decay_rates: dict = field(default_factory=dict)
    decay_period: int = 1
    gates: dict = field(default_factory=dict)
    blame: dict = field(default_factory=dict)

    @property
    def rate(self):
        """Whether neurons send their rate phi(h) instead of spikes."""
        return self.model.rate

    @property
    def n_layers(self):
        """Layers above the input."""
        return self.architecture.n_layers

    @property
    def stimuli(self):
        """What runs show: images, targets, and how many passes there have been."""
        return self.images, self.targets, self.passes

    def learns(self, layer):
        """Whether a layer has deltas and plastic synapses."""
        return layer == self.n_layers or self.rule.learning_layers == "all"

    @property
    def stateful(self):
        """All groups and projections whose variables make up the state."""
        groups = [*self.layers, *self.deltas, *self.forward, *self.feedback.values()]
        return [group for group in groups if group is not None] + self.reference

    # What a route adds to the network, see `spikefa.learning.routes`.

    add_neurons = neuron_group
    add_delta = add_delta
    add_projection = add_projection
    place_summed = place_summed
    transfer_string = transfer_string

    def link(self, group, variable, owner):
        """Let a linked variable be that of the same name of another group."""
        setattr(group, variable, linked_var(owner, variable))


def build_network(architecture, model, rule, record=None):
    """Build a network; all weights are zero until a session sets them.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : Rule
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
    check_choices(architecture, model, rule)
    net = FeedbackNetwork(architecture, model, rule)
    defaultclock.dt = model["dt"]
    net.brian_network = Network()
    net.doubles = double_variables(model)
    _add_namespace(net)
    add_input(net)
    for layer in range(1, net.n_layers + 1):
        add_layer(net, layer)
    rule.route.add_deltas(net)
    for layer in range(1, net.n_layers + 1):
        add_forward(net, layer)
    rule.route.add_feedback(net)
    add_readout(net)
    add_records(net, record or {})
    net.brian_network.schedule = SCHEDULE
    compute_in_double(net)
    return net


def check_choices(architecture, model, rule):
    """Refuse what does not go together.

    Raises
    ------
    InputError
        If the rule does not work in such a network.
    ModelError
        If the model lacks a string for it.
    """
    route, bits = rule.route, architecture.feedback_bits
    if route.rate_only and not model.rate:
        raise InputError(f"{rule.title} is for rate networks only")
    if bits < 32 and not route.small_weights:
        raise InputError(
            f"feedback_bits={bits}: {rule.title} has no fixed feedback weights of "
            "its own"
        )
    if architecture.weight_bits < 32:
        _check_read_bits(architecture, model)
    origin = model.origin
    if architecture.sparse and origin["learn"] != origin["sparse_learn"]:
        raise ModelError(
            f"{model.where('learn')}: sparse connectivity needs sparse_learn too"
        )


def _check_read_bits(architecture, model):
    """Refuse to round what spikes read where nothing makes the copy that they read.

    What the rule and the model do to the weights, the projections check themselves.
    """
    reasons = {
        "it is for networks of spiking neurons": model.rate,
        "it is for the dense engine": architecture.engine != "dense",
        "weights that learn with a mask have no copy": architecture.sparse,
        "it is for single precision": architecture.precision != "single",
        "updates have to be put off": not architecture.put_off,
    }
    for reason, holds in reasons.items():
        if holds:
            raise InputError(f"weight_bits={architecture.weight_bits}: {reason}")


def _add_namespace(net):
    functions = [*add_stimuli(net), add_decay_clock(net)]
    # Plain numbers in the precision of the state: a double would turn the loops over
    # synapses into double precision.
    numbers = {
        name: prefs.core.default_float_dtype(value) if type(value) is float else value
        for name, value in net.model.parameters.items()
        if name != "dt"  # a variable of every Brian2 group
    }
    net.namespace = numbers | {f.name: f for f in functions}
