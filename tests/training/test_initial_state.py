"""Weights are uniform in the model's ranges, and everything else is at rest."""

import numpy as np
import pytest
from small_task import fingerprint

from spikefa import set_initial_state


class Recorded:
    """Stands in for a session: keeps what is set."""

    def __init__(self, session):
        self.shapes, self.network, self.state = session.shapes, session.network, {}

    def set_state(self, state):
        self.state |= state


def drawn(session, seed):
    recorded = Recorded(session)
    set_initial_state(recorded, seed)
    return recorded.state


def test_drawn_variables_fill_their_range(session):
    state = drawn(session, 1)
    for name, limit in {"W": 0.05, "b": 0.05, "B": 0.1}.items():
        values = [v.ravel() for key, v in state.items() if key.split(".")[1] == name]
        values = np.concatenate(values)
        assert values.dtype == np.float32
        assert np.abs(values).max() <= limit
        assert np.abs(values).max() > 0.8 * limit
        assert abs(values.mean()) < 4 * limit / np.sqrt(3 * len(values))


def test_everything_else_rests(session):
    session.set_state({"layer_1.h": np.ones(31), "delta_1.delta": np.ones(31)})
    set_initial_state(session, 1)
    for name, value in session.get_state().items():
        if name.split(".")[1] not in ("W", "b", "B"):
            assert not value.any(), name


def test_state_follows_from_the_seed(session):
    prints = []
    for seed in (1, 2, 1):
        set_initial_state(session, seed)
        prints.append(fingerprint(session))
    assert prints[0] == prints[2] != prints[1]


def test_projections_do_not_share_random_numbers(session):
    state = drawn(session, 1)
    first = [v.ravel()[:5].tobytes() for k, v in state.items() if k[-1] in "WbB"]
    assert len(set(first)) == len(first)


@pytest.mark.parametrize("seed", [0, 2**62])
def test_any_seed_will_do(session, seed):
    assert np.isfinite(drawn(session, seed)["forward_1.W"]).all()
