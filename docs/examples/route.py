"""
A route of your own
===================

Feedback to each hidden layer from all layers above it.
"""

# sphinx_gallery_thumbnail_path = 'figures/rules.png'

from dataclasses import dataclass

from spikefa import (
    Architecture,
    load_dataset,
    load_model,
    open_session,
    set_initial_state,
)
from spikefa.learning.routes import Chain
from spikefa.learning.rules import Rule
from spikefa.network.timestep import BACKWARD_GATE, Phase, backward_order

# A delta neuron adds up what arrives from the layer above and from farther away.
model = load_model().replace(
    delta_neuron="ddelta/dt = (feedback + skipped - delta)/tau_m : 1",
    skip_synapse="""
    B : 1 (constant)
    skipped_post = B*third_factor_pre : 1 (summed)
    """,
)


@dataclass(frozen=True)
class Skipping(Chain):
    """Deltas of the layer above, and those of the output too."""

    @property
    def strings(self):
        return super().strings | {"skip_synapse": ("B", "skipped_post")}

    def delta_equations(self, net, layer):
        return "feedback : 1\nskipped : 1"

    def add_feedback(self, net):
        super().add_feedback(net)
        for layer in range(1, net.n_layers - 1):  # the last one has nothing to skip
            synapses = net.add_projection(
                f"skip_{layer}", net.deltas[-1], net.deltas[layer], ["skip_synapse"]
            )
            order = backward_order(layer, net.n_layers, Phase.GATHER)
            net.place_summed(
                synapses,
                "skipped_post",
                "backward",
                order,
                ["skip_synapse"],
                gate=BACKWARD_GATE,
            )
            net.feedback[f"skip_{layer}"] = synapses


skipping = Rule("skip", "feedback from all layers above", "nobody yet", Skipping())

data = load_dataset("mnist")
sizes = Architecture((784, 40, 30, 20, 50), chunk_images=20)
with open_session(sizes, model, skipping, device="numpy") as session:
    set_initial_state(session, seed=1)
    session.run(data.train_inputs[:20], data.train_labels[:20], seed=1)
    print("weights of the route:", session.shapes["skip_1.B"])
