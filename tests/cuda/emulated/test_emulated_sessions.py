"""Whole networks in the emulator: rules, chunks, gates, resumption, precision."""

import pytest
from test_sessions import *  # noqa: F403

pytestmark = [pytest.mark.compiles, pytest.mark.usefixtures("module_shim")]
