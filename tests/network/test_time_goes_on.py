"""Time, and all that has a memory, goes on from run to run."""

import re
from dataclasses import replace

import numpy as np
import pytest
from brian2 import Hz, TimedArray, ms
from hypothesis import given, settings, strategies as st

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import InputError
from spikefa.network.architecture import Architecture
from spikefa.training.initial_state import set_initial_state

N_IMAGES = 10
ARCHITECTURE = Architecture(
    (8, 6, 6),
    n_classes=3,
    steps_per_image=5,
    chunk_images=N_IMAGES,
    engine="stock",
    put_off=0,
)

#: What people keep in a neuron: name of each, its equations, what a spike does to it,
#: and a term of the threshold that is never below 0.
MEMORIES = {
    "own-last-spike": (
        "t_last : second",
        "t_last = t",
        "0.2*exp(-(t - t_last)/(20*ms))",
    ),
    "integer": ("n_spikes : integer", "n_spikes += 1", "0.02*n_spikes"),
    "truth": ("seen : boolean", "seen = not seen", "0.05*int(seen)"),
    "shared": ("level : 1 (shared)", "", "0.1*level"),
    "oscillation": ("", "", "0.1*(1 + sin(2*pi*f*t))"),
    "phase": ("phase = 2*pi*f*t : 1", "", "0.1*(1 + cos(phase + i))"),
    "own-timed-array": ("", "", "0.1*wave(t)"),
    "integer-time": ("", "", "0.05*int(t_in_timesteps % 7 == 0)"),
    "trace": ("dx/dt = -x/(30*ms) : 1", "x += 0.1", "x"),
}
REFRACTORY = (False, 3 * ms, "timestep(t - lastspike, dt) < 4")
SYNAPSES = {
    "plain": ("", "drive_post += W"),
    "last-arrival": (
        "arrived : second",
        "drive_post += W*int(t > arrived); arrived = t",
    ),
    "count": ("n_seen : integer", "drive_post += W/(1 + n_seen); n_seen += 1"),
    "event-driven": (
        "du/dt = -u/(10*ms) : 1 (event-driven)",
        "drive_post += W*(1 - u); u += 0.1*(1 - u)",
    ),
}


def a_model(memories, refractory=False, synapse="plain"):
    """Make a model whose neurons draw no random numbers."""
    equations, resets, terms = zip(*(MEMORIES[name] for name in memories), strict=True)
    synaptic, transmit = SYNAPSES[synapse]
    base = load_model()
    own = {
        "f": 30 * Hz,
        "wave": TimedArray(np.linspace(0, 1, 50), dt=1 * ms, name="wave"),
    }
    words = set(re.findall(r"\w+", " ".join([*equations, *resets, *terms])))
    return base.replace(
        tau_m=2 * ms,
        **{name: own[name] for name in own if name in words},
        psp_neuron="\n".join([base["psp_neuron"], *equations]),
        plastic_synapse="\n".join([base["plastic_synapse"], synaptic]),
        transmit=transmit,
        input_spike="pixel > 0.5",
        spike=" + ".join(["h > 0.01", *filter(None, terms)]),
        reset="\n".join(["h = 0", *filter(None, resets)]),
        refractory=refractory,
        weight_range=0.6,
        eta=0.02,
        gamma=0.05,
    )


def stimuli():
    rng = np.random.default_rng(3)
    images = (rng.random((N_IMAGES, 8)) < 0.5).astype(float)
    return images, rng.integers(0, 3, N_IMAGES)


def start(session, step=0):
    """Draw weights; nothing has happened for a long time."""
    set_initial_state(session, 4)
    session.step = step
    for name, shape in session.shapes.items():
        if name.endswith((".t_last", ".arrived")):
            session.set_state({name: np.full(shape, step * 1e-3 - 10)})


def present(session, sizes=(N_IMAGES,), evaluate=False, step=0):
    """Start anew and show the images in runs; return outputs, spikes and the state."""
    images, labels = stimuli()
    start(session, step)
    outputs, spikes, first, sizes = [], [], 0, list(sizes)
    while first < N_IMAGES:
        stop = min(N_IMAGES, first + sizes[0], first + session.chunk_images)
        sizes = sizes[1:] + sizes[:1]
        before = session.step
        result = session.run(images[first:stop], labels[first:stop], seed=first)
        outputs.append(result.output)
        recorded = result.records["layer_1.spikes"]
        steps = np.rint(recorded.t / 1e-3) + before - step
        spikes += zip(steps, recorded.i, strict=True)
        first = stop
        if evaluate:
            with session.evaluating():
                for _ in range(2):
                    shown = slice(session.chunk_images)
                    gates = session.learn_nothing
                    session.run(images[shown], labels[shown], seed=1, gates=gates)
    assert session.step == step + 5 * N_IMAGES
    return np.concatenate(outputs), sorted(spikes), session.get_state()


def assert_same_bits(found, expected):
    assert found[0].tobytes() == expected[0].tobytes()
    assert found[1] == expected[1]
    assert found[2].keys() == expected[2].keys()
    for name, value in expected[2].items():
        assert found[2][name].tobytes() == value.tobytes(), name


def opened(model, chunk=N_IMAGES, device="numpy", **choices):
    architecture = replace(ARCHITECTURE, chunk_images=chunk, **choices)
    record = {"layer_1.spikes": True}
    return open_session(architecture, model, device=device, record=record)


@settings(max_examples=3, deadline=None)
@given(
    memories=st.lists(st.sampled_from(sorted(MEMORIES)), min_size=1, unique=True),
    refractory=st.sampled_from(REFRACTORY),
    synapse=st.sampled_from(sorted(SYNAPSES)),
    chunk=st.integers(1, N_IMAGES - 1),
    sizes=st.lists(st.integers(1, N_IMAGES), min_size=1, max_size=4),
)
def test_results_do_not_depend_on_chunks(memories, refractory, synapse, chunk, sizes):
    """Bit by bit, for models without random numbers, with evaluations between."""
    model = a_model(memories, refractory, synapse)
    expected = present(opened(model))
    found = present(opened(model, chunk), sizes, evaluate=True)
    assert len(expected[1]) > 0
    assert_same_bits(found, expected)


@pytest.fixture(
    scope="module", params=["dense", pytest.param("stock", marks=pytest.mark.slow)]
)
def compiled(request):
    """The program of one model with all memories that the engine takes."""
    synapse = "event-driven" if request.param == "stock" else "last-arrival"
    model = a_model(sorted(MEMORIES), 3 * ms, synapse)
    with opened(model, 9, device="cpp", engine=request.param) as session:
        yield session, model


@pytest.mark.long
@pytest.mark.compiles
def test_a_compiled_program_goes_on_too(compiled):
    session, model = compiled
    expected = present(session, (9,))
    assert len(expected[1]) > 10
    for sizes, evaluate in (((9,), True), ((1, 4), True), ((2,), False)):
        assert_same_bits(present(session, sizes, evaluate), expected)
    by_numpy = present(opened(model))
    assert by_numpy[1] == expected[1]
    np.testing.assert_allclose(by_numpy[0], expected[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("memory", ["own-last-spike", "trace"])
def test_no_step_is_lost_after_a_thousand_million(memory):
    """Times are in double precision. Only how long ago something was matters here."""
    model = a_model([memory], 3 * ms, "last-arrival").replace(gamma=0.0)
    session = opened(model)
    early = present(session)
    late = present(session, (3, 1), step=10**9)
    assert len(early[1]) > 10
    assert late[1] == early[1]
    np.testing.assert_allclose(late[0], early[0], rtol=1e-5)


def test_floats_of_32_bits_would_have_lost_steps():
    model = a_model(["own-last-spike"], 3 * ms).replace(
        gamma=0.0, precision={"t_last": "single"}
    )
    session = opened(model)
    assert present(session)[1] != present(session, step=10**9)[1]


def test_a_state_and_its_step_can_be_taken_along():
    model = a_model(["own-last-spike", "integer", "oscillation"], 3 * ms)
    images, labels = stimuli()
    expected = present(opened(model), (6,))
    first, second = opened(model), opened(model, 8)
    start(first)
    first.run(images[:6], labels[:6], seed=0)
    second.step = first.step
    second.set_state(first.get_state())
    second.run(images[6:], labels[6:], seed=6)
    for name, value in second.get_state().items():
        assert value.tobytes() == expected[2][name].tobytes(), name


def test_the_step_of_a_session():
    images, labels = stimuli()
    session = opened(load_model())
    set_initial_state(session, 1)
    assert session.step == 0
    session.run(images[:3], labels[:3], seed=1)
    assert session.step == 15
    session.run(images[:3], labels[:3], seed=1, keep_state=False)
    assert session.step == 15
    with session.evaluating():
        session.run(images[:3], labels[:3], seed=1, gates=session.learn_nothing)
        assert session.step == 30
    assert session.step == 15
    for wrong in (-5, 3, 2.5):
        with pytest.raises(InputError, match="multiples of 5 time steps"):
            session.step = wrong
    set_initial_state(session, 1)
    assert session.step == 0


def test_all_variables_are_state():
    model = a_model(["integer", "truth", "shared", "own-last-spike"], 3 * ms, "count")
    model = model.replace(psp_neuron=model["psp_neuron"] + "\nk : integer (constant)")
    session = opened(model)
    for name in "n_spikes seen level t_last k lastspike not_refractory".split():
        assert f"layer_1.{name}" in session.shapes, name
    assert session.shapes["layer_1.level"] == (1,)
    assert session.shapes["forward_2.n_seen"] == (6, 6)
    rng = np.random.default_rng(1)
    state = {name: rng.integers(0, 2, shape) for name, shape in session.shapes.items()}
    session.set_state(state)
    for name, value in session.get_state().items():
        assert np.array_equal(value, state[name]), name


def test_weights_that_spikes_change_are_those_from_before_an_evaluation():
    model = a_model(["trace"]).replace(transmit="drive_post += W; W *= 0.9")
    assert_same_bits(
        present(opened(model), (2,), evaluate=True), present(opened(model), (2,))
    )
