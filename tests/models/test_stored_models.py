"""A model as data is the model, and nothing in it is run."""

import json

import numpy as np
import pytest
from brian2 import Quantity, TimedArray, amp, ms, mV

from spikefa.equations.stored import code_digest, from_data, to_data
from spikefa.equations.values import described
from spikefa.errors import ModelError

VALUES = [
    None,
    True,
    7,
    0.1,
    float("inf"),
    -0.0,
    "dv/dt = -v/tau : volt",
    20 * ms,
    np.array([0.1, 0.2, 1 / 3]) * mV,
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array([True, False]),
    {"layer_1": {"v": 0.1 * mV, "w": "rand()"}, 2: None},
    [1, (2.5, "x")],
]


def through_json(value):
    return from_data(json.loads(json.dumps(to_data(value), allow_nan=False)))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_bit_for_bit(value):
    found = through_json(value)
    assert type(found) is type(value)
    assert described(found) == described(value)


@pytest.mark.parametrize("unit", [1, mV * amp])
def test_a_table_comes_back(unit):
    table = TimedArray(np.array([[0.1, 2], [3, 4]]) * unit, dt=0.3 * ms)
    found = through_json(table)
    assert described(found) == described(table)
    assert found.dim is table.dim


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"plain": [1]},
        {"array": ["|O", [1], ""], "dimensions": None},
        {"array": ["<f8", [2], ""], "dimensions": None},
        {"array": ["<f8", [], "no base64!"], "dimensions": None},
        {"array": ["<f8", [], "AAAAAAAA8D8="], "dimensions": ["a"]},
        {"table": ["<f8", [1], "AAAAAAAA8D8="], "dimensions": None},
    ],
)
def test_what_is_no_data_is_refused(data):
    with pytest.raises(ModelError, match="cannot be read"):
        from_data(data)


def test_functions_are_no_data():
    assert to_data(len) is None
    assert isinstance(through_json(3 * ms), Quantity)


def test_a_digest_sees_code_and_no_comments():
    digest = code_digest(["def f(x):\n    return x + 1"])
    assert digest == code_digest(["def f(x):  # one more\n\n    return (x+1)"])
    assert digest != code_digest(["def f(x):\n    return x + 2"])
    assert code_digest(["not Python"]) != code_digest(["nor this"])
