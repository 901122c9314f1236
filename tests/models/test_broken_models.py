"""A model file with a mistake ends in one line that names file, string and reason."""

import time

import pytest
from brian2 import defaultclock, ms, prefs
from brian2.devices.device import get_device
from broken_models import BROKEN, transfer

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.errors import ModelError
from spikefa.learning.rules import get_rule
from spikefa.network.architecture import Architecture
from spikefa.network.check import check_model

SIZES = Architecture((7, 6, 5, 4, 10), engine="stock")


def write(folder, source):
    path = folder / "my_model.py"
    path.write_text(source)
    return path


def complaint(path, rule="fa", architecture=SIZES, device="cpp"):
    """Return the text of the error, which must be one line."""
    with pytest.raises(ModelError) as caught:
        open_session(architecture, load_model(path), rule, device=device)
    text = str(caught.value)
    assert text.isprintable()  # no line breaks either
    assert str(path) in text
    return text


@pytest.fixture(autouse=True)
def _no_compiler(monkeypatch):
    """Fail if anything gets as far as being compiled."""

    def refuse(*args, **kwds):
        raise AssertionError("this model should not have been built")

    monkeypatch.setattr("spikefa.devices.open.StandaloneSession", refuse)
    monkeypatch.setattr("spikefa.devices.open.RuntimeSession", refuse)


@pytest.mark.parametrize(
    ("source", "culprit", "reason"),
    [pytest.param(*case, id=name) for name, *case in BROKEN],
)
def test_the_error_names_file_string_and_reason(source, culprit, reason, tmp_path):
    path = write(tmp_path, source)
    text = complaint(path)
    assert reason in text
    if culprit is not None and culprit.startswith(":"):  # a line of the file
        assert text.startswith(f"{path}{culprit}: ")
    elif culprit is not None:
        assert text.startswith(f"{path}: {culprit}: ")


def test_a_builtin_equation_that_does_not_fit_is_named_too(tmp_path):
    path = write(tmp_path, "tau_m = 0.4")
    text = complaint(path)
    assert text.startswith(f"{path}: tau_m: does not fit ")
    assert " of models/" in text


def test_a_learning_rule_that_does_not_fit_is_named_too(tmp_path):
    """Backpropagation sends psi through its own equation."""
    source = transfer().replace("psi =", "slope =")
    source += "plastic_synapse = '''W : 1\ndW = eta*third_factor_post : 1'''\n"
    source += "learn_bias = 'b += eta*third_factor'\n"
    path = write(tmp_path, source)
    check_model(SIZES, load_model(path), get_rule("fa"))
    text = complaint(path, "bp")
    assert "does not fit backprop_feedback of models/feedback.py" in text
    assert "psi_post" in text


def test_a_missing_file(tmp_path):
    with pytest.raises(ModelError, match=r"cannot read model file .*no\.py: No such"):
        load_model(tmp_path / "no.py")


def test_a_folder(tmp_path):
    with pytest.raises(
        ModelError, match="a folder of models has one or more of psp, delta"
    ):
        load_model(tmp_path)


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "binary.py"
    path.write_bytes(b"\xff\xfe\x00tau = 1")
    with pytest.raises(ModelError, match=r"binary\.py: it is not UTF-8"):
        load_model(path)


def test_a_good_model_passes_and_nothing_stays_changed():
    device, target, dt = get_device(), prefs.codegen.target, defaultclock.dt
    start = time.perf_counter()
    check_model(SIZES, load_model(), get_rule("fa"))
    # Below 1 s on an idle core; a single compiled loop takes longer than that.
    assert time.perf_counter() - start < 10
    assert get_device() is device
    assert prefs.codegen.target == target
    assert defaultclock.dt == dt


def test_a_broken_model_leaves_nothing_changed_either(tmp_path):
    device, target = get_device(), prefs.codegen.target
    defaultclock.dt = 0.7 * ms
    complaint(write(tmp_path, transfer("sigmoid(h)")))
    assert get_device() is device
    assert prefs.codegen.target == target
    assert defaultclock.dt == 0.7 * ms


@pytest.mark.parametrize("rule", ["fa", "dfa", "bp", "sign", "kp", "shallow"])
@pytest.mark.parametrize("sizes", [(7, 10), (7, 6, 10), (7, 6, 5, 4, 3, 10)], ids=str)
def test_the_builtin_model_passes_with_every_rule_and_depth(sizes, rule):
    check_model(Architecture(sizes), load_model(), get_rule(rule))


@pytest.mark.parametrize("rule", ["fa", "bp", "shallow", "node"])
def test_the_rate_model_passes(rule):
    architecture = Architecture(
        (5, 4, 4, 3, 2),
        transfers=("hyperbolic", "hyperbolic", "logistic", "linear"),
        vector_target=True,
        frozen=(3,),
    )
    check_model(architecture, load_model(rate=True), get_rule(rule))


def test_every_transfer_is_checked(tmp_path):
    source = "sharp = '''phi = 1/(1 + exp(-hh)) : 1\npsi = phi*(1 - phi) : 1'''"
    path = write(tmp_path, source)
    architecture = Architecture(
        (7, 6, 5, 10), transfers=("transfer", "sharp", "transfer")
    )
    assert complaint(path, architecture=architecture).startswith(f"{path}: sharp: ")
    assert "sharp: nothing uses it" in complaint(path)


def test_nothing_is_written_to_the_terminal(tmp_path, capfd):
    """No warnings of Brian2 beside the one line."""
    path = write(tmp_path, transfer("sigmoid(h)"))
    model = load_model(path)
    with pytest.raises(ModelError):
        open_session(SIZES, model)
    written = capfd.readouterr()
    assert written.out == ""
    assert written.err == ""
