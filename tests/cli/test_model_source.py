"""Where a run that goes on has its model from: never from a file it was not given."""

import json

import pytest

from spikefa.equations.model import load_model
from spikefa.errors import ModelError
from spikefa.experiments.model_source import ModelSource
from spikefa.training.resume import describe_run

FUNCTION = """
from brian2 import check_units
@check_units(x=1, result=1)
def squash(x):
    return x/({n} + abs(x))
third_factor = "third_factor = squash(delta) : 1"
"""


class Anything:
    """Stands for a network, data and a rule, which do not matter here."""

    layer_sizes, n_classes, feedback_bits, weight_bits, precision = (), 0, 0, 0, ""
    name = fingerprint = ""


def described(path):
    """Describe a run with a model file, as a checkpoint holds it."""
    meta = describe_run(Anything, load_model(path), Anything, Anything)
    return json.loads(json.dumps(meta, allow_nan=False))


@pytest.fixture
def said():
    return []


@pytest.fixture
def stored(tmp_path):
    """The description of a run, and its model file, which imports and reads others."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "__init__.py").touch()
    (tmp_path / "sub" / "values.py").write_text("width = 2.0\n")
    (tmp_path / "table.txt").write_text("0.005")
    path = tmp_path / "mine.py"
    path.write_text(
        "from pathlib import Path\nfrom sub.values import width\n"
        "eta = width * float(Path(__file__).with_name('table.txt').read_text())\n"
        "del Path\n"
    )
    return described(path), path


def test_a_model_is_what_it_was_without_its_files(stored, tmp_path, said):
    meta, path = stored
    assert set(meta["model_file"]["modules"]) == {"sub/__init__.py", "sub/values.py"}
    (tmp_path / "table.txt").unlink()
    (tmp_path / "sub" / "values.py").unlink()
    model = ModelSource(meta).load(str(path), said.append)
    assert model["eta"] == 0.01
    assert said == []
    path.write_text("eta = 7\n")
    assert ModelSource(meta).load(str(path), said.append)["eta"] == 0.01
    assert "is not what this run was started with" in said.pop()
    path.unlink()
    assert ModelSource(meta).load("mine.py", said.append)["eta"] == 0.01
    assert said == []


def test_its_source_and_the_file_that_it_names_are_not_run(stored, tmp_path, said):
    meta, path = stored
    ran = tmp_path / "RAN"
    hostile = f"open({str(ran)!r}, 'w').close()\n"
    path.write_text(hostile)
    file = meta["model_file"]
    for change in (
        {"text": hostile, "modules": {"../x.py": hostile, "/x.py": hostile}},
        {"text": "no Python", "modules": {}},
    ):
        meta["model_file"] = file | change
        assert ModelSource(meta).load(str(path), said.append)["eta"] == 0.01
    for nothing in ({}, None, [], {"text": "", "values": {"eta": 1}}, "text"):
        meta["model_file"] = nothing
        with pytest.raises(ModelError, match=r"nothing is stored|cannot be read"):
            ModelSource(meta, trusted=True).load(str(path), said.append)
    del meta["model_file"]
    with pytest.raises(ModelError, match="nothing is stored of the model"):
        ModelSource(meta).load(str(path), said.append)
    assert not ran.exists()


def test_functions_are_run_if_they_are_trusted(tmp_path, said):
    path = tmp_path / "mine.py"
    path.write_text(FUNCTION.format(n=1))
    meta = described(path)
    with pytest.raises(ModelError, match=r"own \(squash\): trust_model=True runs it"):
        ModelSource(meta).load(str(path), said.append)
    there = ModelSource(meta, trusted=True).load(str(path), said.append)
    path.unlink()
    gone = ModelSource(meta, trusted=True).load(str(path), said.append)
    assert there.text_hash == gone.text_hash
    for name in ("../z.py", "/z.py", "a/../../z.py", "", "./z.py", "a//z.py"):
        meta["model_file"]["modules"] = {name: ""}
        with pytest.raises(ModelError, match="outside of its folder"):
            ModelSource(meta, trusted=True).load(str(path), said.append)


def test_a_function_is_described_by_what_it_does(tmp_path):
    path = tmp_path / "mine.py"

    def description(text):
        path.write_text(text)
        return described(path)["model"]["squash"]

    one = description(FUNCTION.format(n=1))
    assert description(FUNCTION.format(n=1) + "# a comment\n") == one
    assert description(FUNCTION.format(n=3)) != one
