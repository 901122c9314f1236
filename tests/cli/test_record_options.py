"""What --record and --record-window take."""

import numpy as np
import pytest

from spikefa.experiments.record_options import merged, parse_record, parse_windows


@pytest.mark.parametrize(
    ("text", "name", "which"),
    [
        ("layer_2.h:0,1", "layer_2.h", [0, 1]),
        ("layer_1.spikes:0-3,7", "layer_1.spikes", [0, 1, 2, 3, 7]),
        ("forward_3.W:all", "forward_3.W", True),
        ("forward_3.W:0:4,12:1", "forward_3.W", [(0, 4), (12, 1)]),
    ],
)
def test_records(text, name, which):
    assert parse_record(text) == (name, which)


@pytest.mark.parametrize(
    "text",
    ["layer_2.h", "layer_2:0", "layer_2.h:", "layer_2.h:a", "layer_2.h:3-1", ".h:0"]
    + ["W.x:0,1:2", "layer_2.h:0-99999999", "layer_2.h:-1", "layer_2.h:1,,2"],
)
def test_records_that_cannot_be_read(command, text):
    outcome = command("--quick", "--record", text)
    assert outcome.code == 2
    assert len(outcome.err.splitlines()) == 1


def test_records_of_one_name_are_one():
    records = [("a.b", [0]), ("a.c", [1]), ("a.b", range(2, 4)), ("a.c", True)]
    assert merged(records) == {"a.b": [0, 2, 3], "a.c": True}


def test_windows(command):
    assert parse_windows(("first", "12")) == ("first", 12)
    for text in ("never", "0", "-1", "1.5"):
        assert command("--quick", "--record-window", text).code == 2


def test_unknown_names_are_refused_before_anything_is_compiled(command, tmp_path):
    outcome = command("--quick", "--record", "layer_7.h:0")
    assert outcome.code == 2
    assert "there is no layer_7.h to record; there is layer_0: " in outcome.err


@pytest.mark.long
@pytest.mark.compiles
def test_records_of_a_run(command, tmp_path):
    options = ["--record", "layer_1.h:0,3", "forward_1.W:0:4", "--record-window", "all"]
    assert command("--quick", "--out", "run", *options).code == 0
    with np.load(tmp_path / "run" / "records.npz", allow_pickle=False) as records:
        # All steps of 400 images; neuron 0 is in the figure too.
        assert records["layer_1.h"].shape == (2000, 2)
        assert records["layer_1.h/i"].tolist() == [0, 3]
        assert records["layer_1.h/t"][-1] == pytest.approx(1.999)
        assert records["layer_1.h/unit"] == "1"
        assert records["forward_1.W"].shape == (4, 1)
        assert records["forward_1.W/j"].tolist() == [4]
        assert records["delta_1.delta"].shape == (200, 1)
