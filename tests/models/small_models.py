"""Small networks of model files given as text, without random numbers.

Input neurons spike where a pixel is above a half, hidden neurons where their PSP is.
"""

import numpy as np

from spikefa import Architecture, load_model, open_session, set_initial_state

RNG = np.random.default_rng(5)
IMAGES = (RNG.random((12, 8)) < 0.5).astype(float)
LABELS = RNG.integers(0, 3, 12)
STEPS = 5

PSP = '''
from brian2 import *
tau_m = 1*ms
psp_neuron = """
dh/dt = ({} - h)/tau_m : 1
drive : 1
b : 1
"""
spike = "h > 0.05"
reset = "h = 0"
input_spike = "pixel > 0.5"
weight_range = 0.3
feedback_range = 0.3
'''


def psp(inside="b + drive"):
    """The source of the neurons, with something else in their equation."""
    return PSP.format(inside)


def model_of(folder, source, name="my_model.py"):
    path = folder / name
    path.write_text(source)
    return load_model(path)


def opened(model, rule="fa", *, sizes=(8, 6, 5, 3), record=None, **how):
    how = {"n_classes": 3, "chunk_images": 12, "engine": "stock"} | how
    architecture = Architecture(sizes, steps_per_image=STEPS, **how)
    return open_session(architecture, model, rule, device="numpy", record=record)


def started(*args, seed=1, **kwds):
    session = opened(*args, **kwds)
    set_initial_state(session, seed)
    return session


def trained(*args, images=IMAGES, labels=LABELS, **kwds):
    """Show all images to a new network; return its session and the result."""
    session = started(*args, **kwds)
    return session, session.run(images, labels, seed=1)
