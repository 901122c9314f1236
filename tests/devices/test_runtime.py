"""Runtime mode: what a session leaves behind."""

import gc

import brian2.core.base
import pytest
from brian2 import NeuronGroup, prefs

from spikefa import Architecture, load_model, open_session


@pytest.fixture
def complaints(monkeypatch):
    """What Brian2 says of objects that are deleted."""
    said = []
    monkeypatch.setattr(
        brian2.core.base.logger, "warn", lambda text, **_: said.append(text)
    )
    assert prefs.logging.warn_for_unused_objects
    gc.collect()
    said.clear()
    return said


def test_a_session_that_ran_nothing_goes_without_a_word(complaints):
    session = open_session(Architecture((5, 4, 10)), load_model(), device="numpy")
    assert session.shapes["forward_1.W"] == (5, 4)
    del session
    gc.collect()
    assert complaints == []


def test_a_lost_object_would_have_been_heard(complaints):
    group = NeuronGroup(1, "v : 1")
    del group
    gc.collect()
    assert len(complaints) == 1
