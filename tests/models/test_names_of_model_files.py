"""Every name of a model file has an effect, or is refused in one line."""

import json

import numpy as np
import pytest
from brian2 import ms

from spikefa.devices.open import open_session
from spikefa.equations.model import builtin_values, load_model
from spikefa.equations.names import NAMES, PER_LAYER, kind_of, layer_of
from spikefa.equations.stored import file_of_data, model_data
from spikefa.errors import ModelError
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model

SIZES = Architecture((7, 6, 5, 10), engine="stock")
HEAD = "import numpy as np\nfrom fractions import Fraction\nfrom brian2 import *\n"
NEURON = """'''
dh/dt = (b + drive - h)/tau_m : 1
drive : 1
b : 1
'''"""


def write(folder, source, name="my_model.py"):
    path = folder / name
    path.write_text(HEAD + source)
    return path


def check(path, architecture=SIZES, rule="fa"):
    model = load_model(path)
    check_model(architecture, model, get_rule(rule))
    return model


def refusal(path, **kwds):
    with pytest.raises(ModelError) as caught:
        check(path, **kwds)
    text = str(caught.value)
    assert text.isprintable()
    assert str(path) in text
    return text


def test_the_table_has_every_name_of_the_builtin_models():
    assert set(builtin_values()) <= set(NAMES)


def test_the_table_says_of_what_kind_the_builtin_values_are():
    strings = ("equations", "condition", "statements")
    for name, value in builtin_values().items():
        assert not isinstance(value, float | int) or kind_of(name) not in strings, name


@pytest.mark.parametrize("word", PER_LAYER)
def test_names_of_one_layer(word):
    assert layer_of(f"output_{word}") == (None, PER_LAYER[word])
    assert layer_of(f"layer_12_{word}") == (12, PER_LAYER[word])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("threshold = 'h > 0.1'", "did you mean 'spike'"),
        ("learning_rate = 0.1", "did you mean 'eta'"),
        ("lr = 0.1", "did you mean 'eta'"),
        ("dt = 1*ms\ntau = 0.5\ntau_m = 1*ms", "as tau_m is given too"),
        ("method = 'magic'", "one of Brian2's methods"),
        ("method = 3", "the name of an integration method"),
        ("input_spike = None\ninput_reset = 'x = 0'", "do not spike"),
        ("output_reset = 'h = 0'", "output neurons do not spike"),
        ("output_refractory = 2*ms", "output neurons do not spike"),
        ("layer_7_spike = 'h > 1'", "there is no layer 7, layers are 1 to 3"),
        ("layer_0_neuron = " + NEURON, "there is no layer 0"),
        ("output_neuron = layer_3_neuron = " + NEURON, "both are for layer 3"),
        ("output_delta_neuron = 'delta = feedback : 1'", "have the error_neuron"),
        ("noise_size = 0.3", "for rate networks only"),
        ("vector_target = 'target = targets(t, i) : 1'", "for rate networks only"),
        ("my_number = 3", "nothing uses it"),
        ("my_list = [1, 2]", "nothing uses it"),
        ("my_array = np.arange(3)*mV", "nothing uses it"),
        ("my_flag = True", "nothing uses it"),
        ("my_text = 'h : 1'", "nothing uses it"),
        ("eta = 1j", "must be a number"),
        ("eta = [0.1]", "must be a single number"),
        ("eta = {}", "must be a number"),
        ("def spike(): pass", "must be a string"),
        ("x = [1, 2]\nspike = 'h > x'", "cannot use a list or an array"),
        ("x = np.arange(2.0)\nspike = 'h > x'", "cannot use a list or an array"),
        ("x = object()\nspike = 'h > x'", "cannot use a object"),
        ("def f(x): return x\nspike = 'f(h) > 1'", "a Python function without units"),
        ("tau_m = '2*tua*ms'", "must be a number, got '2*tua*ms': unknown name 'tua'"),
        ("tau_m = '2*x'\nx = '2*tau_m'", "goes round in a circle"),
        ("tau = 1.0", "must be above 0"),
        ("initial = 3", "a dictionary"),
    ],
)
def test_what_changes_nothing_or_cannot_be_used_is_refused(source, reason, tmp_path):
    assert reason in refusal(write(tmp_path, source))


@pytest.mark.parametrize(
    "source",
    [
        "base = 5*ms\ntau_m = 2*base",  # Python uses it
        "taus = [1, 2]\ntau_m = taus[0]*ms",
        "_half = 0.5\neta = _half",
        "for _k in range(3): pass\neta = 0.1",
        "def helper(x): return x\neta = helper(0.1)",
        "from math import pi, e\neta = 0.1",  # imported, not meant for equations
        "output_spike = 'h > 1'\noutput_reset = 'h = 0'\noutput_refractory = 2*ms",
        "layer_2_transfer = 'phi = clip(h, 0, 1) : 1\\npsi = 1 : 1'",
        "method = 'euler'\ninput_method = delta_method = ['exact', 'euler']",
        "output_method = ('exponential_euler', 'euler')",
        "psp_neuron = Equations(" + NEURON + ")",
        "use = True\nspike = 'use and rand() < phi'",
        "factor = Fraction(1, 4)\nspike = 'h > factor'",
        "factor = np.array(0.25)\nspike = 'h > factor'",
        "tau_s = '3*tau_m'\npsp_neuron = " + NEURON.replace("tau_m", "tau_s"),
    ],
)
def test_what_is_used_is_taken(source, tmp_path):
    check(write(tmp_path, source))


@pytest.mark.parametrize(
    "number",
    ["np.float32(0.25)", "np.float64(0.25)", "Fraction(1, 4)", "np.array(0.25)"]
    + ["Quantity(0.25)", "'1/4'"],
)
def test_numbers_of_every_type(number, tmp_path):
    assert load_model(write(tmp_path, f"eta = {number}"))["eta"] == 0.25


def test_integers_of_numpy(tmp_path):
    value = load_model(write(tmp_path, "n = np.int64(3)\nspike = 'h > n'"))["n"]
    assert value == 3
    assert type(value) is int


def test_what_derives_from_tau_follows_the_users_tau(tmp_path):
    model = load_model(write(tmp_path, "tau = 0.5\ndt = 2*ms"))
    expected = -2 * ms / np.log(0.5)
    assert float(model["tau_m"]) == pytest.approx(float(expected))
    assert float(model.replace(tau=0.9)["tau_m"]) == pytest.approx(
        float(-2 * ms / np.log(0.1))
    )
    assert model.replace(tau_m=3 * ms)["tau_m"] == 3 * ms


@pytest.mark.parametrize(
    ("name", "text", "tidy"),
    [
        ("spike", "'''\n    rand() < phi  # drawn\n'''", "rand() < phi"),
        ("spike", "'(h > 0.1 and\\n h < 2)'", "(h > 0.1 and h < 2)"),
        ("input_spike", "'rand() < phi # x'", "rand() < phi"),
        ("reset", "'h = 0; b *= 1'", "h = 0\nb *= 1"),
        ("reset", "'''\n  # back\n  h = 0 ; # rest\n  b *= 1;\n'''", "h = 0\nb *= 1"),
        ("reset", "'h = (b +\\n  drive)'", "h = (b + drive)"),
        ("transmit", "'drive_post += W;'", "drive_post += W"),
        ("learn", "'''W += dW # by one\n'''", "W += dW"),
        ("learn_bias", "'b += eta*psi*third_factor;'", "b += eta*psi*third_factor"),
        ("decay", "'W *= exp(-gamma*elapsed_steps(t)) # slow'", None),
        ("reset", "'# nothing'", ""),
    ],
)
def test_comments_semicolons_and_line_breaks(name, text, tidy, tmp_path):
    model = check(write(tmp_path, f"{name} = {text}"))
    assert model[name] == (tidy if tidy is not None else model[name].split("#")[0])


def test_a_name_that_sympy_misreads_needs_another_method(tmp_path):
    source = "psp_neuron = " + NEURON.replace(
        "drive : 1", "drive : 1\nd{0}/dt = -{0}/ms : 1"
    )
    for name in ("trace", "E"):
        text = refusal(write(tmp_path, source.format(name)))
        assert f"the exact integration takes '{name}' for something" in text
        check(write(tmp_path, source.format(name) + "\nmethod = 'euler'"))
    check(write(tmp_path, source.format("I")))


def test_functions_need_code_for_the_device(tmp_path):
    source = """
@check_units(x=1, result=1)
def squash(x):
    return x/(1 + abs(x))
transfer = 'phi = 0.5 + 0.5*squash(h) : 1\\npsi = 0.5/(1 + abs(h))**2 : 1'
"""
    model = check(write(tmp_path, source))
    with pytest.raises(ModelError, match="squash: a Python function without C"):
        open_session(SIZES, model, device="cpp")


def test_a_file_beside_is_imported_and_forgotten(tmp_path):
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "shared_values.py").write_text(f"rate_of_learning = {number}/10\n")
        source = "from shared_values import rate_of_learning\neta = rate_of_learning\n"
        model = check(write(folder, source))
        assert model["eta"] == number / 10
        assert model.file.modules == {
            "shared_values.py": f"rate_of_learning = {number}/10\n"
        }


def test_a_model_can_be_loaded_from_its_text(tmp_path):
    (tmp_path / "shared_values.py").write_text("eta = 0.3\n")
    path = write(tmp_path, "from shared_values import eta\nspike = 'h > 1'\n")
    model = load_model(path)
    path.unlink()
    (tmp_path / "shared_values.py").unlink()
    data = json.loads(json.dumps(model_data(model.file)))
    again = load_model(path, stored=file_of_data(path, data))
    assert again.text_hash == model.text_hash
    assert again.where("spike") == model.where("spike")
