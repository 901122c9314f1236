"""The plain Brian2 script of Fig. 4 and the builder simulate the same network."""

import runpy

import numpy as np
from brian2 import Synapses, prefs

from spikefa import load_model, open_session, set_initial_state
from spikefa.seeds import spike_seed

SIZES, CHUNK = (13, 9, 7, 10), 12


def test_the_script_has_the_weights_of_the_builder(docs, nothing_to_compile):
    random = np.random.default_rng(3)
    images = random.uniform(0, 1, (2 * CHUNK, SIZES[0]))
    labels = random.integers(0, 10, 2 * CHUNK)
    parts = [(images[:CHUNK], labels[:CHUNK]), (images[CHUNK:], labels[CHUNK:])]
    seeds = [spike_seed(1, "training", number) for number in range(2)]
    architecture = nothing_to_compile(SIZES, chunk_images=CHUNK)
    with open_session(architecture, load_model(), device="runtime") as session:
        set_initial_state(session, 1)
        before = session.get_state()
        wrong = []
        for (shown, classes), seed in zip(parts, seeds, strict=True):
            activity = session.run(shown, classes, seed=seed).output.sum(axis=1)
            wrong.append((activity.argmax(axis=1) != classes).mean())
        expected = session.get_state()
    script = runpy.run_path(str(docs / "examples" / "frompaper.py"))
    prefs.codegen.target = "numpy"
    show, network = script["build"](SIZES, CHUNK, Synapses)
    found = [show(*p, seed)[2] for p, seed in zip(parts, seeds, strict=True)]
    assert found == wrong
    for n in range(1, len(SIZES)):
        name = f"forward_{n}.W"
        W = np.reshape(network[f"W{n}"].W[:], expected[name].shape)
        learned = np.abs(expected[name] - before[name]).max()
        assert np.abs(W - expected[name]).max() < 1e-4 * learned, name


def test_the_script_is_short(docs):
    lines = (docs / "examples" / "frompaper.py").read_text().splitlines()
    assert len(lines) <= 120
