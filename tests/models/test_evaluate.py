"""One evaluator for all expressions of a model: no more of Python than Brian2 has."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms, mV

from spikefa import load_model
from spikefa.equations.evaluate import CONSTANTS, FUNCTIONS, UNITS, evaluate
from spikefa.equations.parameters import parse_quantity
from spikefa.equations.schedules import check_schedules
from spikefa.errors import InputError, ModelError
from spikefa.network.decay import decay_rates
from spikefa.network.slow_decay import lost_in_single

ROOT = Path(__file__).parents[2]

VALUES = {"a": 0.3, "b": -2.5, "n": 7.0, "flag": True}
KNOWN = VALUES | FUNCTIONS
BINARY = ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!="]


def expression(random, depth):
    """Draw an expression; all brackets are there, so that it says what it means."""
    if depth == 0 or random.random() < 0.1:
        return random.choice([*VALUES, "1.5", "-0.25", "3.0", "1e-3", "True"])
    inner = [expression(random, depth - 1) for _ in range(3)]
    match random.integers(5):
        case 0:
            return f"{random.choice(['-', '+', 'not '])}({inner[0]})"
        case 1:
            return f"bool(({inner[0]}) {random.choice(['and', 'or'])} ({inner[1]}))"
        case 2:
            name = random.choice(["exp", "tanh", "abs", "sign", "floor"])
            return f"{name}({inner[0]})"
        case 3:
            return f"clip({', '.join(inner)})"
        case _:
            return f"({inner[0]}) {random.choice(BINARY)} ({inner[1]})"


def outcome(function, *args):
    try:
        with np.errstate(all="ignore"):
            value = complex(function(*args))
    except (ArithmeticError, TypeError):
        return None
    return "nan" if math.isnan(abs(value)) else value


def test_values_are_those_of_python():
    random = np.random.default_rng(11)
    known, worked = KNOWN | {"bool": bool}, 0
    for _ in range(1000):
        text = expression(random, 3)
        expected = outcome(eval, text, dict(known))
        assert outcome(evaluate, text, known) == expected, text
        worked += expected is not None
    assert worked > 500


def test_values_have_units():
    assert evaluate("2*mV/(4*ms)", UNITS) == 2 * mV / (4 * ms)
    assert evaluate("1/2 + 7//2", {}) == 3.5
    assert evaluate(" pi ", CONSTANTS) == math.pi


@pytest.mark.parametrize(
    "text",
    [
        "(1).__class__",
        "a.real",
        "a[0]",
        "'text'",
        "f'{a}'",
        "None",
        "2j",
        "[a]",
        "(a, b)",
        "{a}",
        "[a for a in b]",
        "lambda: a",
        "a if b else n",
        "(a := 1)",
        "0 < a < 1",
        "a is b",
        "1 ^ 2",
        "~1",
        "1 << 9",
        "exp(x=1)",
        "exp(*a)",
        "a(1)",
        "(lambda: 1)()",
        "exp.__globals__",
        "FUNCTIONS",
        "__import__('os')",
        "open('file')",
        "a = 1",
        "",
    ],
)
def test_no_more_of_python(text):
    with pytest.raises((ValueError, LookupError, SyntaxError)):
        evaluate(text, KNOWN)


def test_nothing_of_a_model_is_run(tmp_path):
    """Neither by schedules nor where rates of decay and changes in a step are found."""
    mark = tmp_path / "mark"
    attack = f"().__class__.__base__.__subclasses__() and open({str(mark)!r}, 'w')"
    with pytest.raises(ModelError, match="eta = .*functions can be used"):
        check_schedules(load_model().replace(eta=f"({attack})*t"))
    model = load_model().replace(decay=f"W -= W*({attack})")
    assert math.isnan(decay_rates(model)["decay"])
    lost_in_single(model)
    with pytest.raises(InputError, match="is not a number with units"):
        parse_quantity(attack[:90])
    assert not mark.exists()


def test_there_is_no_other_evaluator():
    """But in the Brian2 extension, of code that Brian2 has rendered."""
    found = [
        str(path.relative_to(ROOT))
        for folder in ("spikefa", "sims", "models")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("eval", "exec")
    ]
    assert found == ["spikefa/dense/connectivity.py"]
