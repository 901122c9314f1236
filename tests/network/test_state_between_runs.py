"""A run that is cut in two is the same run, refractory neurons included."""

import numpy as np
import pytest
from twin import FEW_BACKENDS, LIF_SIZES, start_spiking, stimuli

from spikefa.training.initial_state import LONG_AGO

N_IMAGES = 12


def run_in_parts(session, cuts, forget=None):
    """Learn in runs that end at some images; return hidden spikes and the state."""
    start_spiking(session)
    images, labels = stimuli(N_IMAGES, 6, LIF_SIZES[0])
    images = np.rint(images)  # pixels of 0 and 1: no chance involved
    spikes, output = [], []
    for start, stop in zip((0, *cuts), (*cuts, N_IMAGES), strict=True):
        result = session.run(images[start:stop], labels[start:stop], seed=0)
        fired = result.records["layer_1.spikes"]
        steps = np.rint(fired.t / 1e-3).astype(int) + 5 * start
        spikes += zip(steps.tolist(), fired.i.tolist(), strict=True)
        output.append(result.output)
        if forget is not None:
            session.set_state(forget)
    return sorted(spikes), np.concatenate(output), session.get_state()


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
@pytest.mark.parametrize("cuts", [(1,), (5,), (3, 4, 9)])
def test_a_run_in_parts_is_the_uncut_run(cuts, lif):
    spikes, output, state = run_in_parts(lif, ())
    assert len(spikes) > 50
    spikes_in_parts, output_in_parts, state_in_parts = run_in_parts(lif, cuts)
    assert spikes_in_parts == spikes
    # Stock synapses are the same bit by bit. The dense engine may add up changes of
    # a weight in another order; the end of a run is one reason to write them down.
    rounding = 0 if lif.network.architecture.engine == "stock" else 1e-6
    np.testing.assert_allclose(output_in_parts, output, rounding, rounding)
    for name, value in state.items():
        allowed = 1e-7 if name.endswith(".lastspike") else rounding
        np.testing.assert_allclose(
            state_in_parts[name], value, allowed, allowed, err_msg=name
        )


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
def test_forgetting_the_last_spikes_would_have_shown(lif):
    spikes, *_ = run_in_parts(lif, ())
    forget = {
        "layer_1.lastspike": np.full(LIF_SIZES[1], LONG_AGO),
        "layer_1.not_refractory": np.ones(LIF_SIZES[1], bool),
    }
    cut_spikes, *_ = run_in_parts(lif, tuple(range(1, N_IMAGES)), forget)
    assert cut_spikes != spikes


@pytest.mark.parametrize("lif", FEW_BACKENDS, indirect=True)
def test_refractory_neurons_pause(lif):
    spikes, *_ = run_in_parts(lif, (2, 7))
    of_neuron = {}
    for step, neuron in spikes:
        of_neuron.setdefault(neuron, []).append(step)
    intervals = np.concatenate([np.diff(steps) for steps in of_neuron.values()])
    assert intervals.min() == 3  # ms
