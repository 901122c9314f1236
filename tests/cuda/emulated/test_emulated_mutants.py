"""Which of the planted faults show in the emulator, with blocks in random turns.

The threads of a block are in lockstep there: what lacks a barrier between them is
right. Nor does anything show that does no harm by chance, such as a load out of bounds
whose value is not used. The shim sees all of them.
"""

import os

import pytest
from test_mutants import (
    KEYS,
    MUTANTS,
    Program,
    _single_precision,  # noqa: F401
    caught,
    mutated,  # noqa: F401
    stock,  # noqa: F401
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.compiles,
    pytest.mark.skipif(
        "SPIKEFA_OCELOT" not in os.environ,
        reason="needs blocks that take turns: SPIKEFA_OCELOT names Ocelot's source",
    ),
]

#: Four barriers; a read that nvcc does not keep in a register; two uses out of bounds.
UNSEEN = {
    "barrier_before_counting_dropped",
    "barrier_between_flags_dropped",
    "barrier_between_lanes_dropped",
    "delay_moves_on_early",
    "sums_read_from_registers",
    "load_before_bounds_test",
    "one_word_too_many",
}


def test_nothing_is_seen_without_a_fault(shim, tmp_path, stock):  # noqa: F811
    assert caught(Program(tmp_path / "project", KEYS), stock) == ""


@pytest.mark.parametrize("patch", MUTANTS, ids=lambda path: path.stem)
def test_a_planted_fault_is_seen_or_known_not_to_be(
    patch,
    shim,
    mutated,  # noqa: F811
    tmp_path,
    stock,  # noqa: F811
    record_property,
):
    mutated(patch)
    how = caught(Program(tmp_path / "project", KEYS), stock)
    record_property("caught", how)
    print(f"{patch.stem}: {how or 'not seen'}")
    assert bool(how) == (patch.stem not in UNSEEN)
