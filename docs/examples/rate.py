"""
Learn a linear function
=======================

A network of rate neurons, tanh and linear, learns a random
function by feedback alignment.
"""

import matplotlib.pyplot as plt
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
    chunk_images=300,
)
random = np.random.default_rng(1)
x = random.normal(size=(300, 30))
y = x @ random.uniform(-1, 1, (30, 10))
errors = []
with open_session(network, model, rule="fa", device="numpy") as session:
    set_initial_state(session, seed=1)
    for number in range(5):
        result = session.run(x, y, seed=number)
        errors.append(nse(y, result.output[:, 0]))
        print(f"pass {number + 1}: NSE {errors[-1]:.3f}")

plt.plot(range(1, 6), errors, "o-")
plt.xlabel("passes")
plt.ylabel("normalized squared error")
plt.show()
