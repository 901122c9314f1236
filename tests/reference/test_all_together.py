"""All that a model file can say, used together, is what the literal reading says."""

from pathlib import Path

import pytest

from .judge import Case, judge

TEXT = Path(__file__).with_name("all_together.py").read_text()
SIZES = dict(layer_sizes=(9, 5, 4, 4), n_classes=2, chunk_images=4, steps_per_image=3)
SIZES |= dict(precision="double")
PLAN = [("run", 4), ("test", 1, 3), ("run", 1), ("set_state",), ("run", 3)]
PLAN += [("resume",), ("run", 2), ("run", 2, [True, False, True, True])]


def case(engine, rule="fa", removed=0.0):
    sizes = SIZES | {"engine": engine, "sparse": bool(removed)}
    return Case(TEXT, rule, False, sizes, removed, PLAN)


@pytest.mark.parametrize("rule", ["fa", pytest.param("dfa", marks=pytest.mark.slow)])
def test_on_numpy(rule, tmp_path):
    assert judge(case("stock", rule), tmp_path) is None


@pytest.mark.slow
def test_dense_synapses_on_numpy_with_some_removed(tmp_path):
    assert judge(case("dense", removed=0.3), tmp_path) is None


@pytest.mark.compiles
@pytest.mark.long
@pytest.mark.parametrize("engine", ["dense", "stock"])
def test_in_a_compiled_program(engine, tmp_path):
    assert judge(case(engine), tmp_path, device="cpp") is None
