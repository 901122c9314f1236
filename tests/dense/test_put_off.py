"""When updates are put off: only where no reader of a weight can tell.

The planner decides at construction, so nothing is compiled here.
"""

import pytest
from brian2 import (
    Network,
    NeuronGroup,
    StateMonitor,
    linked_var,
    ms,
)
from dense_networks import CONFIGURATIONS

from spikefa.dense import DenseSynapses

LEARN = {"learn": "W += eta*b_post", "transmit": "a_post += W"}
ETA = {"eta": 0.1}
NEURON = "a : 1\nb : 1"


@pytest.fixture
def groups():
    source = NeuronGroup(4, NEURON, threshold="a > 1", reset="", name="source")
    target = NeuronGroup(3, NEURON, threshold="a > 1", reset="", name="target")
    return source, target


def projection(groups, model="W : 1\nV : 1", put_off=4, **kwds):
    synapses = DenseSynapses(*groups, model, namespace=ETA, put_off=put_off, **kwds)
    synapses.connect()
    return synapses


@pytest.mark.usefixtures("_standalone")
class TestPlan:
    @pytest.mark.parametrize(
        "kwds",
        [
            {"on_pre": LEARN},
            {"on_pre": dict(reversed(LEARN.items()))},
            {"on_pre": "W += eta*b_post"},
            {"on_pre": LEARN | {"other": "V += a_pre"}},
            {"on_pre": LEARN | {"second": "b_post += W"}},
            {"on_pre": LEARN, "on_post": "V += 1"},
            {"on_pre": LEARN | {"first": "V = W0"}, "model": "W : 1\nV : 1\nW0 : 1"},
            {"on_pre": LEARN, "model": "W : 1\na_pre = b_post : 1 (summed)"},
        ],
    )
    def test_put_off(self, groups, kwds):
        assert projection(groups, **kwds).pending is not None

    @pytest.mark.parametrize(
        "kwds",
        [
            {"on_pre": LEARN, "put_off": 0},
            {"on_post": "W += eta*b_post"},
            {"on_pre": LEARN, "on_post": "W += 1"},
            {"on_pre": LEARN, "on_post": "b_pre += W"},
            {"on_pre": LEARN, "on_post": "a_post += W"},
            {"on_pre": LEARN | {"again": "W += eta*a_post"}},
            {"on_pre": LEARN | {"reset": "W = 0"}},
            {"on_pre": LEARN | {"peek": "V = W"}},
            {"on_pre": LEARN | {"peek": "V = d"}, "model": "W:1\nV:1\nd = 2*W : 1"},
            {"on_pre": LEARN, "model": "W : 1\na_pre = W*b_post : 1 (summed)"},
            {"on_pre": LEARN, "model": "W:1\nd = W : 1\nb_pre = d : 1 (summed)"},
            {"on_pre": LEARN, "model": "W : integer"},
        ],
    )
    def test_made_at_once(self, groups, kwds):
        assert projection(groups, **kwds).pending is None

    @pytest.mark.parametrize("key", CONFIGURATIONS)
    def test_configurations_of_the_equality_test(self, groups, key):
        config = CONFIGURATIONS[key]
        neurons = "x:1\ny:1\nz:1\ntotal:1\ncount:integer\ncurrent:amp\nbias:1 (shared)"
        group = NeuronGroup(
            90,
            neurons + "\nv : 1",
            threshold="x > 1",
            reset="",
            events={"often": "x > 2"},
        )
        synapses = DenseSynapses(
            group,
            group if config.recurrent else NeuronGroup(9, neurons + "\nv : 1", "x > 1"),
            config.model,
            on_pre=config.on_pre,
            namespace=config.namespace,
            on_event=config.on_event,
            put_off=config.put_off,
        )
        assert (synapses.pending is not None) == config.puts_off


def monitor(synapses):
    return [StateMonitor(synapses, "W", record=[0, 3])]


def monitor_of_subexpression(synapses):
    return [StateMonitor(synapses, "double", record=[0, 3])]


def link(synapses):
    reader = NeuronGroup(len(synapses), "w : 1 (linked)\nv : 1")
    reader.w = linked_var(synapses, "W")
    reader.run_regularly("v = w")
    return [reader]


def unrelated(synapses):
    return [StateMonitor(synapses, "V", record=[1]), NeuronGroup(2, "W : 1")]


@pytest.mark.usefixtures("_standalone")
@pytest.mark.parametrize(
    ("observe", "puts_off"),
    [
        (monitor, False),
        (monitor_of_subexpression, False),
        (link, False),
        (unrelated, True),
    ],
)
def test_observers_see_weights_up_to_date(groups, observe, puts_off):
    model = "W : 1\nV : 1\ndouble = 2*W : 1"
    synapses = projection(groups, model, on_pre=LEARN)
    assert synapses.pending is not None
    Network(*groups, synapses, observe(synapses)).run(1 * ms)
    assert (synapses.pending is not None) == puts_off
    assert synapses.learn.template == ("dense_put_off" if puts_off else "dense_pathway")


def test_never_put_off_at_runtime(groups):
    assert projection(groups, on_pre=LEARN).pending is None


@pytest.mark.parametrize(
    ("put_off", "error"),
    [(-1, ValueError), (33, ValueError), (2.5, TypeError), ("3", TypeError)],
)
def test_wrong_put_off(groups, put_off, error):
    with pytest.raises(error, match="put_off"):
        projection(groups, on_pre=LEARN, put_off=put_off)
