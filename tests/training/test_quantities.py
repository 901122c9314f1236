"""Numbers with units are read, and nothing else is."""

import math

import pytest
from brian2 import Quantity, ms, mV, second
from hypothesis import given, strategies as st

from spikefa import load_model
from spikefa.equations.parameters import parse_quantity, replace_parameters
from spikefa.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        (" 2 ", 2.0),
        ("-0.5", -0.5),
        ("0.4*ms", 0.4 * ms),
        ("ms", 1 * ms),
        ("-70*mV", -70 * mV),
        ("2/second**2", 2 / second**2),
        ("3*ms/(2*second)", 1.5e-3),
    ],
)
def test_numbers_and_units(text, value):
    parsed = parse_quantity(text)
    assert float(parsed) == pytest.approx(float(value))
    assert isinstance(parsed, Quantity) == isinstance(value, Quantity)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number(value):
    assert parse_quantity(repr(value)) == value


@given(st.text(max_size=120))
def test_any_text_is_a_finite_number_or_refused(text):
    try:
        value = parse_quantity(text)
    except InputError as refusal:
        lines = str(refusal).splitlines()
    else:
        lines = [""]
        assert math.isfinite(float(value))
    assert len(lines) == 1


def test_replacing_leaves_the_model_alone():
    model = load_model()
    changed = replace_parameters(model, {"eta": "0.5", "tau_m": "2*ms"})
    assert (changed["eta"], changed["tau_m"]) == (0.5, 2 * ms)
    assert model["eta"] == 1e-3
    assert changed.text_hash != model.text_hash
    assert replace_parameters(model, {}).text_hash == model.text_hash
