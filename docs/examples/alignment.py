"""Watch feedback alignment: the angle between B and W^T during a training."""

from spikefa import Callback
from spikefa.analysis import angle


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


# trainer.train([Alignment()])
