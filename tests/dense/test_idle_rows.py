"""Which statements leave the rows of silent rate neurons alone."""

import pytest
from brian2 import NeuronGroup

from spikefa.dense import DenseSynapses
from spikefa.dense.idle import idle_row_factor

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


@pytest.fixture(scope="module")
def two_groups():
    source = NeuronGroup(3, NEURON, threshold="a > 1", reset="")
    target = NeuronGroup(2, NEURON)
    return DenseSynapses(source, target, MODEL)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("W += a_pre", "a_pre"),
        ("W += 2*a_pre*b_post", "a_pre"),
        ("W -= a_pre*(W + b_pre)", "a_pre"),
        ("W*a_pre", "a_pre"),
        ("W += a_pre*b_post\nV += a_pre", "a_pre"),
        ("W += a_pre + 1", None),
        ("W = a_pre", None),
        ("W *= a_pre", None),
        ("W += a_pre\nV += b_pre", None),
        ("W += a_pre\nV = 1", None),
        ("W += a_post", None),
        ("W += nested", None),
        ("W += a_pre/a_pre", None),
        ("W += a_pre*exp(-a_pre)", None),
        ("W += a_pre*trace", None),
        ("W += a_pre*rand()", None),
        ("W += a_pre*noise", None),
    ],
)
def test_rows_left_alone(two_groups, code, name):
    assert idle_row_factor(code, two_groups.variables) == name
