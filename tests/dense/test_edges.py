"""Kinds of networks in which dense projections were wrong once, number by number.

Most run as NumPy code that does what compiled code does (`like_compiled`).
"""

import tracemalloc

import numpy as np
import pytest
from brian2 import (
    BrianObjectException,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    check_units,
    defaultclock,
    ms,
    prefs,
    seed,
)
from like_compiled import like_compiled

from spikefa.dense import DenseSynapses

NEURON = """
x : 1
tau_n : second
fixed : second (constant)
tau_g : second (shared)
slow = 2*tau_n : second
twice = 2*x : 1
ge : 1
"""


@pytest.fixture(autouse=True)
def _numpy():
    before = prefs.codegen.target, prefs.core.default_float_dtype
    prefs.codegen.target, prefs.core.default_float_dtype = "numpy", np.float64
    defaultclock.dt = 0.1 * ms
    yield
    prefs.codegen.target, prefs.core.default_float_dtype = before
    defaultclock.dt = 0.1 * ms


@pytest.fixture
def _compiled():
    with like_compiled(), np.errstate(divide="raise", invalid="raise"):
        yield


def neurons(name, n):
    group = NeuronGroup(
        n, NEURON, threshold="timestep(t, 0.1*ms) % 5 == (2*i) % 5", reset="", name=name
    )
    i = np.arange(n)
    group.x, group.tau_g = 0.3 * i, 2 * ms
    group.tau_n = group.fixed = (1 + i) * ms
    group.run_regularly("tau_n *= 1.1; x += 0.1", dt=0.4 * ms, name=f"{name}_regular")
    group.run_regularly("tau_g *= 1.1", dt=0.5 * ms, name=f"{name}_shared")
    return group


def both(act):
    """What a function of the class returns for each of the two."""
    found = []
    for synapses_class in (Synapses, DenseSynapses):
        seed(1)
        found.append([np.array(value) for value in act(synapses_class)])
    stock, dense = found
    assert any(np.ptp(value) for value in stock if value.size), "tests nothing"
    for one, other in zip(dense, stock, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def learned(model, on_pre, on_post="w += a", connect=None, **values):
    """Compare the weights that come out of some equations and statements."""

    def act(synapses_class):
        pre, post = neurons("edge_pre", 4), neurons("edge_post", 3)
        synapses = synapses_class(
            pre,
            post,
            f"w : 1\n{model}",
            on_pre=on_pre,
            on_post=on_post,
            method="exact",
            name="edge_s",
        )
        synapses.connect(**(connect or {}))
        i, j = np.array(synapses.i[:]), np.array(synapses.j[:])
        for name, value in values.items():
            setattr(synapses, name, eval(value, {"i": i, "j": j, "ms": ms}))
        Network(pre, post, synapses).run(4 * ms)
        return [synapses.w[:], pre.x[:], post.ge[:]]

    both(act)


TIME_CONSTANTS = {
    "bare name": ("", "tau_n"),
    "of a target": ("", "tau_n_post"),
    "of a source": ("", "tau_n_pre"),
    "constant, of a target": ("", "fixed"),
    "shared by neurons": ("", "tau_g"),
    "subexpression of neurons": ("", "slow"),
    "subexpression": ("sub = 3*tau_n : second", "sub"),
    "shared subexpression": ("sub = 3*tau_g : second (shared)", "sub"),
    "of a synapse": ("tau_p : second", "tau_p"),
}


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize(("more", "tau"), TIME_CONSTANTS.values(), ids=TIME_CONSTANTS)
def test_time_constants(more, tau, side):
    write, read = "a += 1", "w += a; ge_post += a"
    model = f"{more}\nda/dt = -a/{tau} : 1 (event-driven)"
    values = {"tau_p": "(1 + i + 2*j)*ms"} if tau == "tau_p" else {}
    learned(model, *((write, read) if side == "pre" else (read, write)), **values)


FED = {
    "clock-driven": ("dc/dt = -c/(5*ms) : 1 (clock-driven)", "c"),
    "subexpression of it": ("dc/dt = -c/(5*ms) : 1\nk = 2*c : 1", "k"),
    "number of synapses": ("", "0.1*N_incoming"),
    "neurons that are written": ("", "twice_pre"),
    "weights": ("", "w"),
}


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize(("more", "fed"), FED.values(), ids=FED)
def test_what_feeds_a_trace(more, fed):
    values = {"c": "1 + i + 10*j"} if "dc" in more else {}
    learned(
        f"{more}\nda/dt = -a/(2*ms) : 1 (event-driven)",
        f"a += {fed}; x_pre += 0.1*w",
        connect={"i": [0, 0, 0, 1, 1, 2, 3, 3], "j": [0, 1, 2, 0, 1, 1, 1, 2]},
        **values,
    )


def test_traces_of_stdp_are_kept_once_a_neuron():
    with like_compiled():
        synapses = DenseSynapses(
            neurons("kept_pre", 3),
            neurons("kept_post", 2),
            """
            w : 1
            gain : 1 (shared)
            tau : second (shared, constant)
            da/dt = -a/tau : 1 (event-driven)
            db/dt = -b/(2*tau_out) : 1 (event-driven)
            dc/dt = (b - c)/tau : 1 (event-driven)
            """,
            on_pre="a += gain*x_pre; w += b*c",
            on_post="b += 1; w += a",
        )
    sides = {name: trace.side for name, trace in synapses.traces.items()}
    assert sides == {"a": "pre", "b": "post", "c": "post"} or sides == {"a": "pre"}


MISSING = {
    "drawn": ("", "w += rand()", ""),
    "drawn by an equation": ("dc/dt = -c/ms + xi/ms**0.5 : 1", "w += c", ""),
    "divided": ("", "w += 1/abs(i - j)", ""),
    "whole numbers": ("n : integer", "w += 7 // n + 7 % n", "n"),
    "clock-driven": ("tau_p : second\ndc/dt = -c/tau_p : 1", "c += 1; w += c", "tau_p"),
    "event-driven": (
        "tau_p : second\ndc/dt = -c/tau_p : 1 (event-driven)",
        "c += 1; w += c",
        "tau_p",
    ),
    "by a subexpression": ("tau_p : second\nk = ms/tau_p : 1", "w += k", "tau_p"),
}


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("kind", MISSING)
def test_pairs_that_are_not_connected(kind):
    model, on_pre, name = MISSING[kind]
    values = {"tau_p": "(1 + i + j)*ms", "n": "1 + i + j"}

    def act(synapses_class):
        pre, post = neurons("miss_pre", 4), neurons("miss_post", 4)
        synapses = synapses_class(
            pre, post, f"w : 1\n{model}", on_pre=on_pre, method="euler", name="miss_s"
        )
        synapses.connect("i != j")
        if name:
            i, j = np.array(synapses.i[:]), np.array(synapses.j[:])
            value = eval(values[name], {"i": i, "j": j, "ms": ms})
            setattr(synapses, name, value)
        Network(pre, post, synapses).run(2 * ms)
        return [synapses.w[:]]

    both(act)


@pytest.mark.parametrize("steps", [(0.1, 0.05), (0.1, 0.2), (0.05, 0.1), (0.1, 0.04)])
@pytest.mark.parametrize("delay", [2.0, 1.0])
def test_time_steps_that_change_while_an_event_waits(steps, delay):
    def act(synapses_class):
        defaultclock.dt = steps[0] * ms
        source = SpikeGeneratorGroup(2, [0, 1], [1.0, 1.2] * ms, name="wait_source")
        target = NeuronGroup(1, "arrived : second", name="wait_target")
        synapses = synapses_class(
            source, target, on_pre="arrived_post += t", delay=delay * ms, name="wait_s"
        )
        synapses.connect()
        network = Network(source, target, synapses)
        network.run(1.6 * ms)
        defaultclock.dt = steps[1] * ms
        network.run(2 * ms)
        return [target.arrived[:], [0, 1]]

    both(act)


def test_events_that_synapses_would_lose():
    """Two time steps become one, and the queue of `Synapses` keeps the later events."""
    source = SpikeGeneratorGroup(2, [0, 1], [1.0, 1.1] * ms)
    target = NeuronGroup(1, "x : 1")
    synapses = DenseSynapses(source, target, on_pre="x_post += 1", delay=2 * ms)
    synapses.connect()
    network = Network(source, target, synapses)
    network.run(1.6 * ms)
    defaultclock.dt = 0.4 * ms
    with pytest.raises(BrianObjectException) as caught:
        network.run(2 * ms)
    assert "fall into one of them: use Synapses" in str(caught.value.__cause__)


@check_units(x=1, result=1)
def bump(x):
    return 1 / (1 + x**2)


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cython", marks=pytest.mark.slow)]
)
def test_functions_of_the_user_without_an_implementation(target):
    def act(synapses_class):
        prefs.codegen.target = target
        prefs.codegen.string_expression_target = "numpy"
        pre, post = neurons("user_pre", 3), neurons("user_post", 2)
        model = "w : 1\nx_post = bump(w) : 1 (summed)"
        code = "w += bump(x_pre)"
        if target == "cython":  # strings are evaluated with NumPy all the same
            model, code = "w : 1", "w += 1"
        synapses = synapses_class(
            pre, post, model, on_pre=code, namespace={"bump": bump}, name="user_s"
        )
        synapses.connect()
        synapses.w = "bump(i - j)"
        if target == "numpy":
            Network(pre, post, synapses).run(1 * ms)
        return [synapses.w[:], synapses.w["bump(w) > 0.5"]]

    both(act)


@pytest.mark.usefixtures("_compiled")
def test_names_of_pathways():
    """The published digit network has a trace ``pre``; a pathway may be ``ge``."""

    def act(synapses_class):
        pre, post = neurons("name_pre", 3), neurons("name_post", 2)
        synapses = synapses_class(
            pre,
            post,
            """
            w : 1
            dpre/dt = -pre/(2*ms) : 1 (event-driven)
            dpost1/dt = -post1/(3*ms) : 1 (event-driven)
            """,
            on_pre={"pre": "pre = 1.; w -= 0.01*post1", "ge": "ge_post += w"},
            on_post="w += 0.1*pre; post1 = 1.",
            name="name_s",
        )
        synapses.connect()
        synapses.ge.delay = 0.2 * ms
        assert synapses.pre.prepost == "pre"
        Network(pre, post, synapses).run(3 * ms)
        return [synapses.w[:], post.ge[:], synapses.state("pre")[:]]

    both(act)


@pytest.mark.usefixtures("_compiled")
def test_states_that_are_set_again():
    def act(synapses_class):
        pre, post = neurons("again_pre", 3), neurons("again_post", 2)
        synapses = synapses_class(
            pre,
            post,
            "w : 1\nda/dt = -a/tau : 1 (event-driven)",
            on_pre="a += 1",
            on_post="w += a",
            name="again_s",
        )
        synapses.connect()
        synapses.a = 0.5
        before = np.array(synapses.a[:])  # no 'tau' is known yet
        network = Network(pre, post, synapses)
        network.run(2 * ms, namespace={"tau": 2 * ms})
        synapses.set_states(synapses.get_states(read_only_variables=False))
        synapses.a[:] = synapses.a[:]
        network.run(2 * ms, namespace={"tau": 2 * ms})
        return [before, synapses.w[:], synapses.a[:], synapses.w["a > 1"]]

    both(act)


@pytest.mark.parametrize("given", [None, 2 * ms])
@pytest.mark.parametrize("item", [slice(None), 0, -1, (1, 0), [0, 2], "i == 1"])
def test_delays_are_read_as_arrays(given, item):
    answers = []
    for synapses_class in (Synapses, DenseSynapses):
        name = f"look_{synapses_class.__name__}"
        pre, post = neurons(f"{name}_pre", 3), neurons(f"{name}_post", 2)
        synapses = synapses_class(pre, post, on_pre="ge_post += 1", delay=given)
        synapses.connect("i < 2 or j == 0")
        synapses.delay = 2 * ms
        try:
            found = [view[item] / ms for view in (synapses.delay, synapses.pre.delay)]
            answers.append([np.asarray(value) for value in found])
        except IndexError:
            answers.append(IndexError)
    stock, dense = answers
    if stock is IndexError:
        assert dense is IndexError
        return
    for one, other in zip(dense, stock, strict=True):
        assert one.shape == other.shape
        np.testing.assert_array_equal(one, other)


def test_nothing_is_connected():
    def act(synapses_class):
        pre, post = neurons("none_pre", 3), neurons("none_post", 2)
        synapses = synapses_class(
            pre, post, "w : 1\nge_post = w : 1 (summed)", on_pre="x_post += 1"
        )
        synapses.connect(False)
        Network(pre, post, synapses).run(1 * ms)
        return [len(synapses), synapses.w[:], post.x[:], post.ge[:]]

    both(act)


@pytest.mark.usefixtures("_compiled")
@pytest.mark.parametrize("statement", ["w_post += 0.1*a_post", "a_post *= 0.5"])
def test_traces_that_other_synapses_use(statement):
    def act(synapses_class):
        pre, post = neurons("used_pre", 3), neurons("used_post", 2)
        reward = SpikeGeneratorGroup(1, [0, 0], [1, 2] * ms, name="used_reward")
        synapses = synapses_class(
            pre,
            post,
            "w : 1\nda/dt = -a/(2*ms) : 1 (event-driven)",
            on_pre="a += 1",
            on_post="w += a",
            name="used_s",
        )
        synapses.connect()
        other = Synapses(reward, synapses, on_pre=statement, name="used_z")
        other.connect()
        Network(pre, post, synapses, reward, other).run(3 * ms)
        return [synapses.w[:]]

    with pytest.raises(BrianObjectException) as caught:
        act(DenseSynapses)
    assert "'used_z_pre' uses 'a_post'" in str(caught.value.__cause__)
    assert str(caught.value.__cause__).endswith("use Synapses")


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("w += 1", False),
        ("x_pre += w", False),
        ("x_pre = w", True),
        ("w = rand()", True),
    ],
)
def test_the_order_of_synapses(code, refused):
    """That of `connect(i=..., j=...)`, where synapses of a neuron see each other."""

    def act(synapses_class):
        pre, post = neurons("turn_pre", 2), neurons("turn_post", 3)
        synapses = synapses_class(pre, post, "w : 1", on_pre=code, name="turn_s")
        synapses.connect(i=[1, 0, 0, 1, 0], j=[2, 1, 0, 0, 2])
        synapses.w = "i + 2*j"
        Network(pre, post, synapses).run(1 * ms)
        return [synapses.w[:], pre.x[:]]

    if not refused:
        both(act)
        return
    with pytest.raises(BrianObjectException) as caught:
        act(DenseSynapses)
    assert "in which order synapses are connected" in str(caught.value.__cause__)


def test_a_sum_over_lines():
    learned("x_post = (w +\n 2*w) : 1 (summed)", "w += 0.1", on_post=None)


@pytest.mark.usefixtures("_standalone")
def test_a_monitor_writes_the_indices_of_a_program():
    """What a monitor and other `Synapses` read is made known to the program."""
    pre, post = neurons("prog_pre", 3), neurons("prog_post", 2)
    synapses = DenseSynapses(
        pre,
        post,
        "w : 1\nda/dt = -a/ms : 1 (event-driven)",
        on_pre="a += 1; w += x_post",
        name="prog_s",
    )
    synapses.connect()
    monitor = StateMonitor(synapses, ["w", "a", "x_post", "i"], record=[0, 3])
    other = Synapses(synapses, post, "ge_post = w_pre + j_pre : 1 (summed)")
    other.connect(i=np.arange(6), j=[0, 1] * 3)
    Network(pre, post, synapses, monitor, other).run(1 * ms)


def test_to_connect_all_pairs_takes_no_memory():
    """No indices, of which there would be one for each synapse."""
    pre, post = NeuronGroup(700, "x : 1"), NeuronGroup(900, "x : 1")
    synapses = DenseSynapses(pre, post, "w : 1\nx_post = w : 1 (summed)")
    tracemalloc.start()
    try:
        synapses.connect()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(synapses.N_outgoing_pre, 900)
    np.testing.assert_array_equal(synapses.N_incoming_post, 700)
    assert peak < 700 * 900  # a byte for each
