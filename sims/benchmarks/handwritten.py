"""The spiking network's step written by hand, for ``benchmark.py`` to race against.

Not part of the simulator: this is what one would write without Brian2, in NumPy or
PyTorch, as one online step of the network of `spikefa.models`. It needs no other file
of the project, so any Python that has the library can run it::

    python sims/benchmarks/handwritten.py numpy --sizes 784 500 1000 --images i.npy
"""

import argparse
import json
import resource
import time

import numpy as np

ETA, TAU, OUTPUTS = 1e-3, 0.9, 100


def initial(sizes, seed):
    """Draw weights, biases and feedback weights as float32 arrays."""
    rng = np.random.default_rng(seed)

    def uniform(limit, *shape):
        return (rng.random(shape, dtype=np.float32) * 2 - 1) * np.float32(limit)

    pairs = list(zip(sizes, sizes[1:], strict=False))
    weights = [uniform(0.05, *pair) for pair in pairs]
    biases = [uniform(0.05, size) for size in sizes[1:]]
    feedback = [None] + [uniform(0.1, post, pre) for pre, post in pairs[1:]]
    return weights, biases, feedback


def numpy_run(sizes, pixels, labels, steps):
    """Time online steps in NumPy; spiking rows are gathered and scattered."""
    weights, biases, feedback = initial(sizes, 1)
    rng = np.random.default_rng(2)
    h = [np.zeros(size, np.float32) for size in sizes[1:]]
    delta = [np.zeros(size, np.float32) for size in sizes[1:]]
    classes = np.arange(sizes[-1]) // OUTPUTS
    times = []
    for step in range(steps):
        start = time.perf_counter()
        image = pixels[step // 5 % len(pixels)]
        spikes = [np.flatnonzero(rng.random(sizes[0], np.float32) < image)]
        phi = []
        for layer, weight in enumerate(weights):
            drive = biases[layer] + weight[spikes[-1]].sum(axis=0)
            h[layer] += np.float32(TAU) * (drive - h[layer])
            phi.append(1 / (1 + np.exp(-h[layer])))
            draw = rng.random(len(h[layer]), np.float32)
            spikes.append(np.flatnonzero(draw < phi[-1]))
        delta[-1] = (classes == labels[step // 5 % len(labels)]) - phi[-1]
        for layer in range(len(weights) - 2, -1, -1):
            arriving = np.tanh(delta[layer + 1]) @ feedback[layer + 1]
            delta[layer] += np.float32(TAU) * (arriving - delta[layer])
        for layer, weight in enumerate(weights):
            change = ETA * phi[layer] * (1 - phi[layer]) * np.tanh(delta[layer])
            weight[spikes[layer]] += change.astype(np.float32)
            biases[layer] += change
        times.append(time.perf_counter() - start)
    return times


def torch_initial(sizes, device):
    """Put what `initial` draws on a device, and the state of all neurons."""
    import torch

    torch.manual_seed(2)
    weights, biases, feedback = (
        [None if a is None else torch.from_numpy(a).to(device) for a in arrays]
        for arrays in initial(sizes, 1)
    )
    h, delta = (
        [torch.zeros(size, device=device) for size in sizes[1:]] for _ in range(2)
    )
    classes = torch.arange(sizes[-1], device=device) // OUTPUTS
    return weights, biases, feedback, h, delta, classes


def torch_run(sizes, pixels, labels, steps):
    """Time online steps in PyTorch; spikes are dense vectors, updates are in place."""
    import torch

    torch.set_num_threads(1)
    weights, biases, feedback, h, delta, classes = torch_initial(sizes, "cpu")
    pixels = torch.from_numpy(pixels)
    times = []
    for step in range(steps):
        start = time.perf_counter()
        spikes = [(torch.rand(sizes[0]) < pixels[step // 5 % len(pixels)]).float()]
        phi = []
        for layer, weight in enumerate(weights):
            drive = torch.addmv(biases[layer], weight.T, spikes[-1])
            h[layer].lerp_(drive, TAU)
            phi.append(torch.sigmoid(h[layer]))
            spikes.append(torch.bernoulli(phi[-1]))
        delta[-1] = (classes == int(labels[step // 5 % len(labels)])).float() - phi[-1]
        for layer in range(len(weights) - 2, -1, -1):
            arriving = torch.tanh(delta[layer + 1]) @ feedback[layer + 1]
            delta[layer].lerp_(arriving, TAU)
        for layer, weight in enumerate(weights):
            change = ETA * phi[layer] * (1 - phi[layer]) * torch.tanh(delta[layer])
            weight.addr_(spikes[layer], change)
            biases[layer] += change
        times.append(time.perf_counter() - start)
    return times


def torch_graph_run(sizes, pixels, labels, steps):
    """Time online steps in PyTorch on a graphics card, captured once as a CUDA graph.

    Images and labels are on the card, and the step counts itself there: a replay needs
    nothing from the host.
    """
    import torch

    weights, biases, feedback, h, delta, classes = torch_initial(sizes, "cuda")
    pixels = torch.from_numpy(pixels).cuda()
    labels = torch.from_numpy(labels.astype(np.int64)).cuda()
    now = torch.zeros(1, dtype=torch.int64, device="cuda")

    def step():
        row = now // 5 % len(pixels)
        draw = torch.rand(sizes[0], device="cuda")
        spikes = [(draw < pixels.index_select(0, row)[0]).float()]
        phi = []
        for layer, weight in enumerate(weights):
            drive = torch.addmv(biases[layer], weight.T, spikes[-1])
            h[layer].lerp_(drive, TAU)
            phi.append(torch.sigmoid(h[layer]))
            spikes.append(torch.bernoulli(phi[-1]))
        delta[-1].copy_((classes == labels.index_select(0, row)).float() - phi[-1])
        for layer in range(len(weights) - 2, -1, -1):
            arriving = torch.tanh(delta[layer + 1]) @ feedback[layer + 1]
            delta[layer].lerp_(arriving, TAU)
        for layer, weight in enumerate(weights):
            change = ETA * phi[layer] * (1 - phi[layer]) * torch.tanh(delta[layer])
            weight.addr_(spikes[layer], change)
            biases[layer].add_(change)
        now.add_(1)

    beside = torch.cuda.Stream()  # as capturing asks for
    with torch.cuda.stream(beside):
        for _ in range(3):
            step()
    torch.cuda.synchronize()
    graph, times, part = torch.cuda.CUDAGraph(), [], max(1, steps // 20)
    with torch.cuda.graph(graph):
        step()
    for _ in range(0, steps, part):
        start = time.perf_counter()
        for _ in range(part):
            graph.replay()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) / part)
    return times


def numpy_rate_run(sizes, pixels, labels, steps):
    """Time online steps of a rate network with one hidden layer in NumPy."""
    (first, second), _, feedback = initial(sizes, 1)
    targets = np.eye(sizes[-1], dtype=np.float32)
    times = []
    for step in range(steps):
        start = time.perf_counter()
        x = pixels[step % len(pixels)]
        hidden = 1 / (1 + np.exp(-(x @ first)))
        output = 1 / (1 + np.exp(-(hidden @ second)))
        error = targets[labels[step % len(labels)]] - output
        back = (error @ feedback[1]) * hidden * (1 - hidden)
        second += ETA * np.outer(hidden, error * output * (1 - output))
        first += ETA * np.outer(x, back)
        times.append(time.perf_counter() - start)
    return times


RUNS = {
    "numpy": numpy_run,
    "torch": torch_run,
    "torch-cuda": torch_graph_run,
    "numpy-rate": numpy_rate_run,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", choices=RUNS)
    parser.add_argument("--sizes", type=int, nargs="+", required=True)
    parser.add_argument("--images", required=True, help=".npy, one image a row, uint8")
    parser.add_argument("--labels", required=True, help=".npy")
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()
    pixels = (np.load(args.images) / 255).astype(np.float32)
    limit = 1 if args.library == "numpy-rate" else 0.95
    times = RUNS[args.library](
        args.sizes, pixels.clip(0, limit), np.load(args.labels), args.steps
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    median = float(np.median(times[len(times) // 5 :]))
    print(json.dumps({"ms_per_step": 1e3 * median, "peak_mb": peak}))


if __name__ == "__main__":
    main()
