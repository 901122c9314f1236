"""Model files that replace parts of the built-in model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import prefs

from spikefa.devices import open as devices
from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ModelError
from spikefa.learning.rules import get_rule
from spikefa.network import check
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model
from spikefa.training.initial_state import set_initial_state

HERE = Path(__file__).parent
BOXCAR = HERE.parents[1] / "models" / "psi_boxcar.py"
SCALED = HERE.parents[1] / "models" / "psi_scaled.py"
LINEAR = HERE.parents[1] / "models" / "deltas_linear.py"
ANNEALED = HERE.parents[1] / "models" / "deltas_linear_annealed.py"
SIZES = Architecture((8, 6, 7, 6), n_classes=3, chunk_images=8, engine="stock")

HEAD = "import numpy as np\nfrom brian2 import *\n"


def write(folder, source, name="my_model.py"):
    path = folder / name
    path.write_text(HEAD + source)
    return path


def test_names_in_the_file_replace_those_of_the_builtin_model(tmp_path):
    model = load_model(write(tmp_path, "tau_m = 3*ms\nspike = 'h > 1'\n"))
    assert model["tau_m"] == load_model(tmp_path / "my_model.py")["tau_m"]
    assert float(model["tau_m"]) == 0.003
    assert model["spike"] == "h > 1"
    assert model["transfer"] == load_model()["transfer"]
    assert sorted(model.changed()) == ["spike", "tau_m"]


def test_what_the_file_imports_is_not_part_of_the_model(tmp_path):
    model = load_model(write(tmp_path, "eta = 0.1"))
    assert set(model) == set(load_model())


def test_private_names_and_other_objects_are_not_part_of_the_model(tmp_path):
    source = "_half = 0.5\neta = 2*_half\ndef helper(x): return x\nx = [1]\n"
    model = load_model(write(tmp_path, source))
    assert model["eta"] == 1.0
    assert set(model) == set(load_model())


def test_own_parameters_serve_own_equations(tmp_path):
    source = "sharpness = 2.0\ntransfer = '''phi = 1/(1 + exp(-sharpness*h)) : 1\n"
    source += "psi = sharpness*phi*(1 - phi) : 1'''"
    model = load_model(write(tmp_path, source))
    assert model.parameters["sharpness"] == 2.0
    check_model(SIZES, model, get_rule("fa"))


def test_timed_arrays_are_functions_of_the_equations(tmp_path):
    source = "noise = TimedArray(np.arange(12.).reshape(3, 4), dt=1*ms)\n"
    source += "spike = 'noise(t, i) < h'"
    model = load_model(write(tmp_path, source))
    assert "noise" in model.parameters
    check_model(SIZES, model, get_rule("fa"))


def test_functions_of_ones_own(tmp_path):
    source = """
@implementation('cpp', "static double twice(double x) { return 2*x; }")
@check_units(x=1, result=1)
def twice(x):
    return 2*x

transfer = '''
phi = 1/(1 + exp(-twice(h))) : 1
psi = phi*(1 - phi) : 1
'''
"""
    check_model(SIZES, load_model(write(tmp_path, source)), get_rule("fa"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("eta = 0.1", "eta = 0.1  # a comment", True),
        ("eta = 0.1", "eta = 0.2", False),
        ("spike = 'h > 1'", "spike = 'h > 2'", False),
        ("x = TimedArray([1, 2], dt=1*ms)", "x = TimedArray([1, 2], dt=1*ms)", True),
        ("x = TimedArray([1, 2], dt=1*ms)", "x = TimedArray([1, 3], dt=1*ms)", False),
        ("x = TimedArray([1, 2], dt=1*ms)", "x = TimedArray([1, 2], dt=2*ms)", False),
        (
            "x = TimedArray([1, 2], dt=1*ms)",
            "x = TimedArray([1, 2]*mV, dt=1*ms)",
            False,
        ),
    ],
)
def test_the_hash_is_that_of_the_content(one, other, same, tmp_path):
    hashes = {
        load_model(write(tmp_path, source, f"{n}.py")).text_hash
        for n, source in enumerate((one, other))
    }
    assert len(hashes) == (1 if same else 2)


@pytest.fixture
def _numpy(monkeypatch):
    build = devices.build_network

    def build_network(*args, **kwds):
        prefs.codegen.target = "numpy"
        return build(*args, **kwds)

    monkeypatch.setattr(devices, "build_network", build_network)


def learned(model, sizes=SIZES, passes=0):
    """Learn a little from large biases, so that some psi are 0."""
    session = open_session(sizes, model, device="numpy")
    set_initial_state(session, 1)
    rng = np.random.default_rng(2)
    session.set_state(
        {
            name: rng.uniform(-4, 4, shape).astype(np.float32)
            for name, shape in session.shapes.items()
            if name.endswith(".b")
        }
    )
    session.pass_length = 1000, sizes.steps_per_image
    session.step = round(1000 * passes) * sizes.steps_per_image
    before = session.get_state()
    n = sizes.chunk_images
    session.run(rng.random((n, 8)), np.arange(n) % 3, seed=1)
    return before, session.get_state()


@pytest.mark.usefixtures("_numpy")
def test_a_rough_psi_learns_differently():
    before, smooth = learned(load_model())
    _, rough = learned(load_model(BOXCAR))
    silent = 0
    for layer in (1, 2, 3):
        h, psi = rough[f"layer_{layer}.h"], rough[f"layer_{layer}.psi"]
        np.testing.assert_array_equal(psi, np.where(np.abs(h) < 2, 0.25, 0))
        weights = f"forward_{layer}.W"
        assert not np.array_equal(rough[weights], smooth[weights])
        # What psi = 0 stops, psi = phi (1 - phi) lets learn a little.
        change = np.abs(rough[weights] - before[weights]).max(0)
        far = np.abs(before[f"layer_{layer}.b"]) > 3
        assert (change[far] < 1e-6).all()
        assert (change[~far] > 1e-6).any()
        silent += far.sum()
    assert silent > 2


def test_the_rough_psi_has_the_height_and_area_of_the_smooth_one():
    model = load_model(BOXCAR)
    h = np.linspace(-20, 20, 400001)
    smooth = 1 / (2 + np.exp(h) + np.exp(-h))
    rough = (np.abs(h) < model["psi_width"] / 2) / model["psi_width"]
    assert rough.max() == smooth.max() == 0.25
    step = h[1] - h[0]
    assert rough.sum() * step == pytest.approx(smooth.sum() * step, abs=1e-4)


@pytest.mark.usefixtures("_numpy")
def test_the_scale_of_psi_is_that_of_eta(tmp_path):
    # Four is a power of two, and gamma too small to be seen in eight images.
    _, scaled = learned(load_model(SCALED))
    _, slope = learned(load_model(write(tmp_path, "eta = 4e-3")))
    before, _ = learned(load_model())
    for layer in (1, 2, 3):
        np.testing.assert_array_equal(
            scaled[f"layer_{layer}.psi"], 4 * slope[f"layer_{layer}.psi"]
        )
        for name in (f"forward_{layer}.W", f"layer_{layer}.b"):
            assert not np.array_equal(scaled[name], before[name])
            np.testing.assert_allclose(scaled[name], slope[name], rtol=1e-6, atol=0)


@pytest.mark.usefixtures("_numpy")
@pytest.mark.parametrize(
    ("model", "passes", "eta"),
    [
        (LINEAR, 17.5, 1e-3),
        (ANNEALED, 0, 1e-3),
        (ANNEALED, 14.9, 1e-3),
        (ANNEALED, 17.5, 1e-4),
    ],
)
def test_linear_deltas_are_weighed_by_psi_of_hidden_layers_alone(model, passes, eta):
    sizes = replace(SIZES, chunk_images=1, steps_per_image=1)
    before, after = learned(load_model(model), sizes, passes)
    leak, half_a_digit_of_b = 0.9, 2.5e-7
    target = np.repeat([1.0, 0, 0], 2)
    delta = target - 1 / (1 + np.exp(-after["layer_3.h"]))
    psi = np.ones(6)
    for layer in (3, 2, 1):
        change = after[f"layer_{layer}.b"] - before[f"layer_{layer}.b"]
        np.testing.assert_allclose(
            change, eta * psi * delta, rtol=1e-5, atol=half_a_digit_of_b
        )
        if layer > 1:
            delta = leak * delta @ after[f"feedback_{layer - 1}.B"]
            psi = 1 / np.cosh(after[f"layer_{layer - 1}.h"] / 2) ** 2


def test_a_network_is_checked_once(monkeypatch):
    """In a process; what is not the same is checked again."""
    checked = []
    miniature = check._miniature
    monkeypatch.setattr(check, "_passed", {})
    monkeypatch.setattr(
        check, "_miniature", lambda *of: checked.append(of) or miniature(*of)
    )
    model, sizes = load_model(), Architecture((4, 3, 2), n_classes=2, engine="stock")
    for one, times in ((model, 1), (model, 1), (model.replace(eta=0.5), 2), (model, 2)):
        check.check_model(sizes, one, get_rule("fa"))
        assert len(checked) == times
    check.check_model(sizes, model, get_rule("bp"))
    assert len(checked) == 3
    for _ in range(2):
        with pytest.raises(ModelError):
            check.check_model(sizes, model.replace(learn="W += x"), get_rule("fa"))
    assert len(checked) == 5
