"""What may be put off or split over threads, read from the statements alone."""

import numpy as np
import pytest
from brian2 import NeuronGroup, TimedArray, check_units, implementation, ms

from spikefa.dense import DenseSynapses
from spikefa.dense.statements import (
    increment,
    parse_code,
    post_sums,
    reads_linearly,
)

MODEL = """
W : 1
fixed : 1 (constant)
V : 1
n : integer
rate : 1 (shared)
slope = rate*a_post : 1
trace = a_pre : 1
nested = 2*trace : 1
noise = rand() : 1
hides_W = 2*W : 1
steps = stepwise(t) : 1
"""
NEURON = "a : 1\nb : 1\nm : integer"


@check_units(x=1, result=1)
def random_outside(x):
    return x


random_outside = implementation("numpy", discard_units=True)(random_outside)
random_outside.stateless = False


@pytest.fixture(scope="module")
def two_groups():
    source = NeuronGroup(3, NEURON, threshold="a > 1", reset="")
    target = NeuronGroup(2, NEURON)
    return DenseSynapses(source, target, MODEL)


@pytest.fixture(scope="module")
def one_group():
    neurons = NeuronGroup(3, NEURON, threshold="a > 1", reset="")
    return DenseSynapses(neurons[:2], neurons[1:], MODEL)


def test_code_is_split_into_statements():
    code = "\n# nothing\n  x += 2  # x = 3\n\ny_post = x*2\n"
    assert parse_code(code) == [("x", "+=", "2"), ("y_post", "=", "x*2")]


@pytest.mark.parametrize(
    ("code", "sums"),
    [
        ("W += 1", []),
        ("local = W\nW = local*a_pre", []),
        ("a_post += W", ["a_post"]),
        ("a_post -= W  # a_post = 3", ["a_post"]),
        ("a_post += W\nb_post += a_pre\na_post += 1", ["a_post", "b_post"]),
        ("a += W\na_post += W", ["a"]),  # one variable with two names
        ("a_post += rand()*W", ["a_post"]),
        ("m_post += 1", ["m_post"]),
        ("a_post = W", None),
        ("a_post *= W", None),
        ("a_post = a_post + W", None),
        ("a_post += W*a_post", None),
        ("a_post += W*a", None),
        ("a_post += slope", None),  # reads a_post
        ("a_post += W\nW += a_post", None),
        ("W += slope\na_post += W", None),
        ("a_pre += W", None),
        ("rate += W", None),
    ],
)
def test_sums_to_the_post_side(two_groups, code, sums):
    assert post_sums(code, two_groups.variables) == sums


@pytest.mark.parametrize(
    ("code", "sums"),
    [
        ("a_post += W", ["a_post"]),
        ("a_post += W*b_pre", ["a_post"]),
        ("a_post += W*a_pre", None),  # a_pre and a_post are one array
        ("a_post += nested", None),
        ("a_post += 1\nW += a_pre", None),
    ],
)
def test_sums_where_source_and_target_share_neurons(one_group, code, sums):
    assert post_sums(code, one_group.variables) == sums


@pytest.mark.parametrize(
    ("code", "expression"),
    [
        ("W += 1", "1"),
        ("W += a_post*b_post  # W *= 2", "a_post*b_post"),
        ("\nW += slope\n", "slope"),
        ("W += rate*a*outside*t/second", "rate*a*outside*t/second"),
        ("W += exp(a_post)*N_post", "exp(a_post)*N_post"),
        ("W += given(a_post)", "given(a_post)"),
        ("W += steps", "steps"),
    ],
)
def test_increments_recognised(two_groups, code, expression):
    namespace = {
        "given": TimedArray([1.0], dt=1 * ms),
        "stepwise": TimedArray([1.0], dt=1 * ms),
    }
    assert increment(code, two_groups.variables, namespace) == ("W", expression)


@pytest.mark.parametrize(
    "code",
    [
        "W = W + a_post",
        "W -= a_post",
        "W *= a_post",
        "W = a_post",
        "W += a_pre",
        "W += a_post*a_pre",
        "W += trace",
        "W += nested",
        "W += i",
        "W += j",
        "W += W",
        "W += V",
        "W += hides_W",
        "W += rand()",
        "W += noise",
        "W += 2*a_post + randn()",
        "W += unknown(a_post)",
        "W += steps",
        "W += random_outside(a_post)",
        "W += a_post\nb_post += W",
        "W += a_post\nV += a_post",
        "n += a_post",
        "fixed += a_post",
        "rate += a_post",
        "a_post += b_post",
        "local = a_post",
        "W += fixed",
        "",
        "# W += 1",
    ],
)
def test_not_increments(two_groups, code):
    namespace = {"random_outside": random_outside}
    assert increment(code, two_groups.variables, namespace) == (None, None)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("a_post += W", True),
        ("a += W  # W = 3", True),
        ("a_post += V", None),
        ("b_post += V*a_pre\nV = 2", None),
        ("a_post -= W", False),
        ("a_post += W*1", False),
        ("a_post += W*a_pre", False),
        ("a_post += hides_W", False),
        ("a_post = W", False),
        ("a_pre += W", False),
        ("m_post += W", False),  # each sum of integers is cut
        ("V += W", False),
        ("W += 1", False),
        ("W = 0", False),
        ("a_post += W\nb_post += W", False),
        ("a_post += 1\na_post += W", False),
        ("local = W\na_post += local", False),
        ("rate += W", False),
    ],
)
def test_linear_readers(two_groups, code, answer):
    assert reads_linearly(code, "W", two_groups.variables) is answer


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("W += dW", None),
        ("a_post += doubled; W += 1", None),
        ("W += 1; a_post += doubled", "doubled"),
        ("W += 1; a_post += nested", "nested"),
        ("V += 1; a_post += doubled", None),
        ("W += stale", "stale"),  # the trace is brought up to date before
        ("a_post += W", None),
    ],
)
def test_subexpressions_that_synapses_compute_from_old_values(code, name, caplog):
    source = NeuronGroup(3, NEURON, threshold="a > 1", reset="")
    model = """
    W : 1
    V : 1
    dtrace/dt = -trace/ms : 1 (event-driven)
    dW = a_post : 1
    doubled = 2*W : 1
    nested = doubled + 1 : 1
    stale = 2*trace : 1
    """
    with caplog.at_level("WARNING", logger="brian2.synapses.synapses"):
        DenseSynapses(source, source, model, on_pre=code)
    found = [r.getMessage() for r in caplog.records if "written out" in r.getMessage()]
    assert len(found) == (name is not None)
    if name:
        assert f"use '{name}' after" in found[0]


def test_integer_weights_are_not_regrouped(two_groups):
    assert two_groups.variables["n"].dtype == np.int32
    assert reads_linearly("a_post += n", "n", two_groups.variables) is True
    assert increment("n += 2", two_groups.variables) == (None, None)
