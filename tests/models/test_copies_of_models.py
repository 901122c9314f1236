"""`models/` is where people change things: there, or in a copy of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from small_models import opened

from spikefa import load_model
from spikefa.equations import file as of_file, model as of_model
from spikefa.equations.file import copy_models, stored_file
from spikefa.equations.names import NAMES
from spikefa.errors import InputError, ModelError

SCRIPT = Path(__file__).parents[2] / "sims" / "mnist_spiking.py"


@pytest.fixture
def copy(tmp_path):
    copy_models(tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture
def models(copy, monkeypatch):
    """The folder ``models/`` itself, as it were."""
    monkeypatch.setattr(of_file, "_models_folder", lambda: copy)
    caches = of_file.builtin_file, of_model.builtin_values
    for cached in caches:
        cached.cache_clear()
    yield copy
    for cached in caches:
        cached.cache_clear()


def append(folder, name, text):
    with open(folder / name, "a") as file:
        file.write(text)


MISTAKES = [
    ("psp.py", "spkie = 'h > 1'\n", "spkie: the model has no such name, did you mean"),
    (
        "psp.py",
        "threshold = 'h > 1'\n",
        "threshold: nothing uses it, did you mean",
    ),
    ("psp.py", "h = 3.0\n", "h: equations cannot use this name, it is a variable of"),
    ("psp.py", "values = [1, 2]\n", "values: nothing uses it"),
    ("psp.py", "layer_9_spike = 'h > 1'\n", "layer_9_spike: there is no layer 9"),
    (
        "delta.py",
        "third_factor = 3\n",
        "third_factor: expected a string of equations",
    ),
    ("three_factor.py", "eta = -1.0\n", "eta: must be 0 or more"),
    ("three_factor.py", "method = 'magic'\n", "one of Brian2's methods"),
]


@pytest.mark.parametrize(("file", "text", "words"), MISTAKES)
def test_mistakes_in_models(models, file, text, words):
    append(models, file, text)
    with pytest.raises(ModelError) as caught:
        opened(load_model())
    assert str(caught.value).startswith(f"models/{file}: ")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_what_is_no_python_in_models(models):
    append(models, "psp.py", "spike = (\n")
    with pytest.raises(ModelError, match=r"models/psp\.py:\d+: '\(' was never closed"):
        load_model()


@pytest.mark.parametrize(("file", "text", "words"), MISTAKES)
def test_mistakes_in_a_copy(copy, file, text, words):
    append(copy, file, text)
    with pytest.raises(ModelError) as caught:
        opened(load_model(copy))
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_copy_is_the_model_and_follows_what_is_changed(copy):
    assert load_model(copy).text_hash == load_model().text_hash
    assert load_model(copy, rate=True).text_hash == load_model(rate=True).text_hash
    assert load_model(copy).changed() == []
    append(copy, "three_factor.py", "eta = 0.5\n")
    append(copy, "rate.py", "logistic = 'phi = h : 1\\npsi = 1 : 1'\n")
    append(copy, "psi_scaled.py", "psi_peak = 0.5\n")
    assert load_model(copy)["eta"] == 0.5
    assert load_model(copy).changed() == ["eta"]
    assert "phi = h" in load_model(copy, rate=True)["transfer"]
    # A file of the copy that imports others imports those of the copy.
    assert load_model(copy / "deltas_linear.py")["psi_peak"] == 0.5
    kept = load_model(copy).file
    again = load_model(copy, stored=stored_file(copy, kept.text, kept.modules))
    assert again.text_hash == load_model(copy).text_hash


def test_a_folder_without_models(tmp_path):
    with pytest.raises(ModelError, match="a folder of models has one or more of psp"):
        load_model(tmp_path)


def test_nothing_is_overwritten(copy):
    append(copy, "psp.py", "# mine\n")
    with pytest.raises(InputError, match="cannot copy models to .*: File exists"):
        copy_models(copy)
    assert (copy / "psp.py").read_text().endswith("# mine\n")


def test_the_table_knows_what_models_has():
    given = {name for name, row in NAMES.items() if row.given}
    assert given == set(of_model.builtin_values())


@pytest.mark.long
def test_the_option_copies_and_ends(tmp_path):
    command = [sys.executable, str(SCRIPT), "--copy-models", "mine"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "change the equations in mine and use them with --model mine\n"
    )
    assert (tmp_path / "mine" / "psp.py").exists()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        "mnist_spiking.py: error: cannot copy models to mine: File exists\n"
    )
