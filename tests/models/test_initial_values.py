"""Initial values of a model file, as Brian2 sets them, from the seed of the run."""

import numpy as np
import pytest
from brian2 import prefs

from spikefa.devices import open as devices
from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ModelError
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model
from spikefa.training.initial_state import set_initial_state

SIZES = Architecture((8, 60, 7, 6), n_classes=3, chunk_images=8, engine="stock")
HEAD = """
import numpy as np
from brian2 import *
psp_neuron = '''
dh/dt = (b + drive - h)/tau_i : 1
tau_i : second (constant)
theta : volt
drive : 1
b : 1
'''
"""


@pytest.fixture(autouse=True)
def _numpy(monkeypatch):
    build = devices.build_network

    def build_network(*args, **kwds):
        prefs.codegen.target = "numpy"
        return build(*args, **kwds)

    monkeypatch.setattr(devices, "build_network", build_network)


def write(folder, initial):
    path = folder / "my_model.py"
    path.write_text(f"{HEAD}initial = {initial}\n")
    return path


def started(path, seed=1):
    with open_session(SIZES, load_model(path), device="numpy") as session:
        set_initial_state(session, seed)
        return session.get_state()


def test_strings_are_drawn_for_each_neuron_from_the_seed(tmp_path):
    path = write(tmp_path, '{"tau_i": "5*ms + 1*ms*randn()", "theta": 20*mV}')
    first, again, other = started(path), started(path), started(path, seed=2)
    tau = first["layer_1.tau_i"]
    assert len(np.unique(tau)) == 60
    assert tau.mean() == pytest.approx(5e-3, abs=5e-4)
    assert tau.std() == pytest.approx(1e-3, abs=3e-4)
    assert not np.isin(first["layer_2.tau_i"], tau).any()
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    assert (other["layer_1.tau_i"] != tau).all()
    np.testing.assert_array_equal(first["layer_3.theta"], np.float32(0.02))


def test_the_random_numbers_of_others_stay_as_they_are(tmp_path):
    drawn = '{"tau_i": "5*ms + 1*ms*rand()"}'
    np.random.seed(3)  # noqa: NPY002
    started(write(tmp_path, drawn))
    after = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    assert np.random.random() == after  # noqa: NPY002


def test_values_of_one_layer_count_more(tmp_path):
    path = write(
        tmp_path,
        '{"layer_2": {"tau_i": 2*ms}, "output.tau_i": np.arange(1, 7)*ms, '
        '"tau_i": 1*ms, "layer_1.h": "i", "W": "0.1*i + j"}',
    )
    state = started(path)
    np.testing.assert_allclose(state["layer_1.tau_i"], 1e-3, rtol=1e-6)
    np.testing.assert_allclose(state["layer_2.tau_i"], 2e-3, rtol=1e-6)
    expected = np.arange(1, 7) * 1e-3
    np.testing.assert_allclose(state["layer_3.tau_i"], expected, rtol=1e-6)
    np.testing.assert_array_equal(state["layer_1.h"], np.arange(60))
    assert not state["layer_2.h"].any()
    i, j = np.indices((8, 60))
    np.testing.assert_allclose(state["forward_1.W"], 0.1 * i + j, rtol=1e-6)


def test_strings_may_use_other_variables_and_parameters(tmp_path):
    path = write(
        tmp_path, '{"tau_i": "tau_m*(1 + 0*h)", "h": "b*2", "theta": "i*mV/N"}'
    )
    state = started(path)
    np.testing.assert_allclose(state["layer_1.h"], 2 * state["layer_1.b"], rtol=1e-6)
    expected = float(load_model()["tau_m"])
    np.testing.assert_allclose(state["layer_2.tau_i"], expected, rtol=1e-6)
    expected = np.arange(7) / 7e3
    np.testing.assert_allclose(state["layer_2.theta"], expected, rtol=1e-6)


def test_variables_are_set_in_the_order_in_which_the_model_names_them(tmp_path):
    path = write(
        tmp_path,
        '{"tau_i": 1*ms, "theta": 1*mV, "layer_1": {"theta": 5*mV, "tau_i": 2*ms}, '
        '"h": "2*theta/mV", "output.b": "h + 1", "b": "3*h"}',
    )
    state = started(path)
    np.testing.assert_allclose(state["layer_1.tau_i"], 2e-3, rtol=1e-6)
    for layer, h in ((1, 10), (2, 2), (3, 2)):
        np.testing.assert_allclose(state[f"layer_{layer}.h"], h, rtol=1e-6)
        b = h + 1 if layer == 3 else 3 * h
        np.testing.assert_allclose(state[f"layer_{layer}.b"], b, rtol=1e-6)


def test_what_is_computed_in_some_layers_only_is_set_in_the_others(tmp_path):
    state = started(write(tmp_path, '{"tau_i": 1*ms, "delta": 0.25}'))
    assert (state["delta_1.delta"] == 0.25).all()
    assert not state["delta_3.delta"].any()  # a difference, see error_neuron


@pytest.mark.parametrize(
    "computed",
    ["phi", "psi", "target", "third_factor", "drive", "input.pixel", "output.phi"]
    + ["delta_3.delta", "delta_1.third_factor", "feedback"],
)
def test_what_is_computed_has_no_initial_value(computed, tmp_path):
    path = write(tmp_path, f'{{"tau_i": 1*ms, "{computed}": 1}}')
    with pytest.raises(ModelError) as caught:
        check_model(SIZES, load_model(path), get_rule("fa"))
    assert f"'{computed}' is computed in every step, not stored" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("initial", "reason"),
    [
        ("{}", "psp_neuron: divides by 'tau_i', but tau_i is never set and 0"),
        ('{"tau_i": "0*ms"}', None),
        ('{"tau": 1*ms}', "no state variable is called 'tau', did you mean 'tau_i'?"),
        ('{"layer_9.tau_i": 1*ms}', "no state variable is called 'layer_9.tau_i'"),
        ('{"tau_i": 1*mV}', "layer_1.tau_i: has the unit V, the variable has s"),
        ('{"tau_i": 1}', "has the unit 1, the variable has s"),
        ('{"tau_i": "1*mV"}', "'1*mV': "),
        ('{"tau_i": "rnad()*ms"}', "unknown name 'rnad'"),
        ('{"tau_i": "5*ms +"}', "'5*ms +': "),
        ('{"tau_i": [1, 2]*ms}', "2 values given, 60 values needed"),
        ('{"tau_i": None}', "must be a number, an array or a string, got NoneType"),
        ('{"tau_i": 1*ms, "h": float("inf")}', "not finite"),
        ('{"tau_i": 1*ms, "h": "images(t, i)"}', "images has no value"),
        ('{"tau_i": 1*ms, "h": "exp(1000.0*(i + 1))"}', "not finite"),
    ],
)
def test_wrong_values_are_refused_in_one_line(initial, reason, tmp_path):
    path = write(tmp_path, initial)
    if reason is None:  # the user's own zero is his business
        check_model(SIZES, load_model(path), get_rule("fa"))
        return
    with pytest.raises(ModelError) as caught:
        check_model(SIZES, load_model(path), get_rule("fa"))
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("source", "divides"),
    [
        ("spike = 'h > 1/theta'", True),
        ("spike = 'h > 1/(theta + 1*mV)*mV'", False),
        ("spike = 'h*mV/theta > 1'\nreset = 'theta = 1*mV'", False),
        ("x = 0.0\nspike = 'h/x > 1'", True),
    ],
)
def test_divisions_by_what_stays_zero(source, divides, tmp_path):
    path = write(tmp_path, '{"tau_i": 1*ms}')
    path.write_text(path.read_text() + source.replace("1/theta", "1*mV/theta") + "\n")
    if divides:
        with pytest.raises(ModelError, match="divides by"):
            check_model(SIZES, load_model(path), get_rule("fa"))
    else:
        check_model(SIZES, load_model(path), get_rule("fa"))


def test_arrays_are_part_of_the_hash(tmp_path):
    hashes = set()
    for value in ("np.arange(2000)", "np.arange(2000) % 1999", "np.arange(2000)*ms"):
        path = write(tmp_path, f'{{"tau_i": {value}}}')
        hashes.add(load_model(path).text_hash)
    assert len(hashes) == 3
