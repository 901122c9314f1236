"""What only `Synapses` can do is refused where it is asked for."""

import numpy as np
import pytest
from brian2 import (
    BrianObjectException,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    Synapses,
    linked_var,
    ms,
    prefs,
    set_device,
    volt,
)

from spikefa.dense import DenseSynapses

NEURON = "x : 1\nu : volt\ny = 2*x : 1"


@pytest.fixture
def groups():
    source = NeuronGroup(3, NEURON, threshold="x > 0", reset="", name="source")
    return source, NeuronGroup(2, NEURON, name="target")


ONLY_SYNAPSES = {
    "delays": {"delay": np.array([0, 1]) * ms},
    "linked": {"model": "w : 1 (linked)"},
    "multisynaptic index": {"multisynaptic_index": "n"},
    "sum of itself": {"model": "x_post = 0.5*x : 1 (summed)"},
    "synapses as the target": {"target": "synapses"},
}


@pytest.mark.parametrize("kwds", ONLY_SYNAPSES.values(), ids=ONLY_SYNAPSES)
def test_refused_at_construction(groups, kwds):
    ends = dict(zip(("source", "target"), groups, strict=True))
    if "target" in kwds:
        kwds = {"target": DenseSynapses(*groups, "p : 1")}
    more = {"model": "w : 1", "on_pre": "w += 1"} | ends | kwds
    with pytest.raises(NotImplementedError, match="use Synapses"):
        DenseSynapses(**more)


@pytest.fixture(params=["cython", "numpy", "cpp_standalone"])
def target(request):
    before = prefs.codegen.target
    if request.param == "cpp_standalone":
        set_device("cpp_standalone", build_on_run=False)
    else:
        prefs.codegen.target = request.param
    yield request.param
    set_device("runtime")
    prefs.codegen.target = before


@pytest.mark.parametrize("shared", ["", " (shared)"])
@pytest.mark.parametrize(
    ("dtype", "refusing"),
    [
        (np.int8, ["cython"]),
        ("int16", ["cython"]),
        (np.uint8, ["cpp_standalone"]),
        (np.dtype("uint32"), ["cython"]),
        (np.float16, ["cython", "cpp_standalone"]),
        (np.int32, []),
        (int, []),
        (float, []),
    ],
)
def test_types_that_no_code_can_be_written_for(groups, target, dtype, refusing, shared):
    kind = "integer" if np.dtype(dtype).kind in "iu" else "1"
    model = f"w : 1\nn : {kind}{shared}"
    if target not in refusing:
        made = DenseSynapses(*groups, model, dtype={"n": dtype})
        assert made.variables["n"].dtype == dtype
        return
    language = {"cpp_standalone": "cpp"}.get(target, target)
    name = np.dtype(dtype).name
    reason = f"'n' of 'S' has dtype {name}, .* target '{language}' has no type"
    with pytest.raises(TypeError, match=reason):
        DenseSynapses(*groups, model, dtype={"n": dtype}, name="S")


@pytest.mark.parametrize(
    "kwds",
    [
        {"i": 0, "j": 1},  # one of six pairs
        {"condition": "i == j"},
        {"n": 2},
        {"n": "i"},
        {"i": [0, 0, 0, 1, 1], "j": [0, 1, 0, 0, 1]},  # one pair twice
        {"j": "k for k in range(N_post)"},
        {"condition": "x_pre > 0", "skip_if_invalid": True},
    ],
)
def test_a_choice_of_pairs_is_refused(groups, kwds):
    with pytest.raises(NotImplementedError, match="use Synapses"):
        DenseSynapses(*groups, "w : 1").connect(**kwds)


def test_connected_twice_is_refused(groups):
    """`Synapses` have two synapses for each pair then."""
    synapses = DenseSynapses(*groups, "w : 1")
    synapses.connect()
    with pytest.raises(NotImplementedError, match="use Synapses"):
        synapses.connect()


@pytest.mark.parametrize("act", ["set", "run"])
def test_never_connected_is_an_error(groups, act):
    for synapses_class in (Synapses, DenseSynapses):
        synapses = synapses_class(*groups, "w : 1", on_pre="w += 1")
        if act == "set":
            with pytest.raises(TypeError, match="connect"):
                synapses.w = 1
        elif synapses_class is DenseSynapses:
            with pytest.raises(BrianObjectException) as caught:
                Network(*groups, synapses).run(0.1 * ms)
            assert "connect" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "condition", [True, "True", None], ids=["True", "string", "None"]
)
def test_all_pairs_in_other_words(groups, condition):
    for kwds in ({}, {"p": 1}, {"n": 1}, {"p": 1.0, "n": 1}):
        synapses = DenseSynapses(*groups, "w : 1")
        synapses.connect(condition, **kwds)
        assert len(synapses) == 6
        assert synapses.mask is None


DELAYS = {
    "string": ("'2*ms'", NotImplementedError),
    "differing": (np.array([1, 2]) * ms, NotImplementedError),
    "number": (3, TypeError),
    "units": (3 * volt, DimensionMismatchError),
    "negative": (-1 * ms, ValueError),
}


@pytest.mark.parametrize(("value", "error"), DELAYS.values(), ids=DELAYS)
@pytest.mark.parametrize("owner", ["synapses", "pathway"])
def test_delays_that_are_refused(groups, owner, value, error):
    synapses = DenseSynapses(*groups, "w : 1", on_pre="w += 1")
    holder = synapses if owner == "synapses" else synapses.pre
    with pytest.raises(error):
        holder.delay = value
    synapses.connect()
    holder.delay = 2 * ms
    for view in (synapses.pre.delay, synapses.delay):
        np.testing.assert_array_equal(view / ms, np.full(6, 2))
    assert np.all(synapses.delay_[:] == 0.002)


def test_no_delay_is_accepted(groups):
    pathways = {"a": "w += 1", "b": "w += 2"}
    DenseSynapses(*groups, "w : 1", on_pre="w += 1", delay=0 * ms)
    DenseSynapses(*groups, "w : 1", on_pre=pathways, delay={"a": 0 * ms})


@pytest.mark.parametrize("model", ["w : 1", "w : 1\ny_post = d_post : 1 (summed)"])
def test_linked_variables_are_left_out(groups, model):
    """They have an index of their own; without it, other memory would be read."""
    source, _ = groups
    target = NeuronGroup(3, "d : 1 (linked)\ny : 1\ntwice = 2*d : 1")
    target.d = linked_var(source, "x", index=[2, 0, 1])
    code = {"on_pre": "d_post += 1"} if model == "w : 1" else {}
    with pytest.raises(KeyError, match="'d_post'.*linked"):
        DenseSynapses(source, target, model, **code)
    with pytest.raises(KeyError, match="'twice_post'.*linked"):
        DenseSynapses(source, target, "w : 1", on_pre="w += twice_post")
    synapses = DenseSynapses(source, target, "w : 1")
    with pytest.raises(KeyError, match="linked"):
        synapses.run_regularly("w += d_post")


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


def test_both_ends_cannot_sum_to_one_variable(groups):
    source, _ = groups
    model = "w : 1\nx_pre = w : 1 (summed)\nx_post = w : 1 (summed)"
    for synapses_class in (Synapses, DenseSynapses):
        with pytest.raises(ValueError, match="already updated by another summed"):
            synapses_class(source, source, model)


def test_one_variable_is_changed_under_one_name(groups):
    """Which change is lost would differ between processes."""
    code = "u_post += 1*mV\nu = 0.9*u"
    with pytest.raises(NotImplementedError, match="'u_post' and 'u' are one variable"):
        DenseSynapses(*groups, "w : 1", on_pre=code)
    synapses = DenseSynapses(*groups, "w : 1", on_pre="u_pre += 1*mV; u_post += 1*mV")
    with pytest.raises(NotImplementedError, match="'u_post' and 'u' are one variable"):
        synapses.run_regularly(code)


@pytest.mark.parametrize("name", ["mask", "shape", "pending", "traces", "positions"])
def test_variables_hidden_by_attributes(groups, name):
    """Reading ``synapses.mask`` would not give their values."""
    with pytest.raises(ValueError, match=f"'{name}'.*rename"):
        DenseSynapses(*groups, f"{name} : 1")
