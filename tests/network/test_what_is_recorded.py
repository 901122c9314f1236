"""What can be recorded, and what is refused, on a network that needs no compiler."""

import numpy as np
import pytest
from twin import SIZES, open_plain, start_spiking, stimuli

from spikefa.errors import InputError
from spikefa.network.records import add_records


@pytest.fixture(scope="module")
def network():
    """A built network; what is refused adds nothing to it."""
    return open_plain(device="numpy").network


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"layer_9.h": True},
            "no layer_9.h to record; there is layer_0: .*spikes; ",
        ),
        (
            {"layer_1.v": True},
            "no layer_1.v to record; there is .*layer_1: phi, psi",
        ),
        ({"layer_4.spikes": True}, "no layer_4.spikes to record"),
        ({"forward_1.dW": True}, "no forward_1.dW to record; .* forward_1: W;"),
        ({"layer_1": True}, "no layer_1 to record"),
        ({"layer_1.h": [11]}, "no neuron 11, they are 0 to 10"),
        ({"layer_1.h": [-1]}, "no neuron -1, they are 0 to 10"),
        ({"layer_1.h": []}, "expected True, a slice or indices"),
        ({"layer_1.h": "all"}, "expected True, a slice or indices"),
        ({"layer_1.h": 1.5}, "expected True, a slice or indices"),
        ({"layer_1.h": [True, False]}, "expected True, a slice or indices"),
        ({"layer_1.h": slice(20, 30)}, "expected True, a slice or indices"),
        ({"layer_1.h": [(0, 1)]}, "expected indices, got"),
        ({"forward_1.W": [(13, 0)]}, "no source neuron 13, they are 0 to 12"),
        ({"forward_1.W": [(0, 11)]}, "no target neuron 11, they are 0 to 10"),
        ({"forward_1.W": [143]}, "no synapse 143, they are 0 to 142"),
        ({"forward_1.W": [(1, 2, 3)]}, r"indices or \(i, j\) pairs"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(record, message, network):
    with pytest.raises(InputError, match=message) as refusal:
        add_records(network, record)
    assert "\n" not in str(refusal.value)


def test_records_hold_what_was_chosen():
    record = {
        "layer_1.h": slice(1, 8, 3),
        "layer_2.psi": True,
        "layer_1.spikes": [2, 9],
        "layer_2.spikes": True,
        "forward_2.W": [(3, 4), (0, 1)],
        "forward_3.W": True,
        "forward_4.W": range(3),
        "delta_1.delta": 5,
    }
    session = open_plain(device="numpy", record=record)
    start_spiking(session)
    images, labels = stimuli(3)
    found = session.run(images, labels, seed=1).records
    assert list(found) == list(record)
    state = session.get_state()
    assert found["layer_1.h"].i.tolist() == [1, 4, 7]
    assert found["layer_1.h"].unit == "1"
    np.testing.assert_allclose(found["layer_1.h"].t, np.arange(15) * 1e-3)
    np.testing.assert_array_equal(
        found["layer_1.h"].values[-1], state["layer_1.h"][[1, 4, 7]]
    )
    np.testing.assert_array_equal(found["layer_2.psi"].values[-1], state["layer_2.psi"])
    np.testing.assert_array_equal(
        found["delta_1.delta"].values[-1], state["delta_1.delta"][[5]]
    )
    assert set(found["layer_1.spikes"].i) == {2, 9}
    assert set(found["layer_2.spikes"].i) > {2, 3}
    W = found["forward_2.W"]
    assert (W.i.tolist(), W.j.tolist()) == ([0, 3], [1, 4])
    np.testing.assert_array_equal(W.values[0], state["forward_2.W"][[0, 3], [1, 4]])
    np.testing.assert_array_equal(found["forward_3.W"].values[0], state["forward_3.W"])
    assert found["forward_3.W"].values.shape == (1, *SIZES[2:4])
    assert found["forward_4.W"].j.tolist() == [0, 1, 2]


def test_some_spikes_are_those_of_all():
    """Also of neurons between others, which no group of neighbours has alone."""
    found = []
    for chosen in (True, [2, 9]):
        session = open_plain(device="numpy", record={"layer_1.spikes": chosen})
        start_spiking(session)
        images, labels = stimuli(4)
        found.append(session.run(images, labels, seed=1).records["layer_1.spikes"])
    of_all = np.isin(found[0].i, [2, 9])
    assert of_all.any()
    np.testing.assert_array_equal(found[1].i, found[0].i[of_all])
    np.testing.assert_array_equal(found[1].t, found[0].t[of_all])
