"""Learning rules: how the error gets from the output to the hidden layers.

A rule says which variable a layer sends down, through which synapses, and which
layers learn. It holds no formula of the neurons or of the plasticity; those are in
`spikefa.models`. Symbols: W forward weights, B fixed random feedback weights,
phi_d(delta) the third factor of a neuron, psi the slope of its transfer function.
"""

from dataclasses import dataclass

from .errors import InputError

__all__ = ["RULES", "Rule", "get_rule"]


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
    route : {'chain', 'direct', 'forward', 'reward', 'none'}
        Where feedback runs: from each layer to the one below; from the output to
        every hidden layer; backwards over the forward synapses; as a single number to
        all neurons; nowhere.
    synapse : str
        Equations that the rule adds to the forward synapses (``route='forward'``).
    learning_layers : {'all', 'last'}
        Which forward synapses are plastic.
    """

    name: str
    title: str
    reference: str
    route: str
    synapse: str = ""
    learning_layers: str = "all"

    @property
    def perturbs(self):
        """Whether a noisy second pass is needed."""
        return self.route == "reward"


#: feedback_j = sum_k B_kj phi_d(delta_k): each layer sends its third factor to the
#: layer below through fixed random synapses.
FEEDBACK_ALIGNMENT = Rule(
    name="fa",
    title="feedback alignment",
    reference="Lillicrap et al., Nature Communications 7:13276 (2016)",
    route="chain",
)

#: feedback_j = sum_k B_kj phi_d(delta_k) with k over the output neurons.
DIRECT_FEEDBACK_ALIGNMENT = Rule(
    name="dfa",
    title="direct feedback alignment",
    reference="Nokland, NeurIPS 29 (2016)",
    route="direct",
)

#: feedback_j = sum_k W_jk psi_k phi_d(delta_k): the transposed forward weights, at
#: every step. The slope belongs to the gradient; feedback alignment leaves it out.
BACKPROP = Rule(
    name="bp",
    title="backpropagation",
    reference="Rumelhart, Hinton & Williams, Nature 323:533 (1986)",
    route="forward",
    synapse="feedback_pre = W*psi_post*third_factor_post : 1 (summed)",
)

#: feedback_j = sum_k |B_kj| sign(W_jk) phi_d(delta_k): random sizes, true signs.
SIGN_SYMMETRIC = Rule(
    name="sign",
    title="sign-symmetric feedback",
    reference="Liao, Leibo & Poggio, AAAI (2016)",
    route="forward",
    synapse="""
    B : 1 (constant)
    feedback_pre = abs(B)*sign(W)*third_factor_post : 1 (summed)
    """,
)

#: Only the synapses onto the output neurons learn.
SHALLOW = Rule(
    name="shallow",
    title="shallow learning",
    reference="Lillicrap et al., Nature Communications 7:13276 (2016), Fig. 2",
    route="none",
    learning_layers="last",
)

#: delta_j = (E - E') xi_j / sigma^2, with the squared error E of a pass without noise
#: and E' of one with noise xi of size sigma on the output of every neuron: a sample of
#: the gradient. Every layer learns from it, the output too.
NODE_PERTURBATION = Rule(
    name="node",
    title="node perturbation",
    reference="Werfel, Xie & Seung, Neural Computation 17:2699 (2005)",
    route="reward",
)

#: All rules by their short name on the command line.
RULES = {
    rule.name: rule
    for rule in (
        FEEDBACK_ALIGNMENT,
        BACKPROP,
        DIRECT_FEEDBACK_ALIGNMENT,
        SIGN_SYMMETRIC,
        SHALLOW,
        NODE_PERTURBATION,
    )
}


def get_rule(name):
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
