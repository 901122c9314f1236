"""A rule of one's own: backpropagation through a random half of the synapses."""

from spikefa import Architecture, load_model, open_session
from spikefa.rules import Rule

half_backprop = Rule(
    name="half",
    title="backpropagation through half of the synapses",
    reference="nobody yet",
    route="forward",
    # B is fixed and uniform around 0: positive for half of the synapses.
    synapse="""
    B : 1 (constant)
    feedback_pre = int(B > 0)*W*psi_post*third_factor_post : 1 (summed)
    """,
)

with open_session(
    Architecture((784, 30, 20)), load_model(), half_backprop, device="runtime"
) as session:
    print(session.shapes["forward_2.B"])
