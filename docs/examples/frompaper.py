"""Fig. 4 in plain Brian2
======================

Deep spiking feedback alignment (Lillicrap et al., 2016), each object made by hand; what
they do stands in models/psp.py, delta.py, three_factor.py. It takes minutes to run.
"""

import brian2 as b2
import matplotlib.pyplot as plt
import numpy as np
from spikefa.models import delta, psp, three_factor as rule

from spikefa import load_dataset, load_model
from spikefa.dense import DenseSynapses
from spikefa.seeds import generator, spike_seed

# sphinx_gallery_thumbnail_path = 'figures/fig4.png'
SIZES, CLASSES, STEPS, CHUNK, SEED = (784, 500, 500, 500, 1000), 10, 5, 1000, 1


def once(equations):  # evaluated per neuron and step, not per synapse
    return equations.replace(" : 1\n", " : 1 (constant over dt)\n")


def uniform(name, limit, *shape):
    drawn = generator(SEED, name).random(shape, np.float32)
    return (drawn * np.float32(2 * limit) - np.float32(limit)).ravel()


def place(slot, order, *objects):
    for obj in objects:
        obj.when, obj.order = slot, order


def build(sizes=SIZES, chunk=CHUNK, synapses=DenseSynapses):
    b2.prefs.core.default_float_dtype, b2.defaultclock.dt = np.float32, psp.dt
    shown, m = STEPS * psp.dt, len(sizes) - 1
    images = b2.TimedArray(np.zeros((chunk, sizes[0])), shown, name="images")
    labels = b2.TimedArray(np.zeros(chunk), shown, name="labels")
    elapsed = b2.TimedArray([chunk * STEPS], chunk * shown)
    space = dict(images=images, labels=labels, elapsed_steps=elapsed)
    space |= {"eta": np.float32(rule.eta), "gamma": np.float32(rule.gamma)}
    space["tau_m"] = load_model()["tau_m"]  # follows from tau and dt
    # Neurons, from the input up, each layer with those that carry the error down.
    inputs = b2.NeuronGroup(sizes[0], once(psp.input_neuron), threshold=psp.input_spike)
    layers, deltas, learning = [inputs], [None], []
    for n in range(1, m + 1):
        eqs = psp.psp_neuron + once(psp.transfer) + "third_factor : 1 (linked)"
        spike = psp.spike if n < m else None
        layers.append(b2.NeuronGroup(sizes[n], eqs, "exact", threshold=spike))
        layers[n].run_regularly("drive = 0", when="forward", order=6 * n)
        layers[n].b = uniform(f"layer_{n}.b", rule.weight_range, sizes[n])
        of_error = once(delta.target + delta.error_neuron) + "phi : 1 (linked)"
        eqs = delta.delta_neuron + "feedback : 1" if n < m else of_error
        deltas.append(b2.NeuronGroup(sizes[n], eqs + once(delta.third_factor), "exact"))
        layers[n].third_factor = b2.linked_var(deltas[n], "third_factor")
        place("backward", 6 * (m - n) + 2, deltas[n].state_updater)
        place("backward", 6 * (m - n) + 3, deltas[n].subexpression_updater)
    deltas[m].phi = b2.linked_var(layers[m], "phi")
    deltas[m].class_index = np.arange(sizes[m]) // (sizes[m] // CLASSES)
    for n, group in enumerate(layers):
        place("forward", 6 * n + 2, group.state_updater)
        place("forward", 6 * n + 3, group.subexpression_updater)
        place("forward", 6 * n + 4, *group.thresholder.values())
    # Synapses: plastic ones forward, fixed random ones backward. Biases learn too.
    network = b2.Network(layers, deltas[1:])
    network.schedule = ["start", "forward", "backward", "plasticity", "end"]
    on_pre = {"transmit": rule.transmit, "learn": rule.learn}
    for n in range(1, m + 1):
        S = synapses(*layers[n - 1 : n + 1], rule.plastic_synapse, on_pre, name=f"W{n}")
        S.connect()  # all to all
        S.W = uniform(f"forward_{n}.W", rule.weight_range, sizes[n - 1], sizes[n])
        learn = [S.learn, layers[n].run_regularly(rule.learn_bias)]
        decay = [S.run_regularly(rule.decay, chunk * shown)]
        decay += [layers[n].run_regularly(rule.decay_bias, chunk * shown)]
        place("forward", 6 * n + 1, S.transmit)
        place("plasticity", 2 * n, *learn)
        place("plasticity", 2 * n + 1, *decay)
        learning += learn + decay
        network.add(S)
    for n in range(1, m):
        S = synapses(deltas[n + 1], deltas[n], rule.feedback_synapse)
        S.connect()
        S.B = uniform(f"feedback_{n}.B", rule.feedback_range, sizes[n + 1], sizes[n])
        place("backward", 6 * (m - n) + 1, S.summed_updaters["feedback_post"])
        network.add(S)

    def show(pixels, classes, seed, learn=True):
        images.values[: len(pixels)], labels.values[: len(pixels)] = pixels, classes
        output = b2.StateMonitor(layers[m], "phi", record=True, when="end")
        neuron = b2.StateMonitor(layers[1], "h", record=[0], when="end")
        spikes = b2.SpikeMonitor(layers[1], when="end")
        network.add(output, neuron, spikes)
        for obj in learning:
            obj.active = learn
        network.t_ = 0.0
        b2.seed(seed)
        network.run(len(pixels) * shown, namespace=space)
        network.remove(output, neuron, spikes)
        activity = output.phi.reshape(CLASSES, -1, len(pixels), STEPS).sum(axis=(1, 3))
        return neuron, spikes, (activity.argmax(axis=0) != classes).mean()

    return show, network


if __name__ == "__main__":
    data, (show, _) = load_dataset("mnist"), build()
    errors, axes = [], plt.subplots(3, layout="constrained")[1]
    order = generator(SEED, "order", 0).permutation(len(data.train_labels))
    for number, k in enumerate(order.reshape(-1, CHUNK)):
        seed = spike_seed(SEED, "training", number)
        h, spikes, wrong = show(data.train_inputs[k], data.train_labels[k], seed)
        errors.append(100 * wrong)
    axes[0].semilogy(errors)
    axes[1].plot(h.h[0][:100])
    axes[2].plot(spikes.t[:2000] / b2.ms, spikes.i[:2000], "|")
    plt.savefig("fig4.png")
    parts = np.arange(len(data.test_labels)).reshape(-1, CHUNK)
    tests = [(data.test_inputs[k], data.test_labels[k], 0, False) for k in parts]
    print("test error (%):", 100 * np.mean([show(*test)[2] for test in tests]))
