"""Which of the planted faults show in the emulator."""

from test_mutants import *  # noqa: F403

pytestmark = [pytest.mark.slow, pytest.mark.compiles]  # noqa: F405
