"""The programs of the pages run, and do what the pages say."""

import runpy

import numpy as np
import pytest
from brian2 import Synapses, prefs, seed as brian_seed

import spikefa
from spikefa import (
    Architecture,
    ModelError,
    Trainer,
    load_model,
    open_session,
    set_initial_state,
)
from spikefa.analysis import angle

SIZES = (12, 30, 10)
N_IMAGES = 40


@pytest.fixture
def lif_session(docs, nothing_to_compile):
    """Integrate-and-fire neurons, of which every spike and potential is recorded."""
    sizes = nothing_to_compile(SIZES, chunk_images=N_IMAGES)
    model = load_model(docs / "examples" / "lif.py")
    record = {"layer_1.spikes": True, "layer_1.h": [0]}
    with open_session(sizes, model, device="numpy", record=record) as session:
        set_initial_state(session, 1)
        yield session


@pytest.fixture
def few_images(monkeypatch):
    """MNIST with few images."""
    data = spikefa.load_dataset("mnist")
    few = spikefa.Dataset(
        "few",
        data.train_images[:N_IMAGES],
        data.train_labels[:N_IMAGES],
        data.test_images[:N_IMAGES],
        data.test_labels[:N_IMAGES],
        image_shape=data.image_shape,
    )
    monkeypatch.setattr(spikefa, "load_dataset", lambda name: few)
    return few


def show_images(session):
    random = np.random.default_rng(2)
    images = random.uniform(0, 1, (N_IMAGES, SIZES[0]))
    return session.run(images, np.arange(N_IMAGES) % 10, seed=3)


def spike_steps(result):
    """Steps in which each recorded hidden neuron spiked, by neuron."""
    spikes = result.records["layer_1.spikes"]
    steps = np.round(spikes.t / 1e-3).astype(int)
    return {i: np.sort(steps[spikes.i == i]) for i in np.unique(spikes.i)}


def test_lif_neurons_respect_the_refractory_period(lif_session):
    intervals = [np.diff(s) for s in spike_steps(show_images(lif_session)).values()]
    intervals = np.concatenate(intervals)
    assert len(intervals) > 100
    assert intervals.min() == 2


def test_lif_neurons_are_reset_at_the_threshold(lif_session):
    lif_session.set_state({"layer_1.b": np.full(SIZES[1], 0.3)})  # spikes often
    h = show_images(lif_session).records["layer_1.h"].values[:, 0]
    assert h.max() <= 0.1
    assert np.count_nonzero(h == 0) > 20


def test_lif_hidden_layer_learns(lif_session):
    before = lif_session.get_state(["forward_1.W"])["forward_1.W"]
    show_images(lif_session)
    after = lif_session.get_state(["forward_1.W"])["forward_1.W"]
    assert np.count_nonzero(after != before) > before.size / 2


TYPOS = {
    "(b + drive - h)/tau_m": (
        "(b + drive - h/tau_m",
        "psp_neuron: '(' was never closed",
    ),
    "- h)": ("- v)", "psp_neuron: unknown name 'v'"),
    "h > threshold": (
        "h > treshold",
        "spike: unknown name 'treshold', did you mean 'threshold'?",
    ),
    "drive : 1\n": (
        "",
        "psp_neuron: does not define 'drive', which the network needs",
    ),
}


@pytest.mark.parametrize("right", TYPOS)
def test_a_typo_is_answered_as_the_tutorial_says(
    docs, tmp_path, nothing_to_compile, right
):
    wrong, answer = TYPOS[right]
    text = (docs / "examples" / "lif.py").read_text()
    assert right in text
    path = tmp_path / "lif.py"
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(ModelError) as caught:
        open_session(
            nothing_to_compile(SIZES, chunk_images=2),
            load_model(path),
            device="numpy",
        )
    assert str(caught.value) == f"{tmp_path / 'lif.py'}: {answer}"
    assert f"lif.py: {answer}" in (docs / "change_the_neuron.rst").read_text()


def test_session_example(docs, nothing_to_compile, few_images):
    names = runpy.run_path(str(docs / "examples" / "session.py"))
    assert names["result"].output.shape == (20, 5, 10)
    changed = names["after"]["forward_1.W"] != names["before"]["forward_1.W"]
    assert changed.any()


def test_train_example(docs, nothing_to_compile, few_images, capsys):
    source = (docs / "examples" / "train.py").read_text()
    for full, small in (
        ("500, 500, 500, 1000", "20, 10"),
        ('device="cpp"', 'device="numpy"'),
    ):
        assert full in source
        source = source.replace(full, small)
    exec(source, {})
    assert "test error" in capsys.readouterr().out


def test_rule_example_sends_back_half_of_the_weights(docs, nothing_to_compile):
    names = runpy.run_path(str(docs / "examples" / "rule.py"))
    session = open_session(
        nothing_to_compile(SIZES, chunk_images=2),
        names["model"],
        names["half_backprop"],
        device="numpy",
    )
    set_initial_state(session, 1)
    state = session.get_state()
    images = np.ones((1, SIZES[0]))
    session.set_state({"layer_2.h": np.full(SIZES[2], 0.3)})
    session.run(images, np.zeros(1), seed=1, gates=[True, False, False])
    after = session.get_state()
    assert np.array_equal(after["forward_2.W"], state["forward_2.W"])
    assert np.abs(after["delta_1.delta"]).max() > 0


def test_route_example_sends_errors_past_a_layer(docs, few_images):
    """Of one step at rest: what arrives is the sum over both projections."""
    names = runpy.run_path(str(docs / "examples" / "route.py"))
    sizes = Architecture((4, 5, 6, 3), n_classes=3, steps_per_image=1, chunk_images=1)
    with open_session(sizes, names["model"], names["skipping"], device="numpy") as s:
        set_initial_state(s, 2)
        s.set_state({"delta_2.delta": np.linspace(-1, 1, 6)})
        before = s.get_state()
        s.run(np.zeros((1, 4)), np.zeros(1), seed=1, gates=[True] + [False] * 3)
        after = s.get_state()
    third = {n: np.tanh(after[f"delta_{n}.delta"]) for n in (2, 3)}
    arrived = third[2] @ before["feedback_1.B"] + third[3] @ before["skip_1.B"]
    np.testing.assert_allclose(after["delta_1.delta"], 0.9 * arrived, rtol=1e-4)
    assert np.abs(third[3] @ before["skip_1.B"]).max() > 1e-3


def test_rate_example_learns(docs, nothing_to_compile, capsys):
    runpy.run_path(str(docs / "examples" / "rate.py"))
    errors = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(errors) == 5
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


def test_alignment_example_measures_every_hidden_layer(
    docs, nothing_to_compile, few_images
):
    names = runpy.run_path(str(docs / "examples" / "alignment.py"))
    watching = names["Alignment"]()
    sizes = nothing_to_compile((784, 15, 12, 10), chunk_images=20)
    with open_session(sizes, load_model(), device="numpy") as session:
        Trainer(session, few_images).train([watching])
        state = session.get_state(["forward_3.W", "feedback_2.B"])
    assert [len(angles) for angles in watching.angles] == [2, 2]
    expected = angle(state["feedback_2.B"], state["forward_3.W"].T)
    assert watching.angles[-1][1] == pytest.approx(expected)


def test_dense_digits_is_what_synapses_compute(docs, capsys):
    """The page says that only the class changes; so does this test, back."""
    text = (docs / "examples" / "dense_digits.py").read_text()
    weights = []
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    try:
        for class_name in ("DenseSynapses", "Synapses"):
            brian_seed(3)
            names = {"Synapses": Synapses}
            exec(text.replace(" DenseSynapses(", f" {class_name}("), names)
            weights.append(names["w"])
            assert "weights from 0.000 to" in capsys.readouterr().out
    finally:
        prefs.codegen.target = before
    dense, stock = weights
    np.testing.assert_allclose(dense, stock, rtol=1e-6)
    assert np.ptp(dense.reshape(784, 400).sum(axis=0)) > 1e-3, "nothing was learned"
