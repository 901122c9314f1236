"""
Show a few images
=================

A session by itself: set the state, run some images, read the state.
"""

# sphinx_gallery_thumbnail_path = 'figures/mnist_spiking_demo.png'

from spikefa import (
    Architecture,
    load_dataset,
    load_model,
    open_session,
    set_initial_state,
)
from spikefa.analysis import angle

data = load_dataset("mnist")
sizes = Architecture((784, 30, 20), chunk_images=20)
with open_session(sizes, load_model(), device="numpy") as session:
    set_initial_state(session, seed=1)
    before = session.get_state(["forward_1.W"])
    result = session.run(data.train_inputs[:20], data.train_labels[:20], seed=1)
    after = session.get_state(["forward_1.W", "forward_2.W", "feedback_1.B"])

print("activity of each class:", result.output.shape)  # images, steps, classes
print("largest change:", abs(after["forward_1.W"] - before["forward_1.W"]).max())
print("degrees:", angle(after["feedback_1.B"], after["forward_2.W"].T))
