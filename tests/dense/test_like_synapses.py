"""Indexing, setting and reading: `DenseSynapses` answers as `Synapses` does."""

import numpy as np
import pytest
from brian2 import (
    BrianObjectException,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    mV,
    prefs,
    seed,
)

from spikefa.dense import DenseSynapses

MODEL = """
w : 1
v_syn : volt
fixed : 1 (constant)
gain : 1 (shared)
k : integer
flag : boolean
double = 2*w + gain : 1
mixed = w*x_pre + z_post + i - j : 1
"""
NEURON = "x : 1\nz : 1\nu : volt"
outside = 7.5


class Pair:
    """The same projection twice: stock and dense."""

    def __init__(self, parts=(slice(None), slice(None))):
        self.source = NeuronGroup(5, NEURON, threshold="x > 0.5", reset="")
        self.target = NeuronGroup(4, NEURON, threshold="x > 0.5", reset="")
        self.source.x, self.target.z = "0.25*i", "0.125*i + 1"
        ends = self.source[parts[0]], self.target[parts[1]]
        kwds = {"on_pre": "z_post += w", "on_post": "z_pre += w"}
        self.stock = Synapses(*ends, MODEL, **kwds)
        self.stock.connect()
        self.dense = DenseSynapses(*ends, MODEL, **kwds)
        self.dense.connect()
        for synapses in self.both:
            synapses.w = np.arange(len(synapses)) / 8
            synapses.gain = 0.5

    @property
    def both(self):
        return self.stock, self.dense

    def same(self, question):
        """Ask both; the answers, or the types of the errors, have to agree."""
        answers = []
        for synapses in self.both:
            try:
                answers.append(np.asarray(question(synapses, self)))
            except BrianObjectException as error:
                answers.append(error.__cause__)
            except Exception as error:
                answers.append(error)
        stock, dense = answers
        if isinstance(stock, Exception) or isinstance(dense, Exception):
            assert type(dense) is type(stock), answers
        else:
            assert dense.shape == stock.shape
            np.testing.assert_allclose(dense, stock, rtol=1e-6)


@pytest.fixture(params=["numpy", pytest.param("cython", marks=pytest.mark.slow)])
def target(request):
    before = prefs.codegen.target
    prefs.codegen.target = request.param
    yield
    prefs.codegen.target = before


@pytest.fixture(
    params=[(slice(None), slice(None)), (slice(2, 5), slice(1, 4))],
    ids=["groups", "subgroups"],
)
def pair(request, target):
    return Pair(request.param)


ITEMS = {
    "all": slice(None),
    "one synapse": 3,
    "last synapse": -1,
    "no such synapse": 99,
    "some synapses": [2, 0, 5],
    "slice": slice(1, 7, 2),
    "pair": (1, 2),
    "row": (1, slice(None)),
    "column": (slice(None), 2),
    "step": (slice(None, None, 2), slice(1, None)),
    "array and integer": (np.array([2, 0]), 1),
    "lists": ([1, 2], [0, 2]),
    "negative": (-1, 0),
    "outside": (9, 0),
    "partly outside": ([0, 9], 0),
    "none": ([], 0),
    "masks": (np.array([True, False, True]), slice(None)),
    "three indices": (0, 0, slice(None)),
    "float": 1.5,
    "condition": "i > j",
    "condition on neurons": "x_pre > 0.3 and w > 0",
    "condition on names outside": "w > outside/8",
}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
@pytest.mark.parametrize("name", ["w", "mixed", "i"])
def test_reading(pair, name, item):
    pair.same(lambda synapses, _: getattr(synapses, name)[item])


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
@pytest.mark.parametrize("value", [2.5, "w + 10*i + 100*j + x_pre*mixed"])
def test_setting(pair, item, value):
    def assign(synapses, _):
        synapses.w[item] = value
        return synapses.w[:]

    pair.same(assign)


QUESTIONS = {
    "length": lambda s, _: len(s),
    "N_pre": lambda s, _: s.N_pre,
    "N_post": lambda s, _: s.N_post,
    "N": lambda s, _: s.N,
    "units": lambda s, _: s.v_syn[:] + 1 * mV,
    "shared": lambda s, _: s.gain,
    "shared item": lambda s, _: s.gain[:],
    "subgroup": lambda s, _: s.w[s[1, :]],
    "subgroup length": lambda s, _: len(s[:, 1]),
    "subgroup by condition": lambda s, _: s.w[s["i == 1"]],
    "neurons of the parent": lambda s, p: s.w[p.source[2:4], :],
    "both neurons": lambda s, p: s.w[p.source[1:4], p.target[:2]],
    "other neurons": lambda s, p: s.w[p.source[:1], 0],
    "indices": lambda s, _: s.indices[1, :],
    "indices by condition": lambda s, _: s.indices["i == 1 or j == 0"],
    "calculation": lambda s, _: s.w + 2 * s.double,
    "get_states": lambda s, _: s.get_states(["w", "i", "j", "gain"])["j"],
    "pre of synapses": lambda s, _: s.x_pre[:],
    "post of synapses": lambda s, _: s.z_post[1, :],
    "post without suffix": lambda s, _: s.z[:],
    "unknown variable": lambda s, _: s.nothing,
    "i is j": lambda s, _: s.i == s.j,
    "i and j": lambda s, _: (s.i[:], s.j[:]),
    "i of some": lambda s, _: s.i["j > 1"],
    "all states": lambda s, _: s.get_states()["N_incoming"],
    "subexpressions among states": lambda s, _: s.get_states(subexpressions=True)[
        "double"
    ],
    "sizes among states": lambda s, _: s.get_states()["N_pre"],
    "N_incoming": lambda s, _: s.N_incoming[:],
    "N_outgoing": lambda s, _: s.N_outgoing[1, :],
    "N_incoming_post": lambda s, _: s.N_incoming_post[-2:],
    "N_outgoing_pre": lambda s, _: s.N_outgoing_pre[-2:],
    "N_incoming in a string": lambda s, _: s.w["N_incoming > j"],
    "state updater": lambda s, _: s.state_updater is None,
    "event-driven": lambda s, _: s.event_driven is None,
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_questions(pair, question):
    pair.same(question)


def assign(name, value, item=slice(None)):
    def act(synapses, _):
        getattr(synapses, name)[item] = value
        return getattr(synapses, name)[:]

    return act


def assign_attribute(name, value):
    def act(synapses, _):
        setattr(synapses, name, value)
        return getattr(synapses, name)[:]

    return act


ASSIGNMENTS = {
    "scalar": assign_attribute("w", 3),
    "string": assign_attribute("w", "sqrt(i + 2*j)"),
    "array too short": assign_attribute("w", [1, 2]),
    "to a row": assign("w", [1, 2, 3], (1, [0, 1, 2])),
    "name outside": assign_attribute("w", "outside*i"),
    "unknown name": assign_attribute("w", "unheard_of*i"),
    "units": assign_attribute("v_syn", 3 * mV),
    "string with units": assign_attribute("v_syn", "i*mV + u_post"),
    "wrong units": assign_attribute("v_syn", 3),
    "wrong units in a string": assign_attribute("v_syn", "3*i"),
    "without units": assign_attribute("v_syn_", 3.0),
    "integer": assign_attribute("k", "i - j"),
    "boolean": assign_attribute("flag", "i > j"),
    "constant": assign_attribute("fixed", "i"),
    "shared": assign_attribute("gain", "2*3"),
    "shared by item": assign("gain", 4, 0),
    "shared on a condition": assign("gain", 4, "i > 0"),
    "subexpression": assign_attribute("double", 3),
    "subexpression by string": assign_attribute("double", "i"),
    "i": assign_attribute("i", 0),
    "postsynaptic": assign("z_post", 0.5),
    "postsynaptic from a string": assign("z_post", "w"),
}


@pytest.mark.parametrize("act", ASSIGNMENTS.values(), ids=ASSIGNMENTS)
def test_assignments(pair, act):
    pair.same(act)


def test_shared_variable_from_a_vector(pair):
    for synapses in pair.both:
        with pytest.raises((SyntaxError, BrianObjectException)):
            synapses.gain = "i"


def test_random_values(pair):
    """Drawn for each synapse, as many as there are, in the same order."""

    def draw(synapses, _):
        seed(3)
        synapses.w = "rand() + i"
        synapses.w["i > j"] = "randn()"
        return synapses.w[:]

    pair.same(draw)


def test_local_and_explicit_namespaces():
    source = NeuronGroup(2, NEURON, threshold="x > 0.5", reset="")
    step = 3.0  # not what the projections mean
    for synapses_class in (Synapses, DenseSynapses):
        synapses = synapses_class(source, source, "w : 1", namespace={"step": 2.0})
        synapses.connect()
        synapses.w = "step*i"
        np.testing.assert_array_equal(synapses.w[:], [0, 0, 2, 2])
    assert step == 3.0


def test_boolean_indices_choose():
    """As in NumPy; `Synapses` take them for the numbers 0 and 1."""
    group = NeuronGroup(3, NEURON)
    synapses = DenseSynapses(group, group, "w : 1")
    synapses.connect()
    synapses.w = "i + 10*j"
    chosen = synapses.i == synapses.j
    np.testing.assert_array_equal(synapses.w[chosen], [0, 11, 22])
    synapses.w[chosen] = 5
    assert list(synapses.w[:]) == [5, 10, 20, 1, 5, 21, 2, 12, 5]


def test_repr_names_the_shape():
    group = NeuronGroup(3, NEURON, name="layer")
    synapses = DenseSynapses(group, group[1:], "w : 1", name="forward")
    synapses.connect()
    assert repr(synapses).startswith("<DenseSynapses forward: 3 x 2 from layer to ")
    assert repr(synapses[1, :]) == "<DenseSubgroup, 2 synapses of forward>"


@pytest.mark.usefixtures("target")
class TestRunning:
    """What needs compiled code: monitors, store and restore, errors before a run."""

    model = "w : 1\ndouble = 2*w : 1\nmixed = w*x_pre : 1"

    def network(self, synapses_class, on_pre="z_post += w\nw += 0.5", **kwds):
        train = TimedArray(np.eye(3), dt=defaultclock.dt)
        source = NeuronGroup(
            3, NEURON, threshold="train(t, i) > 0", namespace={"train": train}, reset=""
        )
        target = NeuronGroup(2, NEURON, name="some_target*")
        synapses = synapses_class(source, target, self.model, on_pre=on_pre, **kwds)
        synapses.connect()
        synapses.w = "i + 10*j"
        return Network(source, target, synapses), synapses

    @pytest.mark.parametrize("names", ["w", ["w", "double"]])
    def test_monitor_of_some_synapses(self, names):
        recorded = []
        for synapses_class in (Synapses, DenseSynapses):
            network, synapses = self.network(synapses_class)
            monitor = StateMonitor(synapses, names, record=synapses[1:, 1])
            network.add(monitor)
            network.run(3 * defaultclock.dt)
            recorded.append([monitor.w[:], monitor[synapses[2, 1]].w])
            if "double" in names:
                recorded[-1].append(monitor.double[:])
        for stock, dense in zip(*recorded, strict=True):
            np.testing.assert_array_equal(dense, stock)

    @pytest.mark.parametrize("name", ["i", "x_pre", "z_post"])
    def test_monitor_of_what_depends_on_neurons(self, name):
        recorded = []
        for synapses_class in (Synapses, DenseSynapses):
            network, synapses = self.network(synapses_class)
            synapses.source.x = "2 + i"
            monitor = StateMonitor(synapses, name, record=[0, 3, 5])
            network.add(monitor)
            network.run(3 * defaultclock.dt)
            recorded.append(getattr(monitor, name)[:])
        np.testing.assert_array_equal(recorded[1], recorded[0])
        assert np.any(recorded[0])

    def test_synapses_onto_synapses(self):
        """A reward reaches the synapses of a dense projection."""
        found = []
        for synapses_class in (Synapses, DenseSynapses):
            # The name decides which runs first.
            network, synapses = self.network(synapses_class, name="learning")
            reward = SpikeGeneratorGroup(1, [0], [2] * defaultclock.dt)
            modulate = Synapses(
                reward, synapses, on_pre="w_post += 2*double_post", name="z"
            )
            modulate.connect("j % 2 == 0")
            network.add(reward, modulate)
            network.run(5 * defaultclock.dt)
            found.append(np.array(synapses.w[:]))
        np.testing.assert_array_equal(found[1], found[0])

    def test_store_and_restore(self):
        states = []
        for synapses_class in (Synapses, DenseSynapses):
            network, synapses = self.network(synapses_class)
            network.store()
            network.run(2 * defaultclock.dt)
            first = np.array(synapses.w[:])
            network.restore()
            restored = np.array(synapses.w[:])
            network.run(2 * defaultclock.dt)
            np.testing.assert_array_equal(synapses.w[:], first)
            states.append((first, restored))
        np.testing.assert_array_equal(states[0], states[1])

    @pytest.mark.parametrize(
        "on_pre",
        [
            "z_post += unheard_of",
            "z_post += w*volt",
            "u_post += w",
            "w += u_post",
            "double = 3",
            "unknown_post += w",
            "w = rand( )  +",
            "z_post += sin(u_post)",
            "local = u_post\nz_post += local",
        ],
    )
    def test_errors_before_a_run(self, on_pre):
        caught = []
        for synapses_class in (Synapses, DenseSynapses):
            try:
                network, _ = self.network(synapses_class, on_pre, name="connection")
                network.run(defaultclock.dt)
            except Exception as error:
                caught.append(error)
        stock, dense = caught  # two of them: both refused
        while stock is not None:
            assert type(dense) is type(stock)
            assert first_words(dense) == first_words(stock)
            stock, dense = stock.__cause__, dense.__cause__
        assert dense is None

    def test_indices_cannot_be_written(self):
        """`Synapses` lets statements overwrite its own connections."""
        for name in "ij":
            with pytest.raises(NotImplementedError, match=f"'{name}' says which"):
                self.network(DenseSynapses, f"{name} += 1")


def first_words(error):
    """The message up to where it names files, arrays or code objects."""
    return str(error).split("\n")[0].split("_codeobject")[0]
