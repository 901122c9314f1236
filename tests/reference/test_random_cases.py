"""Random model files times random options: each is what its strings say, or refused.

A case is drawn from a seed. Of a hundred chosen ones every string that a file may hold
meets every rule and option that touches it. The default run takes these; the slow
tests take two thousand more, and a sample through C++ programs on one and two threads.
"""

import re
from collections import Counter
from random import Random
from shutil import rmtree

import pytest

from .coverage_table import empty_cells, table
from .judge import judge
from .random_cases import draw_case, possible_refusal, refusal, with_given_numbers

#: What `coverage_table.chosen` chooses of the cases of 4,000 seeds.
SEEDS = [
    int(seed)
    for seed in """
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26
    27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 50 69 119 171 189 210 227
    268 279 293 311 337 412 423 438 524 536 568 605 619 626 643 674 794 813
    817 893 897 989 1049 1158 1214 1534 1535 1667 1885 2099 2151 2165 2247
    2535 2572 2658 2683 2710 2735 2825 3014 3128 3176 3233 3244 3354 3455
    3496 3526 3716 3948
    """.split()
]
CASES = {seed: draw_case(Random(seed)) for seed in SEEDS}
JUDGED = [seed for seed, case in CASES.items() if refusal(case) is None]


def holds(case, folder, **how):
    """Judge a case; it must be refused for the reason that is known, or not at all.

    Returns
    -------
    outcome : {"equal", "refused"}
    """
    found, expected = judge(case, folder, **how), refusal(case)
    possible = possible_refusal(case)
    if found and possible and re.search(possible, found):
        return "refused"
    if expected is None:
        assert found is None, f"{found}\n{case}\n{case.text}"
    else:
        assert found is not None, f"not refused: {expected}\n{case}\n{case.text}"
        assert re.search(expected, found), f"{found}\n{case.text}"
    return "refused" if found else "equal"


@pytest.mark.parametrize("seed", SEEDS)
def test_cases(seed, tmp_path):
    checked = seed not in JUDGED or seed % 8 == 0
    holds(CASES[seed], tmp_path, checked=checked)


def test_every_string_meets_every_option_that_touches_it():
    judged = [CASES[seed] for seed in JUDGED if not possible_refusal(CASES[seed])]
    print(f"\n{len(judged)} cases that are not refused, of {len(CASES)}")
    print(table(judged))
    assert not empty_cells(judged)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(20))
def test_2000_cases(part, tmp_path):
    outcomes, failed = Counter(), {}
    for seed in range(10_000 + 100 * part, 10_100 + 100 * part):
        folder = tmp_path / str(seed)
        folder.mkdir()
        case = draw_case(Random(seed))
        checked = refusal(case) is not None or seed % 8 == 0
        try:
            outcomes[holds(case, folder, checked=checked)] += 1
        except Exception as exc:  # the others are judged all the same
            failed[seed] = f"{type(exc).__name__}: {exc}"
        rmtree(folder)
    print(f"part {part}: {dict(outcomes)}, {len(failed)} failed")
    assert not failed


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ["stock", "dense"])
@pytest.mark.parametrize("seed", JUDGED[::12])
def test_cases_compiled(seed, engine, threads, tmp_path):
    case = with_given_numbers(CASES[seed])
    case.architecture["engine"] = engine
    holds(case, tmp_path, device="cpp", threads=threads)
