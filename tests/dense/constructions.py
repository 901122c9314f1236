"""What users of Brian2 write with all-to-all synapses, as functions of the class.

Each builds and runs a network out of the class that it is given, and returns a function
that reads what came of it. Those of `AT_RUNTIME` look at values between runs.
"""

from functools import partial
from tempfile import TemporaryDirectory

import numpy as np
from brian2 import (
    Cylinder,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    cm,
    defaultclock,
    implementation,
    linked_var,
    ms,
    mV,
    network_operation,
    ohm,
    seed,
    siemens,
    uF,
    um,
)

__all__ = ["ANYWHERE", "AT_RUNTIME"]

ANYWHERE, AT_RUNTIME = {}, {}


def anywhere(function):
    """Mark what can be a part of a standalone program too."""
    ANYWHERE[function.__name__.replace("_", " ")] = function
    return function


def at_runtime(function):
    """Mark what needs the runtime device."""
    AT_RUNTIME[function.__name__.replace("_", " ")] = function
    return function


def source_of_spikes(name, n=6, steps=60, seed=0, share=0.3):
    """Neurons that spike at random, as a table says."""
    table = np.random.default_rng(seed).random((steps, n)) < share
    step, neuron = np.nonzero(table)
    return SpikeGeneratorGroup(n, neuron, step * defaultclock.dt, name=name)


def neurons(name, n=5, model="", threshold="v > 1", **kwds):
    """Leaky neurons with a few variables to write to."""
    group = NeuronGroup(
        n,
        f"dv/dt = (drive - v)/(2*ms) : 1\ndrive : 1\ng : 1\nh : 1\n{model}",
        threshold=threshold,
        reset="v = 0",
        method="exact",
        name=name,
        **kwds,
    )
    group.drive = np.linspace(0.8, 2, n)
    return group


def steps(n):
    return n * defaultclock.dt


def values(*views):
    """Read views, or what functions return, when asked."""
    return lambda: [np.array(view() if callable(view) else view[:]) for view in views]


def recorded(monitor, *names):
    """What a monitor has of some variables, not read before the program has run."""
    return [partial(getattr, monitor, name) for name in names]


@anywhere
def linked_to_as_many_values(S):
    other = NeuronGroup(5, "dd/dt = -d/ms : 1", method="exact", name="many_level")
    other.d = "i + 1"
    pre = source_of_spikes("many_pre")
    post = neurons("many_post", model="d : 1 (linked)\ntwice = 2*d + g : 1")
    post.d = linked_var(other, "d")
    synapses = S(pre, post, "w : 1", on_pre="w += d_post + twice_post", name="many_s")
    synapses.connect()
    Network(other, pre, post, synapses).run(steps(40))
    return values(synapses.w)


@anywhere
def subgroups_of_subgroups(S):
    pre, post = neurons("sub_pre", 12), neurons("sub_post", 11)
    synapses = S(
        pre[2:10][1:6],
        post[3:][2:7],
        "w : 1\na : 1",
        on_pre="g_post += w*i; h_post += 0.01*j",
        on_post="w += 0.1*j + 0.01*N_outgoing + 0.001*N_incoming",
        name="sub_s",
    )
    synapses.connect()
    synapses.w, synapses.a = "i - j", "i + 100*j + v_pre"
    Network(pre, post, synapses).run(steps(40))
    return values(post.g, post.h, synapses.w, synapses.a)


@anywhere
def sums_on_both_sides(S):
    group = neurons("sums_group", 7, "total : 1\nback : 1")
    synapses = S(
        group[1:6],
        group[2:],
        """
        w : 1
        total_post = w*(v_pre - v_post) : 1 (summed)
        back_pre = w*v_post + i : 1 (summed)
        """,
        name="sums_s",
    )
    synapses.connect()
    synapses.w = "0.1*(i + 2*j)"
    group.run_regularly("drive = 1.5 + 0.01*total + 0.001*back")
    Network(group, synapses).run(steps(40))
    return values(group.v, group.total, group.back)


@anywhere
def pathways_in_another_order(S):
    pre, post = source_of_spikes("order_pre"), neurons("order_post")
    synapses = S(
        pre,
        post,
        "w : 1\nu : 1",
        on_pre={"zeta": "w += 0.1*g_post", "alpha": "g_post = w + u", "mid": "u += w"},
        on_post={"late": "w *= 0.9", "early": "u = 0.5*w"},
        delay={"mid": 0.3 * ms, "late": 0.2 * ms},
        name="order_s",
    )
    synapses.connect()
    synapses.w = "0.1 + 0.1*i"
    synapses.zeta.order = -3
    synapses.early.order = 5
    synapses.alpha.when = "before_synapses"
    Network(pre, post, synapses).run(steps(50))
    return values(post.g, synapses.w, synapses.u)


@anywhere
def operations_on_synapses(S):
    pre, post = source_of_spikes("oper_pre"), neurons("oper_post")
    synapses = S(
        pre,
        post,
        "w : 1\nu : 1\nn : integer\nlate : boolean\ngain : 1 (shared)",
        on_pre="g_post += w*gain + int(late)",
        name="oper_s",
    )
    synapses.connect()
    synapses.w = "0.1*i - 0.01*j"
    synapses.gain = 1
    synapses.run_regularly("w = w*0.9 + 0.01*v_post", dt=0.3 * ms, when="end")
    synapses.run_regularly("u += w; n += 1; late = n > 5", dt=0.2 * ms, order=2)
    synapses.run_regularly("h_post += w", dt=0.5 * ms, when="start")
    synapses.run_regularly("gain *= 0.99")
    Network(pre, post, synapses).run(steps(50))
    return values(post.g, post.h, synapses.w, synapses.u, synapses.n, synapses.late)


@anywhere
def tables_in_statements(S):
    table = TimedArray(np.arange(60).reshape(10, 6) / 10, dt=0.4 * ms, name="tables_t")
    plain = TimedArray(np.arange(20) / 10, dt=0.2 * ms, name="tables_p")
    pre, post = source_of_spikes("tables_pre"), neurons("tables_post")
    synapses = S(
        pre,
        post,
        "w : 1\nf = table(t, i)*plain(t) : 1\n"
        "still = 2*plain(t) : 1 (constant over dt)",
        on_pre="g_post += table(t, i) + table(t, j); w += f*still",
        on_post="w -= plain(t)",
        name="tables_s",
        namespace={"table": table, "plain": plain},
    )
    synapses.connect()
    Network(pre, post, synapses).run(steps(50))
    return values(post.g, synapses.w)


@anywhere
def refractory_on_both_sides(S):
    group = NeuronGroup(
        8,
        "dv/dt = (1.3 - v)/ms : 1 (unless refractory)\nx : 1",
        threshold="v > 1",
        reset="v = 0; x += 1",
        refractory="0.3*ms + 0.1*ms*i",
        method="euler",
        name="refr_group",
    )
    group.v = "i/8.0"
    synapses = S(
        group,
        group,
        "w : 1",
        on_pre="v_post += w",
        on_post="v_pre += 0.5*w; w += 0.01*int(not_refractory_pre)"
        " + 0.001*(t - lastspike_pre)/ms",
        delay={"pre": 0.1 * ms},
        name="refr_s",
    )
    synapses.connect()
    synapses.w = "0.05 + 0.001*i"
    Network(group, synapses).run(steps(60))
    return values(group.v, group.x, synapses.w)


@anywhere
def conditions_on_pairs(S):
    pre, post = source_of_spikes("cond_pre"), neurons("cond_post", 6)
    synapses = S(pre, post, "w : 1\nk : integer", on_pre="g_post += w", name="cond_s")
    synapses.connect()
    synapses.w = 1
    synapses.w["i == j"] = 0
    synapses.w["i > j and w > 0"] = "w + 0.1*i"
    synapses.w[2, :] = 3
    synapses.w[:, [0, 4]] = "-0.5*i"
    synapses.k["(i + j) % 2 == 0"] = "i // 2 + 7"
    synapses.w[5] = 9
    Network(pre, post, synapses).run(steps(30))
    return values(post.g, synapses.w, synapses.k)


@anywhere
def clocks_of_their_own(S):
    pre = SpikeGeneratorGroup(
        4, [0, 1, 2, 3, 0, 2], [0, 0.4, 0.8, 1.2, 2.4, 3.2] * ms, dt=0.4 * ms,
        name="clock_pre",
    )  # fmt: skip
    post = neurons("clock_post", 3, "s : 1", dt=0.2 * ms)
    synapses = S(
        pre,
        post,
        """
        w : 1
        last : second
        dc/dt = (v_post - c)/ms : 1 (clock-driven)
        dp/dt = -p/ms : 1 (event-driven)
        dq/dt = -q/ms : 1 (event-driven)
        s_post = c*w : 1 (summed)
        """,
        on_pre="g_post += w + q; p += 1; last = t",
        on_post="w += 0.1*p + 0.01*c; q += 0.5",
        delay={"pre": 0.7 * ms, "post": 0.3 * ms},
        dt=0.3 * ms,
        method="euler",
        name="clock_s",
    )
    synapses.connect()
    synapses.w = "0.2*i + 0.1*j"
    synapses.run_regularly("w += 0.001", dt=0.5 * ms)
    Network(pre, post, synapses).run(4.8 * ms)
    return values(post.g, post.s, synapses.w, synapses.c, synapses.p, synapses.last)


@anywhere
def two_projections_by_default_names(S):
    """Which of them writes first is decided by their names."""
    pre, post = source_of_spikes("names_pre"), neurons("names_post")
    first = S(pre, post, "w : 1", on_pre="g_post = g_post*0.5 + w", name="names_b")
    second_one = S(pre, post, "w : 1", on_pre="g_post = g_post*w", name="names_a")
    third = Synapses(pre, post, "w : 1", on_pre="g_post -= w", name="names_ab")
    for synapses in (first, second_one, third):
        synapses.connect()
        synapses.w = "0.1*(i + 1) + 0.01*j"
    Network(pre, post, first, second_one, third).run(steps(40))
    return values(post.g)


@anywhere
def functions_of_the_user(S):
    @implementation(
        "cython", "cdef double twist(double x, double y):\n    return x*y + y"
    )
    @implementation("cpp", "double twist(double x, double y) { return x*y + y; }")
    @implementation("numpy", discard_units=True)
    @check_units(x=1, y=1, result=1)
    def twist(x, y):
        return x * y + y

    pre, post = source_of_spikes("func_pre"), neurons("func_post")
    synapses = S(
        pre,
        post,
        "w : 1\nturned = twist(w, v_post) : 1",
        on_pre="g_post += twist(w, 2); w += 0.01*turned",
        namespace={"twist": twist},
        name="func_s",
    )
    synapses.connect()
    synapses.w = "0.1*i + 0.01*j"
    Network(pre, post, synapses).run(steps(40))
    return values(post.g, synapses.w)


@anywhere
def stdp_of_the_tutorial(S):
    pre, post = source_of_spikes("stdp_pre"), neurons("stdp_post")
    synapses = S(
        pre,
        post,
        """
        w : 1
        dapre/dt = -apre/taupre : 1 (event-driven)
        dapost/dt = -apost/taupost : 1 (event-driven)
        """,
        on_pre="""
        v_post += w
        apre += Apre
        w = clip(w + apost, 0, wmax)
        """,
        on_post="""
        apost += Apost
        w = clip(w + apre, 0, wmax)
        """,
        namespace={
            "taupre": 2 * ms, "taupost": 3 * ms, "wmax": 1, "Apre": 0.01,
            "Apost": -0.02,
        },
        name="stdp_s",
    )  # fmt: skip
    synapses.connect()
    synapses.w = "0.02*i + 0.1*j"
    monitor = StateMonitor(
        synapses, ["w", "apre", "apost"], record=synapses[1, :], name="stdp_m"
    )
    spikes = SpikeMonitor(post, name="stdp_spikes")
    Network(pre, post, synapses, monitor, spikes).run(steps(60))
    return values(
        synapses.w, synapses.apre, synapses.apost, synapses.lastupdate,
        *recorded(monitor, "w", "apre", "apost"), spikes.t, spikes.i,
    )  # fmt: skip


@anywhere
def short_term_plasticity(S):
    """Facilitation and depression after Tsodyks and Markram."""
    pre, post = source_of_spikes("short_pre"), neurons("short_post")
    synapses = S(
        pre,
        post,
        """
        w : 1
        r_S : 1
        du/dt = -u/(3*ms) : 1 (event-driven)
        dx/dt = (1 - x)/(5*ms) : 1 (event-driven)
        """,
        on_pre="u += 0.2*(1 - u); r_S = u*x; x -= r_S; g_post += w*r_S",
        name="short_s",
    )
    synapses.connect()
    synapses.w, synapses.x = "i + 0.1*j", 1
    Network(pre, post, synapses).run(steps(60))
    return values(post.g, synapses.u, synapses.x, synapses.r_S)


@anywhere
def triplets(S):
    pre, post = source_of_spikes("trip_pre"), neurons("trip_post")
    synapses = S(
        pre,
        post,
        """
        w : 1
        dr1/dt = -r1/(2*ms) : 1 (event-driven)
        dr2/dt = -r2/(4*ms) : 1 (event-driven)
        do1/dt = -o1/(2*ms) : 1 (event-driven)
        do2/dt = -o2/(5*ms) : 1 (event-driven)
        """,
        on_pre="w = clip(w - o1*(0.01 + 0.02*r2), 0, 1); r1 += 1; r2 += 1; g_post += w",
        on_post="w = clip(w + r1*(0.01 + 0.03*o2), 0, 1); o1 += 1; o2 += 1",
        name="trip_s",
    )
    synapses.connect()
    synapses.w = "0.1*i + 0.01*j"
    Network(pre, post, synapses).run(steps(60))
    return values(post.g, synapses.w, synapses.r1, synapses.r2, synapses.o2)


@anywhere
def saturating_synapses(S):
    """Of the example nonlinear.py: each has two differential equations."""
    pre = source_of_spikes("sat_pre", 3)
    post = neurons("sat_post", 2, "total : 1")
    synapses = S(
        pre,
        post,
        """
        dg_syn/dt = -a*g_syn + b*x*(1 - g_syn) : 1 (clock-driven)
        dx/dt = -c*x : 1 (clock-driven)
        w : 1
        total_post = g_syn*w : 1 (summed)
        """,
        on_pre="x += w",
        namespace={"a": 1 / (1 * ms), "b": 1 / (2 * ms), "c": 1 / (3 * ms)},
        method="euler",
        name="sat_s",
    )
    synapses.connect()
    synapses.w = "1 + i + 0.1*j"
    monitor = StateMonitor(synapses, ["g_syn", "x"], record=True, name="sat_m")
    Network(pre, post, synapses, monitor).run(steps(40))
    return values(post.total, *recorded(monitor, "g_syn", "x"))


@anywhere
def reward_and_eligibility(S):
    """Neuromodulation: synapses onto synapses."""
    pre, post = source_of_spikes("rew_pre"), neurons("rew_post")
    dopamine = source_of_spikes("rew_dopamine", 1, seed=5, share=0.2)
    synapses = S(
        pre,
        post,
        """
        s : 1
        d : 1
        dapre/dt = -apre/(2*ms) : 1 (event-driven)
        dc/dt = -c/(10*ms) : 1 (clock-driven)
        """,
        on_pre="g_post += s; apre += 0.1; c = clip(c - 0.01*v_post, -1, 1)",
        on_post="c = clip(c + apre, -1, 1)",
        method="exact",
        name="rew_s",
    )
    synapses.connect()
    synapses.s = "0.1*i"
    reward = Synapses(dopamine, synapses, on_pre="s_post += c_post; d_post += 1",
                      name="rew_r")  # fmt: skip
    reward.connect()
    Network(pre, post, dopamine, synapses, reward).run(steps(60))
    return values(synapses.s, synapses.c, synapses.d, post.g)


@anywhere
def distances_in_conditions(S):
    """Without self-connections and only up to a distance."""
    group = neurons("dist_group", 9, "x : metre\nnear = x < 500*um : boolean")
    group.x = np.arange(9) * 100 * um  # known before a program runs
    limit = 700 * um  # noqa: F841
    synapses = S(group, group, "w : 1", on_post="w += 0.1*j", name="dist_s")
    synapses.connect(condition="i != j and sqrt((x_pre - x_post)**2) < limit")
    partner = S(group, group, "w : 1", on_post="g_pre += w", name="dist_s2")
    partner.connect(condition="near_pre or abs(i - j) <= 4 or not (i // 3 == j // 3)")
    synapses.w = "exp(-(x_pre - x_post)**2/(2*limit**2))"
    partner.w = "0.1*i - 0.2*j"
    Network(group, synapses, partner).run(steps(40))
    return values(
        synapses.i, synapses.j, synapses.w, partner.i, partner.w, group.g
    )  # fmt: skip


@anywhere
def masked_and_monitored(S):
    group = neurons("mask_group", 6, "s : 1")
    synapses = S(
        group,
        group,
        """
        w : 1
        dapre/dt = -apre/(2*ms) : 1 (event-driven)
        k = 2*w + i - 10*j : 1
        s_post = w*v_pre : 1 (summed)
        """,
        on_pre="g_post += w; apre += 0.1; w += 0.01*g_post",
        on_post="w = clip(w + apre, 0, 1)",
        delay={"pre": 0.2 * ms},
        name="mask_s",
    )
    synapses.connect("i != j")
    synapses.w = "0.1*i + 0.02*j"
    synapses.w["i == 2"] = 0.5
    synapses.w["j == 3"] = "2*w"
    synapses.run_regularly("w *= 0.99; h_post += 0.1*w", dt=0.3 * ms)
    monitor = StateMonitor(
        synapses, ["w", "k", "apre"], record=synapses[:, 1:3], name="mask_m"
    )
    everything = StateMonitor(synapses, "w", record=True, dt=0.5 * ms, name="mask_e")
    Network(group, synapses, monitor, everything).run(steps(50))
    return values(
        group.g, group.h, group.s, synapses.w, synapses.k, synapses.apre,
        *recorded(monitor, "w", "k", "apre"), *recorded(everything, "w"),
    )  # fmt: skip


@anywhere
def two_runs(S):
    """Between them weights, delays and what is active change."""
    pre, post = source_of_spikes("runs_pre"), neurons("runs_post")
    synapses = S(
        pre,
        post,
        """
        w : 1
        scale : 1 (shared)
        dapre/dt = -apre/(2*ms) : 1 (event-driven)
        """,
        on_pre={"go": "g_post += w*scale; apre += 0.1", "learn": "w += 0.01*v_post"},
        on_post="w = clip(w + apre, 0, 1)",
        name="runs_s",
    )
    synapses.connect()
    synapses.w, synapses.scale = "0.1*i + 0.02*j", 1
    network = Network(pre, post, synapses)
    network.run(steps(20))
    synapses.scale, synapses.w["i < 2"] = 3, 0
    synapses.apre = 0
    synapses.learn.active = False
    network.run(steps(20))
    synapses.learn.active = True
    synapses.w = "0.5*w"
    network.run(steps(15))
    return values(post.g, synapses.w, synapses.apre)


@anywhere
def cable_as_target(S):
    pre = source_of_spikes("cable_pre", 4)
    neuron = SpatialNeuron(
        Cylinder(length=100 * um, diameter=2 * um, n=7),
        "Im = gl*(El - v) + g_in*(E_in - v)/area : amp/metre**2\ng_in : siemens",
        Cm=1 * uF / cm**2,
        Ri=100 * ohm * cm,
        namespace={"gl": 1e-4 * siemens / cm**2, "El": -70 * mV, "E_in": 0 * mV},
        method="exponential_euler",
        name="cable_post",
    )
    neuron.v = -70 * mV
    synapses = S(
        pre, neuron[2:6], "w : siemens", on_pre="g_in_post += w", name="cable_s"
    )
    synapses.connect()
    synapses.w = "(i + 0.1*j)*1e-4*uS"
    Network(pre, neuron, synapses).run(steps(30))
    return values(neuron.g_in, neuron.v)


@anywhere
def event_of_another_kind(S):
    group = neurons("event_group", 6, events={"high": "v > 0.7"})
    synapses = S(
        group,
        group,
        "w : 1\ndapre/dt = -apre/ms : 1 (event-driven)",
        on_pre={"up": "h_post += w; apre += 1", "pre": "g_post += w + apre"},
        on_post={"down": "w += 0.01*apre"},
        on_event={"up": "high", "down": "high", "pre": "spike"},
        delay={"up": 0.2 * ms},
        name="event_s",
    )
    synapses.connect()
    synapses.w = "0.1*i - 0.01*j"
    Network(group, synapses).run(steps(40))
    return values(group.g, group.h, synapses.w, synapses.apre)


@anywhere
def homeostasis_by_rates(S):
    pre, post = source_of_spikes("home_pre"), neurons("home_post", model="rate : Hz")
    rates = PopulationRateMonitor(post, name="home_rates")
    synapses = S(
        pre,
        post,
        "w : 1\nwin = w*(1 - rate_post/(100*Hz)) : 1",
        on_pre="v_post += 0.1*win",
        on_post="w += 0.1*(1 - w); rate_post += 10*Hz/N_pre",
        name="home_s",
    )
    synapses.connect()
    synapses.w = "0.2*i"
    Network(pre, post, synapses, rates).run(steps(50))
    return values(post.rate, synapses.w, post.v, rates.rate)


@anywhere
def units_everywhere(S):
    pre, post = source_of_spikes("unit_pre"), neurons("unit_post", model="u : volt")
    synapses = S(
        pre,
        post,
        "w : volt\ntau : second\nda/dt = -a/tau : volt (event-driven)",
        on_pre="u_post += w*exp(-t/tau) + a; a += 0.1*mV",
        on_post="w = clip(w + a/2, 0*mV, 3*mV)",
        name="unit_s",
    )
    synapses.connect()
    synapses.w, synapses.tau = "i*mV + j*0.1*mV", "2*ms + 0.1*ms*j"
    Network(pre, post, synapses).run(steps(40))
    return values(post.u, synapses.w, synapses.a)


@anywhere
def names_that_templates_use(S):
    """Variables named like what the templates of dense projections are given.

    No threshold is at a number of steps: targets round differently.
    """
    pre = NeuronGroup(
        5, "steps : 1\nside : 1\nv = t/ms*(i + 1) : 1", threshold="v % 0.7 > 0.41",
        reset="", name="told_pre",
    )  # fmt: skip
    pre.steps, pre.side = "i", "0.5*i"
    post = neurons("told_post", model="total : 1\nturn : 1\nlast : second")
    synapses = S(
        pre,
        post,
        """
        matrix : 1
        factor : 1
        sums : 1
        waiting : integer
        masked : boolean
        total_post = matrix*side_pre + factor : 1 (summed)
        """,
        on_pre={
            "go": "g_post += matrix*factor; last_post = t; waiting += int(masked)",
            "late": "turn_post += sums + steps_pre*matrix",
        },
        on_post="sums += factor*side_pre",
        delay={"late": 0.2 * ms},
        name="told_s",
    )
    synapses.connect()
    synapses.matrix, synapses.factor, synapses.masked = "i + 1", "0.1*j + 1", "i > j"
    synapses.run_regularly("factor += side_pre*turn_post*1e-3", dt=0.3 * ms)
    synapses.run_regularly("matrix *= 0.99; waiting += 1", dt=0.4 * ms)
    Network(pre, post, synapses).run(steps(40))
    return values(
        post.g, post.turn, post.total, post.last, synapses.matrix, synapses.factor,
        synapses.sums, synapses.waiting,
    )  # fmt: skip


@anywhere
def read_and_written_in_one_statement(S):
    """Each synapse sees what those before it did."""
    group = neurons("chain_group", 5)
    synapses = S(
        group,
        group,
        "w : 1",
        on_pre="g_post += 0.1*g_pre + w; h_pre = h_pre*0.5 + g_post",
        on_post="w += 0.01*h_post; h_post *= 0.9",
        name="chain_s",
    )
    synapses.connect()
    synapses.w = "0.1*i - 0.01*j"
    Network(group, synapses).run(steps(40))
    return values(group.g, group.h, synapses.w)


@at_runtime
def network_operation_on_weights(S):
    """Columns are normalised, and a history is kept."""
    pre, post = source_of_spikes("norm_pre"), neurons("norm_post")
    synapses = S(
        pre, post, "w : 1", on_pre="g_post += w", on_post="w += 0.1", name="norm_s"
    )
    synapses.connect()
    synapses.w = "0.1*i + 0.2*j + 0.1"
    history = []

    @network_operation(dt=0.5 * ms, when="end")
    def normalise():
        w = np.array(synapses.w[:]).reshape(6, 5)
        history.append(w.sum())
        synapses.w = (w / w.sum(axis=0)).ravel()
        synapses.w[0, :] *= 2
        synapses.w["i == 1"] = 0.25

    Network(pre, post, synapses, normalise).run(steps(50))
    return lambda: [np.array(history), post.g[:], synapses.w[:]]


@at_runtime
def store_and_restore_with_events_on_their_way(S):
    pre, post = source_of_spikes("store_pre"), neurons("store_post")
    synapses = S(
        pre,
        post,
        "w : 1\nda/dt = -a/ms : 1 (event-driven)",
        on_pre="g_post += w + a; a += 0.1; w += 0.01",
        on_post="w += a",
        delay={"pre": 0.5 * ms, "post": 0.3 * ms},
        name="store_s",
    )
    synapses.connect()
    synapses.w = "0.1*i + 0.2*j"
    network = Network(pre, post, synapses)
    network.store("new")
    found = []
    for _ in range(2):
        network.run(steps(13))
        network.store("later")
        network.run(steps(9))
        found += [np.array(v[:]) for v in (post.g, synapses.w, synapses.a)]
        network.restore("later")
        synapses.pre.delay = 0.7 * ms
        network.run(steps(9))
        found += [np.array(v[:]) for v in (post.g, synapses.w, synapses.a)]
        network.restore("new")
        network.run(steps(2))
        found += [np.array(post.g[:]), np.array(synapses.w[:])]
        network.restore("new")
    return lambda: found


@at_runtime
def states_as_dictionaries(S):
    group = neurons("dict_group", 6)
    synapses = S(
        group,
        group,
        "w : 1\nv_s : volt\ng_s : 1 (shared)\nda/dt = -a/ms : 1 (event-driven)",
        on_pre="g_post += w*g_s; a += 1",
        on_post="w += 0.1*a",
        name="dict_s",
    )
    synapses.connect("i != j")
    synapses.w, synapses.v_s, synapses.g_s = "0.1*i", "i*mV", 2
    network = Network(group, synapses)
    network.run(steps(20))
    states = synapses.get_states()
    # Among the states of `Synapses` since Brian2 2.11; here a pathway has one delay.
    states.pop("delay", None)
    found = [np.asarray(states[name]) for name in sorted(states)]
    known = network.get_states()["dict_s"]
    found.append(np.array([name in known for name in states]))
    synapses.set_states({"w": states["w"] * 2, "g_s": 3, "v_s": states["v_s"]})
    network.run(steps(20))
    plain = synapses.get_states(["v_s", "w"], units=False)
    return lambda: [*found, plain["v_s"], plain["w"], synapses.w[:], group.g[:]]


@at_runtime
def monitors_by_condition(S):
    pre, post = source_of_spikes("by_pre"), neurons("by_post")
    synapses = S(
        pre, post, "w : 1\nk = w + i : 1", on_pre="g_post += w; w += 0.1", name="by_s"
    )
    synapses.connect()
    synapses.w = "0.1*i + 0.2*j"
    by_condition = StateMonitor(synapses, ["w", "k"], record=synapses["i > j"])
    by_index = StateMonitor(synapses, "w", record=np.flatnonzero(synapses.w[:] > 0.5))
    sources = StateMonitor(synapses, "v_post", record=synapses[0, :])
    Network(pre, post, synapses, by_condition, by_index, sources).run(steps(20))
    return lambda: [
        by_condition.w, by_condition.k, by_condition.record, by_index.w,
        by_index.record, sources.v_post, by_condition[synapses[2, 1]].w,
    ]  # fmt: skip


@at_runtime
def assignments_in_python(S):
    local_scale, other = 3, np.arange(30) / 10  # noqa: F841
    pre, post = source_of_spikes("py_pre"), neurons("py_post")
    synapses = S(
        pre, post, "w : 1\nu : 1\nd : second", on_pre="g_post += w", name="py_s"
    )
    synapses.connect()
    synapses.w = "local_scale*i + j"
    synapses.w *= 0.5
    synapses.w[:] += other
    synapses.w = synapses.w + 1
    synapses.w[2] += 1
    synapses.w[1, :] -= 0.5
    synapses.u = synapses.w
    synapses.u[::2] = synapses.w[1::2]
    synapses.u[np.flatnonzero(synapses.i == synapses.j)] = 7
    synapses.d = 3 * ms
    synapses.d["i == 2"] = "5*ms*local_scale"
    synapses.state("u")[3:5] = [1, 2]
    Network(pre, post, synapses).run(steps(20))
    return lambda: [
        synapses.w[:], synapses.u[:], synapses.d[:], post.g[:], synapses.w.shape,
        len(synapses.w), np.shape(synapses.w), np.sum(synapses.w), np.array(synapses.w),
        synapses.w > 2, [float(w) for w in synapses.w],
    ]  # fmt: skip


@at_runtime
def time_constants_between_runs(S):
    """A name of the outside means another value in the next run."""
    pre, post = source_of_spikes("tau_pre"), neurons("tau_post")
    synapses = S(
        pre,
        post,
        "w : 1\ndapre/dt = -apre/tau : 1 (event-driven)",
        on_pre="apre += 1",
        on_post="w += apre",
        name="tau_s",
    )
    synapses.connect()
    network = Network(pre, post, synapses)
    network.run(steps(20), namespace={"tau": 2 * ms})
    network.run(steps(20), namespace={"tau": 0.5 * ms})
    return values(synapses.w, synapses.apre)


@at_runtime
def shared_time_constants_between_runs(S):
    pre, post = source_of_spikes("stau_pre"), neurons("stau_post")
    synapses = S(
        pre,
        post,
        "w : 1\ntau : second (shared, constant)\n"
        "dapre/dt = -apre/tau : 1 (event-driven)",
        on_pre="apre += 1",
        on_post="w += apre",
        name="stau_s",
    )
    synapses.connect()
    synapses.tau = 2 * ms
    network = Network(pre, post, synapses)
    network.run(steps(20))
    synapses.tau = 0.5 * ms
    network.run(steps(20))
    return values(synapses.w, synapses.apre)


@at_runtime
def traces_set_between_runs(S):
    pre, post = source_of_spikes("set_pre"), neurons("set_post")
    synapses = S(
        pre,
        post,
        "w : 1\ndapre/dt = -apre/(2*ms) : 1 (event-driven)",
        on_pre="apre += 1",
        on_post="w += apre",
        name="set_s",
    )
    synapses.connect()
    synapses.apre = 0.5
    network = Network(pre, post, synapses)
    network.run(steps(20))
    synapses.apre = 1
    network.run(steps(20))
    return values(synapses.w, synapses.apre)


@at_runtime
def time_steps_between_runs(S):
    pre, post = source_of_spikes("dt_pre"), neurons("dt_post")
    synapses = S(
        pre,
        post,
        "w : 1\ndapre/dt = -apre/(2*ms) : 1 (event-driven)",
        on_pre="apre += 1; g_post += w",
        on_post="w += apre",
        name="dt_s",
    )
    synapses.connect()
    network = Network(pre, post, synapses)
    network.run(2 * ms)
    post.clock.dt = 0.05 * ms
    network.run(2 * ms)
    post.clock.dt = 0.1 * ms
    return values(synapses.w, synapses.apre, post.g)


@at_runtime
def random_numbers_of_a_seed(S):
    pre, post = source_of_spikes("rand_pre"), neurons("rand_post")
    synapses = S(
        pre, post, "w : 1", on_pre="w += rand(); g_post += w*randn()", name="rand_s"
    )
    synapses.connect()
    seed(4)
    synapses.w = "rand()"
    Network(pre, post, synapses).run(steps(20))
    return values(synapses.w, post.g)


@at_runtime
def stored_in_a_file(S):
    """What is restored has the connections and the events of what was stored."""
    found = []
    with TemporaryDirectory() as folder:
        for condition in ("i != j", "i > 0 or j > 0"):
            group = neurons("file_group", 6, "total : 1")
            synapses = S(
                group,
                group,
                "w : 1\ntotal_post = w*v_pre : 1 (summed)",
                on_pre="g_post += w",
                on_post="w += 0.1",
                delay={"pre": 0.4 * ms},
                name="file_s",
            )
            synapses.connect(condition)
            synapses.w = "0.1*i + 0.2*j"
            network = Network(group, synapses)
            if not found:
                network.run(steps(15))
                network.store(filename=f"{folder}/state")
            network.restore(filename=f"{folder}/state")
            network.run(steps(15))
            views = synapses.i, synapses.j, synapses.w, group.g, group.total
            found += [np.array(view[:]) for view in views]
            found += [np.array(synapses.N_incoming_post), np.array(len(synapses))]
    return lambda: found
