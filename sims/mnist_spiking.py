"""Train a deep spiking network on MNIST by feedback alignment (the paper's Fig. 4).

T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, "Random synaptic feedback
weights support error backpropagation for deep learning", Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276.

Examples::

    python sims/mnist_spiking.py                      # 3 x 500 units, one pass
    python sims/mnist_spiking.py --preset paper       # 3 x 1500 units, ten passes
    python sims/mnist_spiking.py --rule bp --seed 2
    python sims/mnist_spiking.py --record layer_2.h:0,1 layer_1.spikes:0-49
    python sims/mnist_spiking.py --resume --out runs/demo-fa-1
"""

import sys

import spikefa
from spikefa.experiments.command_line import run_command
from spikefa.experiments.training_command import run_training, training_parser

#: Neurons of each layer whose spikes are shown.
SHOWN_SPIKES = 25


def network(settings, dataset, **how):
    """Say what is built: sizes, and the strings that neurons and synapses obey.

    ================== ======================== =======================================
    object             neurons or synapses      strings, from ``models/`` or ``--model``
    ================== ======================== =======================================
    ``layer_0``        784 input neurons        input_neuron, input_spike     (psp.py)
    ``layer_1`` ...    hidden neurons           psp_neuron, transfer, spike   (psp.py)
    ``layer_m``        100 outputs a class      psp_neuron, transfer          (psp.py)
    ``delta_m``        an error neuron each     target, error_neuron        (delta.py)
    ``delta_l``        a delta neuron each      delta_neuron, third_factor  (delta.py)
    ``forward_l``      all to all, plastic      plastic_synapse, transmit, learn, decay
    ``feedback_l``     all to all, fixed        feedback_synapse     (three_factor.py)
    ================== ======================== =======================================
    """
    inputs = dataset.train_images.shape[1]
    outputs = settings.outputs_per_class * dataset.n_classes
    sizes = inputs, *settings.layers, outputs
    return spikefa.Architecture(sizes, n_classes=dataset.n_classes, **how)


def shown(architecture, rule):
    """Say what the figure shows: PSP and delta of a hidden neuron, and some spikes."""
    m = architecture.n_layers
    first = 1 if rule.learning_layers == "all" else m  # layer that learns
    neurons = {f"layer_{first}.h": [0], f"delta_{first}.delta": [0]}
    for layer, size in enumerate(architecture.layer_sizes[:m]):
        # From the middle: the first pixels of an image are always dark.
        start = max(0, (size - SHOWN_SPIKES) // 2)
        neurons[f"layer_{layer}.spikes"] = range(start, min(size, start + SHOWN_SPIKES))
    return neurons


def build_parser():
    """Describe the options; ``--help`` lists them."""
    return training_parser("mnist_spiking.py", __doc__.splitlines()[0])


def main(args):
    """Train; write results.json, figure.png, records.npz and checkpoint.npz."""
    return run_training(args, network, shown)


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
