"""Random networks compute with dense synapses what they compute with `Synapses`.

Networks that found a fault before it was mended (the grammar of this commit, as
compiled code does it): random numbers for pairs that are not connected (6), events that
wait while the time step changes (11), time constants of the neurons (202, 762, 1253,
1269), traces that are fed with clock-driven variables (455, 480, 1453) or the number of
synapses (953).
"""

from contextlib import nullcontext

import pytest
from brian2 import Synapses, prefs
from like_compiled import like_compiled
from random_judge import compare, judge, outcome_of, refused
from random_networks import draw

from spikefa.dense import DenseSynapses

pytestmark = pytest.mark.usefixtures("numpy_in_double")

FOUND_FAULTS = [6, 11, 202, 455, 480, 762, 953, 1253, 1453]

#: Networks that change one variable under two names.
TWO_NAMES = [23, 1269]


def no_fault(seeds, way):
    """Judge networks; return how many there were of each verdict."""
    counts = {}
    with way():
        for number in seeds:
            verdict, reason = judge(number)
            assert verdict != "fault", f"{number}: {reason}\n{draw(number)}"
            counts[verdict] = counts.get(verdict, 0) + 1
    return counts


WAYS = {"numpy": nullcontext, "like compiled": like_compiled}


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (10, 20, 30))]
)
def test_some(first):
    """Half of them as NumPy code, half as if they were compiled."""
    counts = no_fault(range(first, first + 5), nullcontext)
    more = no_fault(range(first + 5, first + 10), like_compiled)
    assert counts.get("equal", 0) + more.get("equal", 0) >= 5


@pytest.mark.parametrize("number", FOUND_FAULTS)
def test_those_that_found_faults(number):
    no_fault([number], like_compiled)


@pytest.mark.parametrize("number", TWO_NAMES)
def test_two_names_of_one_variable(number):
    """`Synapses` loses one of two changes; which one differs between processes."""
    assert no_fault([number], nullcontext) == {"refused": 1}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", range(0, 300, 50))
def test_many(first, way):
    counts = no_fault(range(first, first + 50), WAYS[way])
    assert counts["equal"] >= 25
    print(counts)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(2000, 2010))
def test_cython(number):
    prefs.codegen.target = "cython"
    what = draw(number)
    stock = outcome_of(what, Synapses)
    if isinstance(stock, Exception):
        return
    dense = outcome_of(what, DenseSynapses)
    assert refused(dense) or compare(dense, stock) is None, f"{dense}\n{what}"
