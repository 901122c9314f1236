"""
Watch the alignment
===================

A callback keeps the angle between :math:`B` and :math:`W^T` during a training. Here a
linear network learns a linear function (Fig. 2 of the paper), and the angle falls.
"""

import matplotlib.pyplot as plt

from spikefa import Architecture, Callback, Trainer, load_model, open_session
from spikefa.analysis import angle
from spikefa.datasets.regression import linear_task


class Alignment(Callback):
    """Keeps the angle, in degrees, above each hidden layer after each chunk."""

    def __init__(self):
        self.angles = []

    def on_chunk(self, trainer, point, guessed):
        session, angles = trainer.session, []
        for layer in range(1, session.network.n_layers):
            W, B = f"forward_{layer + 1}.W", f"feedback_{layer}.B"
            state = session.get_state([W, B])
            angles.append(angle(state[B], state[W].T))
        self.angles.append(angles)


network = Architecture(
    (30, 20, 10),
    transfers=("linear", "linear"),
    vector_target=True,
    biases=False,
    steps_per_image=1,
    chunk_images=25,
)
model = load_model(rate=True).replace(
    eta=0.002, gamma=0.0, weight_range=0.01, feedback_range=0.5
)
watching = Alignment()
with open_session(network, model, device="numpy") as session:
    Trainer(session, linear_task(seed=1, n_examples=600), seed=1).train([watching])

plt.plot(range(25, 601, 25), watching.angles)
plt.xlabel("examples")
plt.ylabel("angle between $B$ and $W^T$ (degrees)")
plt.show()
