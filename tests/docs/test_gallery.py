"""The gallery of model files: each is checked, runs, and was trained as it says."""

import sys

import numpy as np
import pytest
from model_files import gallery, model_rows
from time_step import string_rows

from spikefa import load_model, open_session, set_initial_state
from spikefa.equations.names import NAMES

FILES = "lif adaptive_lif izhikevich adex conductances heterogeneous"
FILES = [*FILES.split(), "multiplicative_noise", "eligibility", "dropout", "stdp"]
FILES += ["eligibility_steps", "local_fields", "reward", "winner_take_all"]
FILES += ["apical", "softmax"]
SIZES = (16, 8, 10)


@pytest.fixture
def rows(docs):
    return {row["file"]: row for row in gallery(docs / "examples" / "models")}


def test_every_file_was_trained_to_clearly_above_chance(rows, docs):
    there = {path.name for path in (docs / "examples" / "models").glob("*.py")}
    assert there == set(rows) == {f"{name}.py" for name in FILES}
    for name, row in rows.items():
        assert row["test_error_percent"] < 45, name
        assert (docs / "figures" / "models" / name.replace(".py", ".png")).exists()


def test_commands_are_those_that_are_run(rows, docs, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(docs), *sys.path])
    import make_gallery

    for row in rows.values():
        name = row["file"].removesuffix(".py")
        assert row["command"] == make_gallery.command(name)


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_a_few_images_change_the_weights(name, docs, nothing_to_compile):
    path = docs / "examples" / "models" / f"{name}.py"
    model = load_model(path).replace(weight_range=0.8)  # few inputs
    sizes = nothing_to_compile(SIZES, chunk_images=6, steps_per_image=20)
    with open_session(sizes, model, device="runtime") as session:
        set_initial_state(session, 1)
        before = session.get_state(["forward_2.W", "layer_2.h"])
        images = np.random.default_rng(2).random((6, SIZES[0]))
        session.run(images, np.arange(6), seed=3)
        after = session.get_state()
    assert all(np.isfinite(np.asarray(v, float)).all() for v in after.values())
    for variable, value in before.items():
        assert (after[variable] != value).any(), variable


def test_the_table_has_a_row_for_every_name():
    rows = model_rows()
    assert [row[0].split(",")[0] for row in rows] == list(NAMES)
    by_name = {row[0].split(",")[0]: row for row in rows}
    assert by_name["tau_m"][2] == "-dt/log(1 - tau)"
    assert by_name["psp_neuron"][0].startswith("psp_neuron, output_neuron, layer_2")


def test_every_string_has_its_place_in_the_time_step():
    said = [name for row in string_rows() for name in row[0].split(", ")]
    assert {"psp_neuron", "*_neuron", "learn", "initial"} <= set(said)
    assert len(said) == len(set(said))
