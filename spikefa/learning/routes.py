"""The ways in which the error reaches the hidden layers, one class for each.

A `Route` says what it adds to the neurons and synapses of a network and where in the
time step that runs. The builder, the check of a model, the initial state and the
measures of alignment ask the route; none of them knows which routes there are, so a
new one is a new class, here or in a file of yours. Its formulas are strings of the
model (`spikefa.models.feedback` and others), which it names.

The builder asks in this order: `neuron_equations` for each layer, `add_deltas`,
`forward_strings`, `learn_strings` and `place_forward` for each forward projection, and
`add_feedback`. Nothing here imports Brian2: what a route needs of it, the network
does (`FeedbackNetwork.add_neurons`, `add_projection`, `place_summed`, `link`).
"""

from dataclasses import dataclass
from typing import ClassVar

from ..network.timestep import BACKWARD_GATE, Phase, backward_order, forward_order
from .perturbation import add_noisy_deltas, noisy_equations

__all__ = ["Chain", "Direct", "Forward", "NoRoute", "Place", "Reward", "Route"]


@dataclass(frozen=True)
class Place:
    """Where feedback weights are kept.

    Parameters
    ----------
    group, variable : str
    reverse : bool, optional
        Whether the projection runs against the feedback: its rows are neurons of the
        lower layer, not of the upper one.
    plastic : bool, optional
        Whether they learn, together with the forward weights of the projection.
    """

    group: str
    variable: str
    reverse: bool = False
    plastic: bool = False


@dataclass(frozen=True)
class Route:
    """How the error reaches the hidden layers; override what a way adds.

    As it stands, hidden layers have delta neurons whose ``feedback`` stays 0.

    Attributes
    ----------
    rate_only : bool
        Whether it cannot work with spikes.
    small_weights : bool
        Whether its feedback weights can be stored in fewer than 32 bits.
    """

    rate_only: ClassVar = False
    small_weights: ClassVar = False

    @property
    def drawn(self):
        """What is drawn at random at the start, in order, by variable.

        Returns
        -------
        ranges : dict of str
            The parameter that holds the range of each variable.
        """
        return {"B": "feedback_range"}

    @property
    def strings(self):
        """Names of the model strings that it uses, each with the variables it needs."""
        return {}

    def neuron_equations(self, net, layer):
        """Equations that the neurons of layer 0 .. m have besides the model's.

        Returns
        -------
        equations : str or Equations
        """
        return ""

    def delta_equations(self, net, layer):
        """Declarations that the delta neurons of a hidden layer have besides."""
        return "feedback : 1"

    def add_deltas(self, net):
        """Add error neurons at the output, and delta neurons where layers learn."""
        for layer in range(1, net.n_layers + 1):
            net.add_delta(layer)

    def forward_strings(self, net, layer):
        """Name the equation strings that the synapses onto a layer have besides."""
        return ()

    def learn_strings(self, net, layer):
        """Name the statements that belong to learning in the synapses onto a layer."""
        return ()

    def decay_strings(self, net, layer):
        """Name the statements that belong to the decay of the synapses onto a layer."""
        return ()

    @property
    def companions(self):
        """Statements of its own weights that have to change with those of W.

        Returns
        -------
        names : dict of str
            By the name of the statements of W.
        """
        return {}

    def place_forward(self, net, layer, synapses):
        """Give what `forward_strings` added its place in the time step."""

    def add_feedback(self, net):
        """Add projections of its own."""

    def feedback_variables(self, net):
        """Say where the feedback weights are.

        Returns
        -------
        places : dict of Place
            By the hidden layer that they end in.
        """
        return {}

    def crossed_layers(self, net, layer):
        """List the forward projections on whose way back its weights send the error.

        The error of backpropagation would take their transposed weights. None if the
        weights alone do not say what is sent.
        """
        return None


@dataclass(frozen=True)
class NoRoute(Route):
    """No error reaches the hidden layers, which have no deltas."""

    @property
    def drawn(self):
        return {}


@dataclass(frozen=True)
class Chain(Route):
    """Each layer sends its third factor to the layer below, by synapses of its own."""

    small_weights: ClassVar = True

    @property
    def strings(self):
        return {"feedback_synapse": ("B", "feedback_post")}

    def source(self, net, layer):
        """Say which layer's deltas are sent to a hidden layer."""
        return layer + 1

    def add_feedback(self, net):
        for layer in range(1, net.n_layers):
            source = net.deltas[self.source(net, layer)]
            given = net.model.get(net.string("feedback_mask", layer)) is not None
            masked = ["sparse_synapse"] if given else []
            synapses = net.add_projection(
                f"feedback_{layer}",
                source,
                net.deltas[layer],
                ["feedback_synapse", *masked],
                on_grid=net.architecture.feedback_bits < 32,
                weights=("B",),
                may_lack=net.may_lack(layer, "feedback_mask"),
            )
            order = backward_order(layer, net.n_layers, Phase.GATHER)
            net.place_summed(
                synapses,
                "feedback_post",
                "backward",
                order,
                ["feedback_synapse"],
                gate=BACKWARD_GATE,
            )
            net.feedback[layer] = synapses

    def feedback_variables(self, net):
        return {
            layer: Place(f"feedback_{layer}", "B") for layer in range(1, net.n_layers)
        }

    def crossed_layers(self, net, layer):
        return range(layer + 1, self.source(net, layer) + 1)


@dataclass(frozen=True)
class Direct(Chain):
    """The output sends its third factor to every hidden layer."""

    def source(self, net, layer):
        return net.n_layers


@dataclass(frozen=True)
class Forward(Route):
    """Each layer sends its third factor back over the forward synapses it receives.

    Parameters
    ----------
    synapse : str
        Name of the string with the equation of ``feedback_pre``.
    weights : bool, optional
        Whether these synapses have feedback weights B of their own.
    plastic : str, optional
        First part of the names of the statements by which B learns, if it does:
        ``..._learn``, ``..._sparse_learn`` and ``..._decay``.
    transported : bool, optional
        Whether B stands where the transposed forward weights would, so that the angle
        between them tells how well it is aligned.
    """

    synapse: str
    weights: bool = False
    plastic: str = ""
    transported: bool = False

    @property
    def drawn(self):
        return super().drawn if self.weights else {}

    @property
    def strings(self):
        needed = ("feedback_pre", "B") if self.weights else ("feedback_pre",)
        return {self.synapse: needed} | dict.fromkeys(self.companions.values(), ())

    @property
    def companions(self):
        names = ("learn", "sparse_learn", "decay") if self.plastic else ()
        return {name: f"{self.plastic}_{name}" for name in names}

    def _carries(self, net, layer):
        """Whether the synapses onto a layer carry feedback to the one below."""
        return 1 < layer <= net.n_layers

    def neuron_equations(self, net, layer):
        return "feedback : 1" if self._carries(net, layer + 1) and layer else ""

    def delta_equations(self, net, layer):
        return "feedback : 1 (linked)"

    def add_deltas(self, net):
        super().add_deltas(net)
        for layer in range(1, net.n_layers):
            net.link(net.deltas[layer], "feedback", net.layers[layer])

    def forward_strings(self, net, layer):
        return (self.synapse,) if self._carries(net, layer) else ()

    def learn_strings(self, net, layer):
        if not (self.plastic and self._carries(net, layer)):
            return ()
        return (net.learn_string(layer, f"{self.plastic}_"),)

    def decay_strings(self, net, layer):
        carries = self.plastic and self._carries(net, layer)
        return (net.string(f"{self.plastic}_decay", layer),) if carries else ()

    def place_forward(self, net, layer, synapses):
        if self._carries(net, layer):
            order = backward_order(layer - 1, net.n_layers, Phase.GATHER)
            net.place_summed(
                synapses,
                "feedback_pre",
                "backward",
                order,
                [self.synapse],
                gate=BACKWARD_GATE,
            )

    def feedback_variables(self, net):
        if not self.weights:
            return {}
        return {
            layer: Place(
                f"forward_{layer + 1}", "B", reverse=True, plastic=bool(self.plastic)
            )
            for layer in range(1, net.n_layers)
        }

    def crossed_layers(self, net, layer):
        return range(layer + 1, layer + 2) if self.transported else None


@dataclass(frozen=True)
class Reward(Route):
    """A single number tells all neurons what the noise on their output did.

    It needs a second, noisy pass in every time step.
    """

    rate_only: ClassVar = True

    @property
    def drawn(self):
        return {}

    @property
    def strings(self):
        return {
            "noisy_input": ("phi_noisy",),
            "noisy_neuron": ("noise", "h_noisy", "drive_noisy", "phi_noisy"),
            "transmit_noisy": ("drive_noisy_post",),
            "reward": ("reward_post",),
            "perturbed_delta": ("delta",),
        }

    def neuron_equations(self, net, layer):
        return noisy_equations(net, layer)

    def add_deltas(self, net):
        add_noisy_deltas(net)

    def forward_strings(self, net, layer):
        return ("transmit_noisy",)

    def place_forward(self, net, layer, synapses):
        net.place_summed(
            synapses,
            "drive_noisy_post",
            "forward",
            forward_order(layer, Phase.GATHER),
            ["transmit_noisy"],
            gate=BACKWARD_GATE,
        )
