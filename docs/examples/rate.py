"""Let a tanh network learn a random linear function, and print its errors."""

import numpy as np

from spikefa import Architecture, load_model, open_session, set_initial_state
from spikefa.analysis import nse

model = load_model(rate=True).replace(eta=0.02, gamma=0.0, feedback_range=0.5)
network = Architecture(
    (30, 20, 10),
    transfers=("hyperbolic", "linear"),
    vector_target=True,
    biases=False,
    steps_per_image=1,
    chunk_images=500,
)
random = np.random.default_rng(1)
x = random.normal(size=(500, 30))
y = x @ random.uniform(-1, 1, (30, 10))
with open_session(network, model, rule="fa", device="runtime") as session:
    set_initial_state(session, seed=1)
    for number in range(4):
        result = session.run(x, y, seed=number)
        print(f"pass {number + 1}: NSE {nse(result.output[:, 0], y):.3f}")
