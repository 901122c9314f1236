"""Which rows are taken several at a time or split over threads, and what is fetched."""

import numpy as np
import pytest
from brian2 import NeuronGroup, prefs

from spikefa.dense import DenseSynapses

MODEL = "W : 1\nn : integer\nnoise = rand() : 1"


@pytest.fixture
def connect():
    # Only the source has x and m.
    source = NeuronGroup(3, "x : 1\nm : integer", threshold="x > 1", reset="")
    target = NeuronGroup(2, "y : 1\ncount : integer")

    def make(model=MODEL, on_pre=None):
        return DenseSynapses(source, target, model, on_pre=on_pre)

    return make


@pytest.mark.parametrize(
    ("code", "split", "group"),
    [
        ("y_post += W", True, True),
        ("W += 1\ny_post += W*x_pre", True, True),
        ("y_post += W*noise", True, False),  # would shift the random numbers
        ("count_post += W", False, True),  # each addition is cut
        ("y_post += W\ncount_post += 1", False, True),
        ("y_post = W", False, False),
        ("x_pre += W", False, False),
    ],
)
def test_pathways(connect, code, split, group):
    answers = connect(on_pre=code).pre.plan
    assert (answers["split_rows"], answers["group_rows"]) == (split, group)


@pytest.mark.parametrize(
    ("equation", "split", "group"),
    [
        ("y_post = W*x_pre : 1 (summed)", True, True),
        ("y_post = W*noise : 1 (summed)", True, False),
        ("y_post = W*rand() : 1 (summed)", True, False),
        ("count_post = n : integer (summed)", False, True),
    ],
)
def test_sums(connect, equation, split, group):
    (updater,) = connect(f"{MODEL}\n{equation}").summed_updaters.values()
    answers = updater.template_kwds["_plan"]
    assert (answers["split_rows"], answers["group_rows"]) == (split, group)


def test_only_synaptic_arrays_are_fetched_ahead(connect):
    synapses = connect()
    known = dict(synapses.variables)
    found = synapses.matrices_among(known)
    assert sorted(found.values()) == [4, 4]
    assert all(name.endswith(("_W", "_n")) for name in found)
    assert synapses.matrices_among({"x_pre": known["x_pre"]}) == {}
    assert synapses.matrices_among({"i": known["i"], "N_pre": known["N_pre"]}) == {}


@pytest.fixture
def _any_dtype():
    prefs.codegen.target = "numpy"  # Cython knows no integers of few bits


@pytest.mark.usefixtures("_any_dtype")
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_integers_of_few_bits_are_narrow(connect, dtype):
    synapses = DenseSynapses(
        connect().source, connect().target, MODEL, dtype={"n": dtype}
    )
    known = dict(synapses.variables)
    narrow = synapses.narrow_matrices_among(known)
    assert narrow == ([known["n"]] if dtype is not np.int32 else [])
    assert synapses.narrow_matrices_among({"W": known["W"]}) == []


@pytest.mark.usefixtures("_any_dtype")
def test_width_of_a_fetched_number(connect):
    narrow = DenseSynapses(
        connect().source, connect().target, MODEL, dtype={"W": np.float64, "n": np.int8}
    )
    assert sorted(narrow.matrices_among(dict(narrow.variables)).values()) == [1, 8]
