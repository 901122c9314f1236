"""Train a spiking network on MNIST and print its test error."""

from spikefa import Architecture, Trainer, load_dataset, load_model, open_session

data = load_dataset("mnist")
sizes = Architecture((784, 500, 500, 500, 1000))
with open_session(sizes, load_model(), rule="fa", device="cpp") as session:
    trainer = Trainer(session, data, seed=1, epochs=1)
    trainer.train()
    print(f"test error {trainer.evaluation.error_percent:.1f} %")
