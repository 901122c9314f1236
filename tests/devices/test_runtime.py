"""Runtime mode: what a session leaves behind."""

import gc

import brian2.core.base
import numpy as np
import pytest
from brian2 import Equations, NeuronGroup, prefs

from spikefa import (
    Architecture,
    ModelError,
    RunInterrupted,
    load_model,
    open_session,
    set_initial_state,
)


@pytest.fixture
def complaints(monkeypatch):
    """What Brian2 says of objects that are deleted."""
    said = []
    monkeypatch.setattr(
        brian2.core.base.logger, "warn", lambda text, **_: said.append(text)
    )
    assert prefs.logging.warn_for_unused_objects
    Equations("v : 1")  # the parser holds the frames that asked for what is new to it
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


@pytest.mark.parametrize("steps", [1, 5, 12])
def test_a_run_that_is_interrupted_on_its_way_leaves_the_state(steps, monkeypatch):
    """Whatever has been recorded until then."""
    sizes = Architecture((5, 4, 10), steps_per_image=5, chunk_images=3)
    images, labels = np.full((3, 5), 0.5), np.arange(3)
    with open_session(sizes, load_model(), device="numpy") as session:
        set_initial_state(session, 1)
        before, brian = session.get_state(), session.network.brian_network
        run = brian.run

        def stopped(duration, **how):
            run(steps * session.network.model["dt"], **how)
            session.interrupt()

        with monkeypatch.context() as patch:
            patch.setattr(brian, "run", stopped)
            with pytest.raises(RunInterrupted):
                session.run(images, labels, seed=1)
        assert session.step == 0
        for name, value in session.get_state().items():
            np.testing.assert_array_equal(value, before[name])
        assert session.run(images, labels, seed=1).output.shape == (3, 5, 10)


READS_I = {
    "in a statement": "transmit = 'drive_post += W*(i % 2)'",
    "through a subexpression": (
        "plastic_synapse = '''W : 1\n"
        "dW = eta*psi_post*third_factor_post*int(i > 1) : 1'''"
    ),
    "in an event-driven equation": (
        "from brian2 import ms\n"
        "plastic_synapse = '''W : 1\n"
        "da/dt = -a/(2*ms*(1 + i)) : 1 (event-driven)\n"
        "dW = eta*a*third_factor_post : 1'''\n"
        "transmit = 'drive_post += W; a += 1'"
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("text", READS_I.values(), ids=READS_I)
def test_what_brian2_would_never_end_is_refused(text, tmp_path):
    """The Cython code of `Synapses` counts its spikes by ``i``."""
    path = tmp_path / "my_model.py"
    path.write_text(text)
    sizes = Architecture((5, 4, 10), engine="stock")
    with pytest.raises(ModelError) as refusal:
        open_session(sizes, load_model(path), device="runtime")
    assert "my_model.py: " in str(refusal.value)
    assert "cannot read 'i' in statements" in str(refusal.value)
    for engine, device in (("dense", "runtime"), ("stock", "numpy")):
        other = Architecture((5, 4, 10), engine=engine)
        assert open_session(other, load_model(path), device=device).step == 0
