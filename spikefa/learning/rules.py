"""Learning rules: how the error gets from the output to the hidden layers.

A rule says on which route the error travels and which layers learn. It holds no
formula; those of the neurons, of plasticity and of feedback are in `spikefa.models`.
Symbols: W forward weights, B feedback weights, phi_d(delta) the third factor of a
neuron, psi the slope of its transfer function.
"""

from dataclasses import dataclass

from ..errors import InputError
from .routes import Chain, Direct, Forward, NoRoute, Reward, Route

__all__ = ["LEARNING_LAYERS", "RULES", "Rule", "get_rule"]

#: Which forward synapses are plastic.
LEARNING_LAYERS = ("all", "last")


@dataclass(frozen=True)
class Rule:
    """A learning rule.

    Parameters
    ----------
    name : str
        Short name, as on the command line.
    title : str
        Name in figures and tables.
    reference : str
        Where the rule was published.
    route : Route
        How the error reaches the hidden layers.
    learning_layers : {'all', 'last'}
        Which forward synapses are plastic.

    Raises
    ------
    InputError
        If the route is none, if there is no such choice of layers, or if hidden layers
        are to learn that no error reaches.
    """

    name: str
    title: str
    reference: str
    route: Route
    learning_layers: str = "all"

    def __post_init__(self) -> None:
        for field in ("name", "title", "reference"):
            if not (isinstance(getattr(self, field), str) and getattr(self, field)):
                raise InputError(
                    f"a rule needs a {field}, got {getattr(self, field)!r}"
                )
        if not isinstance(self.route, Route):
            raise InputError(
                f"rule '{self.name}': route must be a Route of "
                f"spikefa.learning.routes such as Chain(), got {self.route!r}"
            )
        if self.learning_layers not in LEARNING_LAYERS:
            raise InputError(
                f"rule '{self.name}': learning_layers must be "
                f"{' or '.join(map(repr, LEARNING_LAYERS))}, "
                f"got {self.learning_layers!r}"
            )
        if (self.learning_layers == "last") != isinstance(self.route, NoRoute):
            raise InputError(
                f"rule '{self.name}': route {self.route} does not go with "
                f"learning_layers={self.learning_layers!r}; hidden layers learn where "
                "an error reaches them"
            )


#: feedback_j = sum_k B_kj phi_d(delta_k): each layer sends its third factor to the
#: layer below through fixed random synapses.
FEEDBACK_ALIGNMENT = Rule(
    name="fa",
    title="feedback alignment",
    reference="Lillicrap et al., Nature Communications 7:13276 (2016)",
    route=Chain(),
)

#: feedback_j = sum_k W_jk psi_k phi_d(delta_k): the transposed forward weights.
BACKPROP = Rule(
    name="bp",
    title="backpropagation",
    reference="Rumelhart, Hinton & Williams, Nature 323:533 (1986)",
    route=Forward("backprop_feedback"),
)

#: feedback_j = sum_k B_kj phi_d(delta_k) with k over the output neurons.
DIRECT_FEEDBACK_ALIGNMENT = Rule(
    name="dfa",
    title="direct feedback alignment",
    reference="Nokland, NeurIPS 29 (2016)",
    route=Direct(),
)

#: feedback_j = sum_k |B_kj| sign(W_jk) psi_k phi_d(delta_k): that of backpropagation
#: with random sizes and true signs in the place of W.
SIGN_SYMMETRIC = Rule(
    name="sign",
    title="sign-symmetric feedback",
    reference="Liao, Leibo & Poggio, AAAI (2016)",
    route=Forward("sign_symmetric_feedback", weights=True),
)

#: feedback_j = sum_k B_kj psi_k phi_d(delta_k) with plastic B: each feedback synapse
#: changes like the forward synapse between the same two neurons, so that B approaches
#: W^T and the rule backpropagation.
KOLEN_POLLACK = Rule(
    name="kp",
    title="Kolen-Pollack feedback",
    reference="Kolen & Pollack, ICNN (1994); Akrout et al., NeurIPS 32 (2019)",
    route=Forward(
        "kolen_pollack_feedback",
        weights=True,
        plastic="kolen_pollack",
        transported=True,
    ),
)

#: Only the synapses onto the output neurons learn.
SHALLOW = Rule(
    name="shallow",
    title="shallow learning",
    reference="Lillicrap et al., Nature Communications 7:13276 (2016), Fig. 2",
    route=NoRoute(),
    learning_layers="last",
)

#: delta_j = (E - E') xi_j / sigma^2, with the squared error E of a pass without noise
#: and E' of one with noise xi of size sigma on the output of every neuron: a sample of
#: the gradient. Every layer learns from it, the output too.
NODE_PERTURBATION = Rule(
    name="node",
    title="node perturbation",
    reference="Werfel, Xie & Seung, Neural Computation 17:2699 (2005)",
    route=Reward(),
)

#: All rules by their short name on the command line.
RULES = {
    rule.name: rule
    for rule in (
        FEEDBACK_ALIGNMENT,
        BACKPROP,
        DIRECT_FEEDBACK_ALIGNMENT,
        SIGN_SYMMETRIC,
        KOLEN_POLLACK,
        SHALLOW,
        NODE_PERTURBATION,
    )
}


def get_rule(name: str | Rule) -> Rule:
    """Look a rule up by its short name.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    if isinstance(name, Rule):
        return name
    try:
        return RULES[name]
    except KeyError:
        known = ", ".join(RULES)
        raise InputError(f"unknown rule '{name}' (known: {known})") from None
