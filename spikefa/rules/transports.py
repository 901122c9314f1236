"""The rules of the paper and its neighbours, each a declaration.

Symbols: W forward weights, B fixed random feedback weights, phi_d(delta) the third
factor of a neuron, psi the slope of its transfer function.
"""

from .rule import Rule

__all__ = [
    "BACKPROP",
    "DIRECT_FEEDBACK_ALIGNMENT",
    "FEEDBACK_ALIGNMENT",
    "NODE_PERTURBATION",
    "SHALLOW",
    "SIGN_SYMMETRIC",
]

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
