"""What only `Synapses` can do is refused where it is asked for."""

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms, prefs, volt
from brian2.codegen.runtime.numpy_rt.numpy_rt import NumpyCodeObject

from spikefa.dense import DenseSynapses

NEURON = "x : 1\nu : volt\ny = 2*x : 1"


@pytest.fixture
def groups():
    source = NeuronGroup(3, NEURON, threshold="x > 0", reset="", name="source")
    return source, NeuronGroup(2, NEURON, name="target")


ONLY_SYNAPSES = {
    "delay": {"delay": 1 * ms},
    "delay by pathway": {"on_pre": {"a": "w += 1"}, "delay": {"a": 1 * ms}},
    "delays": {"delay": np.array([0, 1]) * ms},
    "clock-driven": {"model": "dw/dt = -w/(10*ms) : 1 (clock-driven)"},
    "event-driven": {"model": "dw/dt = -w/(10*ms) : 1 (event-driven)"},
    "stochastic": {"model": "dw/dt = xi/ms**0.5 : 1"},
    "linked": {"model": "w : 1 (linked)"},
    "constant over dt": {"model": "w = 2*x_pre : 1 (constant over dt)"},
    "multisynaptic index": {"multisynaptic_index": "n"},
    "method": {"method": "euler"},
    "sum of itself": {"model": "x_post = 0.5*x : 1 (summed)"},
    "NumPy code objects": {"codeobj_class": NumpyCodeObject},
}


@pytest.mark.parametrize("kwds", ONLY_SYNAPSES.values(), ids=ONLY_SYNAPSES)
def test_refused_at_construction(groups, kwds):
    with pytest.raises(NotImplementedError, match="use Synapses"):
        DenseSynapses(*groups, **({"model": "w : 1", "on_pre": "w += 1"} | kwds))


def test_numpy_target_is_refused(groups):
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    try:
        with pytest.raises(NotImplementedError, match="use Synapses"):
            DenseSynapses(*groups, "w : 1")
    finally:
        prefs.codegen.target = before


@pytest.mark.parametrize(
    ("args", "kwds"),
    [(("i != j",), {}), ((), {"p": 0.5}), ((), {"i": 0, "j": 1}), ((), {"n": 2})],
)
def test_a_choice_of_pairs_is_refused(groups, args, kwds):
    with pytest.raises(NotImplementedError, match="use Synapses"):
        DenseSynapses(*groups, "w : 1").connect(*args, **kwds)


def test_no_delay_is_accepted(groups):
    pathways = {"a": "w += 1", "b": "w += 2"}
    DenseSynapses(*groups, "w : 1", on_pre="w += 1", delay=0 * ms)
    DenseSynapses(*groups, "w : 1", on_pre=pathways, delay={"a": 0 * ms})


WRONG = {
    "model type": {"model": 3},
    "pathway names": {"on_pre": {3: "w += 1"}},
    "pathway named like a method": {"on_pre": {"connect": "w += 1"}},
    "pathway twice": {"on_pre": {"a": "w += 1"}, "on_event": "spike", "name": 4},
    "delay type": {"on_pre": "w += 1", "delay": 3},
    "delay units": {"on_pre": "w += 1", "delay": 3 * volt},
    "delay of no pathway": {"on_pre": "w += 1", "delay": {"other": 0 * ms}},
    "no such event": {"on_pre": "w += 1", "on_event": "burst"},
    "no spikes": {"on_post": "w += 1"},
    "i": {"model": "i : 1"},
    "delay": {"model": "delay : 1"},
    "suffix": {"model": "w_pre : 1"},
    "suffix of a subexpression": {"model": "w_post = 2*x_pre : 1"},
    "name of a neuronal variable": {"model": "x : 1"},
    "flag": {"model": "w : 1 (unless refractory)"},
    "flags": {"model": "x_post = 2*x_pre : 1 (summed, shared)"},
    "shared of not shared": {"model": "w : 1\ns = 2*w : 1 (shared)"},
    "summed without suffix": {"model": "x = 2*x_pre : 1 (summed)"},
    "summed to nothing": {"model": "q_post = 2*x_pre : 1 (summed)"},
    "summed to a subexpression": {"model": "y_post = 2*x_pre : 1 (summed)"},
    "summed units": {"model": "u_post = 2*x_pre : 1 (summed)"},
}


@pytest.mark.parametrize("kwds", WRONG.values(), ids=WRONG)
def test_errors_are_those_of_synapses(groups, kwds):
    kwds = {"model": "w : 1"} | kwds
    caught = []
    for synapses_class in (Synapses, DenseSynapses):
        with pytest.raises(Exception) as error:  # noqa: PT011
            synapses_class(*groups, **kwds)
        caught.append(error.value)
    stock, dense = caught
    assert isinstance(dense, type(stock)), caught


@pytest.mark.parametrize("on_pre", [3, {"a": 3}, ["w += 1"]])
def test_statements_of_a_wrong_type(groups, on_pre):
    with pytest.raises(TypeError, match="string"):
        DenseSynapses(*groups, "w : 1", on_pre=on_pre)


def test_pathway_named_like_a_variable(groups):
    """`Synapses` accepts it, and then hides the weights behind the pathway."""
    with pytest.raises(ValueError, match="'w'"):
        DenseSynapses(*groups, "w : 1", on_pre={"w": "w += 1"})


def test_both_ends_cannot_sum_to_one_variable(groups):
    source, _ = groups
    model = "w : 1\nx_pre = w : 1 (summed)\nx_post = w : 1 (summed)"
    for synapses_class in (Synapses, DenseSynapses):
        with pytest.raises(ValueError, match="already updated by another summed"):
            synapses_class(source, source, model)
