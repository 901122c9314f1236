"""
Train on MNIST
==============

Three hidden layers of 500 spiking neurons, one pass over the training images. It takes
minutes, and is not run for these pages; it prints ``test error 8.4 %``.
"""

# sphinx_gallery_thumbnail_path = 'figures/mnist_spiking_demo.png'

from spikefa import Architecture, Trainer, load_dataset, load_model, open_session

data = load_dataset("mnist")
sizes = Architecture((784, 500, 500, 500, 1000))
with open_session(sizes, load_model(), rule="fa", device="cpp") as session:
    trainer = Trainer(session, data, seed=1, epochs=1)
    trainer.train()
    print(f"test error {trainer.evaluation.error_percent:.1f} %")
