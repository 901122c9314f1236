"""
A rule of your own
==================

Backpropagation through a random half of the synapses.
"""

# sphinx_gallery_thumbnail_path = 'figures/rules.png'

from spikefa import Architecture, load_model, open_session
from spikefa.learning.routes import Forward
from spikefa.learning.rules import Rule

# B is fixed and uniform around 0: positive for half of the synapses.
model = load_model().replace(
    half_feedback="""
    B : 1 (constant)
    feedback_pre = int(B > 0)*W*psi_post*third_factor_post : 1 (summed)
    """
)
half_backprop = Rule(
    name="half",
    title="backpropagation through half of the synapses",
    reference="nobody yet",
    route=Forward("half_feedback", weights=True),
)

with open_session(
    Architecture((784, 30, 20)), model, half_backprop, device="numpy"
) as session:
    print(session.shapes["forward_2.B"])
