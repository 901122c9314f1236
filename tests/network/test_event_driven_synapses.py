"""Event-driven variables of synapses: on both engines, and as part of the state."""

import numpy as np
import pytest

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ModelError
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model
from spikefa.training.initial_state import set_initial_state

MODEL = """
from brian2 import ms
taupre = 7*ms
gamma = 0
input_spike = "pixel > 0.5"
spike = "h > 0.02"
plastic_synapse = '''
W : 1
delig/dt = -elig/taupre : 1 (event-driven)
dW = 0.01*psi_post*third_factor_post*elig : 1
'''
learn = "elig += 1; W += dW"
initial = {"elig": 0.5}
"""
N_IMAGES, STEPS = 8, 5
IMAGES = np.random.default_rng(0).random((N_IMAGES, 9))
LABELS = np.arange(N_IMAGES) % 3


@pytest.fixture(
    params=[
        "numpy dense",
        "numpy stock",
        pytest.param("runtime dense", marks=pytest.mark.long),
    ]
)
def session(request, tmp_path):
    device, engine = request.param.split()
    (tmp_path / "model.py").write_text(MODEL)
    sizes = Architecture(
        (9, 5, 6),
        n_classes=3,
        steps_per_image=STEPS,
        chunk_images=N_IMAGES,
        engine=engine,
        precision="double",
    )
    with open_session(
        sizes, load_model(tmp_path / "model.py"), device=device
    ) as opened:
        set_initial_state(opened, 1)
        yield opened


def traces_of_input():
    """Trace of an input neuron's synapses after its events, from the equations."""
    trace = np.full(9, 0.5)
    for step in range(N_IMAGES * STEPS):
        decay = np.exp(-1 / 7) if step else 1  # it starts at time 0
        trace = trace * decay + (IMAGES[step // STEPS] > 0.5)
    return trace


def now(session, name):
    """The trace of the first layer's synapses at the last step."""
    state = session.get_state()
    end = session.step - 1  # ms; the time of the last step
    if f"{name}._elig_stored" in state:
        return state[f"{name}._elig_stored"] * np.exp(
            -(end - 1000 * state[f"{name}._last_pre"]) / 7
        )
    matrix = state[f"{name}.elig"]
    if f"{name}.lastupdate" in state:
        last = 1000 * state[f"{name}.lastupdate"]
    else:
        last = 1000 * state[f"{name}._last_pre"][:, np.newaxis]
    return (matrix * np.exp(-(end - last) / 7))[:, 0]


def test_traces_are_those_of_the_equations(session):
    session.run(IMAGES, LABELS, seed=1)
    found, expected = now(session, "forward_1"), traces_of_input()
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_weights_move_by_the_trace_after_the_event(session):
    """One step, from a known state: the statements see what they have changed."""
    start = session.get_state()
    session.run(IMAGES[:1], LABELS[:1], seed=1)
    state = session.get_state()
    spiking = IMAGES[0] > 0.5
    moved = state["forward_1.W"] - start["forward_1.W"]
    assert not moved[~spiking].any()
    assert moved[spiking].any()
    rows = moved[spiking]
    np.testing.assert_allclose(rows, np.broadcast_to(rows[0], rows.shape), atol=1e-12)


def test_an_evaluation_leaves_no_trace_and_a_state_goes_on(session):
    session.run(IMAGES, LABELS, seed=1)
    state, step = session.get_state(), session.step
    session.run(IMAGES[::-1], LABELS, seed=2, keep_state=False)
    for name, value in session.get_state().items():
        np.testing.assert_array_equal(value, state[name], err_msg=name)
    session.run(IMAGES, LABELS, seed=3)
    expected = session.get_state()
    set_initial_state(session, 2)
    session.set_state(state)
    session.step = step
    session.run(IMAGES, LABELS, seed=3)
    for name, value in session.get_state().items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_engines_agree(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    found = {}
    for engine in ("dense", "stock"):
        sizes = Architecture(
            (9, 5, 6),
            n_classes=3,
            steps_per_image=STEPS,
            chunk_images=N_IMAGES,
            engine=engine,
            precision="double",
        )
        with open_session(
            sizes, load_model(tmp_path / "model.py"), device="numpy"
        ) as session:
            set_initial_state(session, 1)
            session.run(IMAGES, LABELS, seed=1)
            session.run(IMAGES, LABELS, seed=2, keep_state=False)
            session.run(IMAGES, LABELS, seed=3)
            found[engine] = session.get_state(["forward_1.W", "forward_2.W"])
    for name, value in found["dense"].items():
        np.testing.assert_allclose(value, found["stock"][name], rtol=1e-9, atol=1e-12)


def test_what_is_kept_once_a_neuron_starts_from_one_number(tmp_path):
    (tmp_path / "model.py").write_text(MODEL.replace("0.5}", '"rand()"}'))
    sizes = Architecture((9, 5, 6), n_classes=3, steps_per_image=STEPS, chunk_images=8)
    with open_session(
        sizes, load_model(tmp_path / "model.py"), device="runtime"
    ) as session:
        with pytest.raises(ModelError, match="elig: starts from one number.*'stock'"):
            set_initial_state(session, 1)


def test_what_is_kept_for_each_synapse_starts_from_any_number(tmp_path):
    """NumPy code keeps it so; the engines draw the same numbers."""
    (tmp_path / "model.py").write_text(MODEL.replace("0.5}", '"rand()"}'))
    found = []
    for engine in ("stock", "dense"):
        sizes = Architecture((9, 5, 6), n_classes=3, chunk_images=8, engine=engine)
        model = load_model(tmp_path / "model.py")
        with open_session(sizes, model, device="numpy") as session:
            set_initial_state(session, 1)
            found.append(session.get_state(["forward_1.elig"])["forward_1.elig"])
    assert np.ptp(found[0]) > 0.5
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", ["trace", "E"])
@pytest.mark.parametrize("flag", ["event-driven", "clock-driven"])
def test_names_that_sympy_takes_for_something_else_are_refused(name, flag, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL.replace("elig", name).replace("event-driven", flag))
    sizes = Architecture((9, 5, 6), n_classes=3, steps_per_image=STEPS, chunk_images=8)
    with pytest.raises(ModelError, match=f"'{name}'.* take another name"):
        check_model(sizes, load_model(path), get_rule("fa"))
