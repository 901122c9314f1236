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

The strings that neurons and synapses obey are in ``models/`` or in the file that
``--model`` names:

================== ======================== ============================================
object             neurons or synapses      strings
================== ======================== ============================================
``layer_0``        784 input neurons        input_neuron, input_spike           (psp.py)
``layer_1`` ...    hidden neurons           psp_neuron, transfer, spike         (psp.py)
``layer_m``        100 outputs a class      psp_neuron, transfer                (psp.py)
``delta_m``        an error neuron each     target, error_neuron              (delta.py)
``delta_l``        a delta neuron each      delta_neuron, third_factor        (delta.py)
``forward_l``      all to all, plastic      plastic_synapse, transmit, learn, decay
``feedback_l``     all to all, fixed        feedback_synapse           (three_factor.py)
================== ======================== ============================================
"""

import sys

import spikefa
from spikefa.experiments.command_line import run_command
from spikefa.experiments.training_command import run_training, training_parser

#: Neurons of each layer whose spikes the figure shows, and for how many images.
SHOWN_SPIKES, SHOWN_IMAGES = 25, 20


def experiment(settings, run):
    """Train a network, test it and draw what it has learned.

    Parameters
    ----------
    settings : Settings
        What was chosen on the command line.
    run : Run
        Checkpoints, signals, progress and results.
    """
    from spikefa.experiments.run import records_and_windows
    from spikefa.figures.spiking import plot_training
    from spikefa.training.callbacks import FeedbackAngles
    from spikefa.training.comparison import comparing_deltas
    from spikefa.training.data import planned
    from spikefa.training.evaluation import common_presentation

    # Images, and the order in which they are shown.
    dataset = spikefa.load_dataset(settings.dataset, settings.data)
    training = {
        "seed": settings.seed,
        "epochs": settings.epochs,
        "images": settings.images,
        "chunk_images": settings.chunk_images,
        "shuffle": settings.shuffle,
        "shift": settings.shift,
        "rotate": settings.rotate,
        "average": settings.average,
        "removed": settings.removed,
        "steps": settings.steps,
        "test_steps": settings.test_steps,
        "test_images": settings.test_images,
        "held_out": settings.validation,
        "evaluate_every": settings.evaluate_every,
        "interim_images": settings.interim_images,
    }
    _, schedule = planned(dataset, **training)

    # The network, from the input to the output neurons.
    inputs = dataset.train_images.shape[1]
    outputs = settings.outputs_per_class * dataset.n_classes
    tests = settings.test_steps, *settings.evaluation_steps
    architecture = spikefa.Architecture(
        (inputs, *settings.layers, outputs),
        n_classes=dataset.n_classes,
        sparse=settings.removed > 0,
        feedback_bits=settings.feedback_bits,
        weight_bits=settings.weight_bits,
        precision=settings.precision,
        engine=settings.engine,
        **common_presentation(schedule.largest_chunk, settings.steps, *tests),
    )
    model, rule = run.load_model(), spikefa.get_rule(settings.rule)
    run.begin(architecture, model, rule, dataset, schedule)

    # Compile it; train it, test it, draw it.
    shown = shown_neurons(architecture, rule)
    record, windows = records_and_windows(settings, shown, SHOWN_IMAGES)
    opened = spikefa.open_session(
        architecture, model, rule, device=run.device, record=record
    )
    with opened as session:
        trainer = spikefa.Trainer(session, dataset, windows=windows, **training)
        compared = min(settings.angle_images, trainer.test_images)
        how = {"steps": settings.steps, "device": run.device}
        with comparing_deltas(session, compared, **how) as delta_angles:
            run.train(trainer, [FeedbackAngles(), *delta_angles])
        run.test(trainer)
        run.keep(trainer)
        run.draw(
            plot_training,
            trainer.curve,
            trainer.records,
            shown,
            images=SHOWN_IMAGES,
            steps=settings.steps,
            dt_ms=1000 * float(model["dt"]),
        )


def shown_neurons(architecture, rule):
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
    return run_training(args, experiment)


if __name__ == "__main__":
    sys.exit(run_command(build_parser(), main))
