"""Which of the planted faults show in the emulator, with blocks in random turns."""

import os

import pytest
from test_mutants import (  # noqa: F401
    _single_precision,
    mutated,
    stock,
    test_a_planted_fault_is_caught,
    test_nothing_is_seen_without_a_fault,
)

pytestmark = pytest.mark.skipif(
    "SPIKEFA_OCELOT" not in os.environ,
    reason="needs blocks that take turns: SPIKEFA_OCELOT names Ocelot's source",
)
