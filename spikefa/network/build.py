"""Building a Brian2 network from a model, layer sizes and a learning rule."""

from dataclasses import dataclass, field

from brian2 import Network, StateMonitor, defaultclock, prefs

from ..equations.model import Model
from ..errors import InputError, ModelError
from ..rules import Rule, get_rule
from .architecture import Architecture
from .decay import DecayClock, add_decay_clock
from .monitors import add_readout, add_watch
from .neurons import add_delta, add_input, add_layer, neuron_group
from .perturbation import add_deltas
from .precision import compute_in_double, double_variables
from .stimuli import Stimulus, add_stimuli
from .synapses import add_feedback, add_forward
from .timestep import SCHEDULE

__all__ = ["FeedbackNetwork", "build_network"]


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
    images, targets : Stimulus
        What is shown: pixels from 0 to 1, and class labels or target vectors.
    decay_rates : dict of float
        See `decay_rates`.
    decay_period : int
        Time steps between two decays of the weights.
    doubles : set of str
        Variables that are stored in double precision, whatever the others are.
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
    images: Stimulus = None
    targets: Stimulus = None
    namespace: dict = field(default_factory=dict)
    brian_network: Network = None
    decay_clock: DecayClock = None
    doubles: set = field(default_factory=set)
    decay_rates: dict = field(default_factory=dict)
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
    net.brian_network = Network()
    net.doubles = double_variables(model)
    _add_namespace(net)
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
    if watch:
        add_watch(net)
    net.brian_network.schedule = SCHEDULE
    compute_in_double(net)
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
