"""Half of the synapses removed from the spiking network, against the NumPy oracle."""

import numpy as np
import pytest
import twin
from oracle import Oracle

from spikefa.training.connectivity import remove_connections


class Sparse(Oracle):
    """An oracle some of whose weights are not there and cannot learn."""

    def _learn(self, layer):
        super()._learn(layer)
        self.W[layer] *= self.there[layer]
        if self.rule == "kp" and layer > 1:
            self.B[layer] *= self.there[layer]


def follow(session):
    """Remove half of both sides, show images to them, and compare all of it."""
    session.set_state({name: 1 for name in session.shapes if "present" in name})
    both = twin.Twin(session, oracle_class=Sparse)
    remove_connections(session, 0.5, seed=3)
    state, oracle = session.get_state(), both.oracle
    for name, value in state.items():
        group, variable = name.split(".")
        layer = int(group.split("_")[1])
        if variable in ("W", "B"):
            assert np.count_nonzero(value == 0) == round(0.5 * value.size), name
            getattr(oracle, variable)[layer][...] = value
    oracle.there = {layer: weights != 0 for layer, weights in oracle.W.items()}
    images, labels = twin.stimuli(12)
    for start in range(0, 12, 4):
        both.run(images[start : start + 4], labels[start : start + 4])
        both.compare()
    for layer in range(1, oracle.m + 1):
        W = session.get_state([f"forward_{layer}.W"])[f"forward_{layer}.W"]
        assert np.array_equal(W != 0, oracle.there[layer])
        assert np.abs(W - state[f"forward_{layer}.W"]).max() > 0.02


@pytest.mark.parametrize(
    "rule",
    [
        "fa",
        "kp",
        *(pytest.param(r, marks=pytest.mark.slow) for r in ("dfa", "bp", "sign")),
    ],
)
def test_what_was_removed_takes_no_part(rule):
    follow(twin.open_forced(rule, device="numpy", sparse=True))


@pytest.mark.slow
@pytest.mark.compiles
@pytest.mark.parametrize("device", ["cpp", "runtime"])
def test_the_same_of_compiled_dense_networks(device):
    follow(twin.open_forced(engine="dense", device=device, sparse=True))
