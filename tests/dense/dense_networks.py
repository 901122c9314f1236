"""Small networks that are built of `DenseSynapses` or of `Synapses`, word for word.

A configuration is one projection with everything that changes it during a run. Its
source neurons spike as a table says: at random, none or all of them in a step.
"""

from dataclasses import dataclass, field

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    nS,
    uS,
)

from spikefa.dense import DenseSynapses
from spikefa.dense.neurons import neuron_code_object_class

__all__ = [
    "CONFIGURATIONS",
    "N_STEPS",
    "SEEDS",
    "TRAIN_WIDTH",
    "Part",
    "in_program",
    "names_of",
    "spike_train",
]

N_STEPS = 24
TRAIN_WIDTH = 420
SEEDS = (0, 1)

#: Drawn for every run; the others start from zero.
DRAWN = ("w", "u", "x", "z")

NEURON = """
x : 1
y : 1
z : 1
total : 1
count : integer
current : amp
bias : 1 (shared)
"""

LEARN = "w += 0.01*(z_post - 0.2*y_post)"
TRANSMIT = "y_post += w"
STDP = {
    "on_pre": {"pre": "y_post += w\nw = clip(w - 0.05*z_post, -1, 1)"},
    "on_post": {"post": "y_pre += w\nw = clip(w + 0.05*x_pre, -1, 1)"},
}


@dataclass(frozen=True)
class Configuration:
    """A projection: what `Synapses` is given, and what else acts on it."""

    model: str = "w : 1"
    on_pre: dict = field(default_factory=lambda: {"pre": TRANSMIT})
    on_post: dict = field(default_factory=dict)
    n_pre: int = 6
    n_post: int = 5
    #: First and last neuron of the subgroups of the groups, which are larger.
    source_part: tuple = ()
    target_part: tuple = ()
    recurrent: bool = False
    #: Added to the spike table: 0, or enough for none or all neurons to spike.
    bias: float = 0
    orders: dict = field(default_factory=dict)
    #: Synaptic variables set before the run: name, index, string or values.
    settings: tuple = ()
    regularly: str = ""
    every: int = 4
    put_off: int = 0
    #: Whether updates are put off, if the target can.
    puts_off: bool = False
    target_refractory: bool = False
    on_event: object = "spike"
    #: Of `connect`; the pairs.
    connect: dict = field(default_factory=dict)
    delay: object = None
    #: Whether CUDA can: all but event-driven variables.
    on_cuda: bool = True
    dtype: object = None
    #: Of `DenseSynapses` in programs; Brian2's arrays and Cython know no such types.
    dense_dtype: object = None
    #: Target of the stock run. NumPy code reads all values before it writes any, also
    #: where x_pre and x_post are one array and synapses act on each other.
    reference: str = "numpy"
    namespace: dict = field(default_factory=dict)


TRACES = {
    "on_pre": {"pre": "y_post += w; pre_trace += 0.1\nw = clip(w + post_trace, -1, 1)"},
    "on_post": {"post": "post_trace -= 0.2; w = clip(w + pre_trace, -1, 1)"},
    "namespace": {"tau": 1 * ms, "tau_post": 0.5 * ms},
}
EVENT_DRIVEN = """
w : 1
dpre_trace/dt = -pre_trace/tau : 1 (event-driven)
dpost_trace/dt = (0.01 - post_trace)/tau_post : 1 (event-driven)
"""
#: Three of four pairs, not in the order of the rows.
SOME_PAIRS = {
    "i": [i for i in reversed(range(8)) for j in range(8) if (i + j) % 4],
    "j": [j for i in reversed(range(8)) for j in range(8) if (i + j) % 4],
}

CONFIGURATIONS = {
    "one to one": Configuration(n_pre=1, n_post=1),
    "one to many": Configuration(n_pre=1, n_post=70),
    "many to one": Configuration(n_pre=70, n_post=1),
    "silent": Configuration(bias=-9, on_pre={"pre": TRANSMIT + "\n" + LEARN}),
    "all spike": Configuration(n_pre=41, n_post=67, bias=9),
    "propagate and learn": Configuration(
        n_pre=33,
        n_post=64,
        on_pre={"learn": LEARN + " + 0.01*x_pre", "transmit": TRANSMIT},
    ),
    "learn last": Configuration(
        n_pre=7,
        n_post=70,
        on_pre={"learn": LEARN + " + 0.01*x_pre", "transmit": TRANSMIT},
        orders={"learn": 3},
    ),
    "several statements": Configuration(
        n_pre=13,
        n_post=19,
        model="w : 1\nu : 1",
        on_pre={
            "pre": """
            change = 0.1*(u - w)   # a local variable
            w += change*x_pre      # y_post = 3 in a comment
            u = u + 0.5*change
            y_post += w*x_pre
            z_post -= 0.01*u
            """
        },
    ),
    "order matters": Configuration(
        on_pre={"pre": "w += 0.1*y_post\ny_post += 0.1*w\nz_post = w"}
    ),
    "to pre": Configuration(on_pre={"pre": "y_pre += w*z_post\ncount_pre += 1"}),
    "integers": Configuration(
        model="w : 1\nseen : integer",
        on_pre={"pre": "seen += 1\ncount_post += i + 2*j"},
    ),
    "post side": Configuration(n_pre=23, n_post=31, **STDP),
    "subgroups": Configuration(
        n_pre=20,
        n_post=17,
        source_part=(5, 14),
        target_part=(3, 17),
        on_pre={"pre": "y_post += w*(i + 1)\nw += 0.01*j*x_pre"},
        on_post={"post": "y_pre += w*(j + 1)"},
        model="w : 1\ntotal_pre = w*z_post + i : 1 (summed)",
    ),
    "summed to post": Configuration(
        n_pre=35,
        n_post=29,
        model="w : 1\ntotal_post = w*x_pre : 1 (summed)",
        on_pre={"pre": "w += 0.01*total_post"},
    ),
    "summed both ways": Configuration(
        n_pre=11,
        n_post=14,
        source_part=(2, 9),
        target_part=(0, 11),
        model="""
        w : 1
        drive = w*x_pre + 0.1*j : 1
        total_post = drive + bias_pre : 1 (summed)
        total_pre = drive*z_post : 1 (summed)
        """,
        on_pre={"pre": "w += 0.01*total_pre - 0.01*total_post"},
    ),
    "recurrent": Configuration(
        n_pre=12,
        recurrent=True,
        model="w : 1\ntotal_post = w*y_pre : 1 (summed)",
        on_pre={"pre": "y_post += w*x_pre\nx_post += 0.01*x_pre"},
        reference="cython",
    ),
    "overlapping subgroups": Configuration(
        n_pre=15,
        recurrent=True,
        source_part=(0, 10),
        target_part=(4, 15),
        on_pre={"pre": "y_post += 0.1*w*y_pre + 0.1"},
        reference="cython",
    ),
    "units": Configuration(
        model="w : siemens\nleft : siemens (shared)\nvolts : volt (constant)",
        on_pre={"pre": "current_post += (w + left)*(volts + 2*mV)\nw += step"},
        namespace={"step": 2 * nS},
    ),
    "shared": Configuration(
        model="""
        w : 1
        gain : 1 (shared, constant)
        twice = 2*gain + t/second : 1 (shared)
        scaled = w*twice : 1
        """,
        on_pre={"pre": "y_post += scaled + gain\nw += 0.1*twice"},
    ),
    "refractory": Configuration(
        n_pre=9, n_post=8, on_pre={"pre": "v_post += 0.125"}, target_refractory=True
    ),
    "events": Configuration(
        on_event={"often": "often"},
        on_pre={"often": "y_post += w", "rarely": "z_post += w"},
    ),
    "set by strings": Configuration(
        n_pre=9,
        n_post=7,
        source_part=(2, 8),
        target_part=(1, 6),
        model="a : 1\nb : 1\nshared_gain : 1 (shared)",
        settings=(
            ("a", slice(None), "i + 10*j + 0.5*bias_pre"),
            ("a", "i > j", "a - i*offset"),
            ("b", (slice(None), 2), "i + 1"),
            ("b", ([0, 3], slice(None)), "-2*j"),
            ("b", (1, [0, 2]), np.array([3.0, 4.0])),
            ("shared_gain", slice(None), "2*offset"),
        ),
        namespace={"offset": 0.25},
        on_pre={"pre": "y_post += (a + b)*shared_gain"},
    ),
    "decay": Configuration(
        n_pre=9,
        on_pre={"pre": TRANSMIT},
        regularly="w *= 0.9\nw += 0.01*x_pre*z_post",
    ),
    "regular reward": Configuration(
        n_pre=9, regularly="w += 0.1*x_pre*z_post", every=3
    ),
    # Rows so long that parts of the same row are fetched ahead, not only of the next.
    "summed, wide": Configuration(
        n_pre=37,
        n_post=403,
        model="w : 1\nu : 1\ntotal_post = w*u*x_pre : 1 (summed)",
        on_pre={"pre": TRANSMIT},
        dtype={"w": np.float64},
    ),
    # Numbers of all sizes, widened 16 columns at a time; some columns are left.
    "summed, narrow integers": Configuration(
        n_pre=39,
        n_post=155,
        model="""
        w : 1
        n : integer
        m : integer
        total_post = (n*x_pre + 0.001*m*z_post)*w : 1 (summed)
        """,
        dense_dtype={"n": np.int8, "m": np.int16},
        settings=(
            ("n", slice(None), "(7*i + 11*j) % 255 - 127"),
            ("m", slice(None), "(5000*i + 7*j) % 65536 - 32768"),
        ),
        on_pre={"pre": "n = -n\nw += 1e-5*m"},
    ),
    # More columns than a warp of a graphics card has threads.
    "summed to pre, wide": Configuration(
        n_pre=9,
        n_post=70,
        model="w : 1\ntotal_pre = w*z_post : 1 (summed)",
        on_pre={"pre": "w += 0.01*total_pre"},
    ),
    "put off": Configuration(
        n_pre=50,
        n_post=70,
        on_pre={"learn": LEARN, "transmit": TRANSMIT},
        regularly="w *= 0.9",
        put_off=16,
        puts_off=True,
    ),
    # Wider than the part of the columns that updates are made for at a time.
    "put off, wide": Configuration(
        n_pre=17,
        n_post=331,
        on_pre={"learn": LEARN, "transmit": TRANSMIT},
        orders={"learn": 3},
        put_off=5,
        puts_off=True,
    ),
    "put off 3, learn last": Configuration(
        n_pre=21,
        n_post=65,
        source_part=(4, 19),
        target_part=(0, 65),
        model="w : 1\ndw = 0.01*(z_post - 0.2*y_post) : 1",
        on_pre={"learn": "w += dw  # w = 0", "transmit": "y_post += w  # += 2"},
        orders={"learn": 3},
        put_off=3,
        puts_off=True,
    ),
    "put off with units": Configuration(
        model="w : siemens\ntotal_conductance : siemens (shared)",
        on_pre={"learn": "w += z_post*step", "transmit": "current_post += w*volt"},
        namespace={"step": 2 * uS},
        put_off=16,
    ),
    "put off, summed": Configuration(
        model="w : 1\ntotal_pre = w*z_post : 1 (summed)",
        on_pre={"learn": LEARN, "transmit": TRANSMIT},
        put_off=16,
    ),
    "put off on different events": Configuration(
        on_event={"learn": "often"},
        on_pre={"learn": LEARN, "transmit": TRANSMIT},
        put_off=5,
        puts_off=True,
    ),
    "put off, delays": Configuration(
        n_pre=19,
        n_post=70,
        on_pre={"learn": LEARN, "transmit": TRANSMIT},
        delay={"learn": 0.3 * ms, "transmit": 0.1 * ms},
        put_off=5,
        puts_off=True,
    ),
    "put off, recurrent": Configuration(
        n_pre=10,
        recurrent=True,
        on_pre={"learn": LEARN, "transmit": TRANSMIT},
        put_off=7,
        puts_off=True,
    ),
    "delays": Configuration(
        n_pre=9,
        n_post=12,
        on_pre={"learn": LEARN, "transmit": TRANSMIT},
        on_post={"post": "y_pre += w"},
        delay={"transmit": 0.3 * ms, "post": 0.1 * ms},
    ),
    "delays, subgroups": Configuration(
        n_pre=15,
        n_post=11,
        source_part=(4, 11),
        target_part=(2, 9),
        on_pre={"pre": "y_post += w*(i + 1)"},
        delay={"pre": 0.2 * ms},
    ),
    "event-driven": Configuration(
        n_pre=21, n_post=34, model=EVENT_DRIVEN, on_cuda=False, **TRACES
    ),
    "event-driven, subgroups, delays": Configuration(
        n_pre=15,
        n_post=21,
        source_part=(4, 11),
        target_part=(2, 19),
        model=EVENT_DRIVEN,
        delay={"pre": 0.2 * ms, "post": 0.1 * ms},
        on_cuda=False,
        **TRACES,
    ),
    "event-driven, recurrent": Configuration(
        n_pre=12,
        recurrent=True,
        model=EVENT_DRIVEN,
        connect={"condition": "i != j"},
        on_cuda=False,
        reference="cython",
        **TRACES,
    ),
    # The time constant is that of a synapse; both sides write the trace.
    "event-driven by synapse": Configuration(
        n_pre=9,
        n_post=7,
        model="""
        w : 1
        u : 1
        rate = (1 + u**2)/tau : Hz
        dfast/dt = -fast*rate : 1 (event-driven)
        dslow/dt = (fast - slow)/tau : 1 (event-driven)
        """,
        on_pre={"pre": "y_post += w*slow; fast += 0.1"},
        on_post={"post": "fast -= 0.1*z_post; w += slow"},
        namespace={"tau": 1 * ms},
        on_cuda=False,
    ),
    "clock-driven": Configuration(
        n_pre=11,
        n_post=9,
        model="""
        w : 1
        dfast/dt = (0.1*z_post - fast)/tau : 1 (clock-driven)
        dslow/dt = (fast - slow)/(2*tau) : 1 (clock-driven)
        total_post = w*slow : 1 (summed)
        """,
        on_pre={"pre": "y_post += w*slow; fast += 0.1"},
        namespace={"tau": 1 * ms},
    ),
    "no self-connections": Configuration(
        n_pre=12,
        recurrent=True,
        model="w : 1\ntotal_post = w*y_pre : 1 (summed)",
        connect={"condition": "i != j"},
        on_pre={"pre": "y_post += w*x_pre/N_incoming\nw += 0.1*z_post"},
        reference="cython",
    ),
    "some pairs": Configuration(
        n_pre=8,
        n_post=8,
        model="""
        w : 1
        a : 1
        total_post = w*y_pre : 1 (summed)
        total_pre = w*x_post : 1 (summed)
        """,
        connect=SOME_PAIRS,
        settings=(
            ("a", slice(None), "0.1*i - 0.01*j"),
            ("a", "i > j", "2*a"),
            ("a", (2, slice(None)), "a - 1"),
        ),
        regularly="w *= 0.9\nx_post += 0.01*w",
        on_pre={"pre": "y_post += w + a\nw = clip(w - 0.05*z_post, -1, 1)"},
        on_post=STDP["on_post"],
    ),
}


def spike_train(seed):
    """Table of spikes: steps at random, steps without and steps full of spikes."""
    rng = np.random.default_rng(seed)
    train = rng.random((N_STEPS, TRAIN_WIDTH)) < 0.3
    train[rng.permutation(N_STEPS)[:8]] = False
    train[rng.permutation(N_STEPS)[:4]] = True
    return train.astype(float)


class Part:
    """A network of one configuration.

    Parameters
    ----------
    key : str
        Of `CONFIGURATIONS`.
    synapses_class : {DenseSynapses, Synapses}
    train : TimedArray
        Spikes of every source, one column a neuron.
    prefix : str
        Of the names of the objects. The same names give the same code, which is
        compiled once.
    """

    def __init__(self, key, synapses_class, train, prefix=""):
        config = self.config = CONFIGURATIONS[key]
        self.train = train
        self.namespace = {"train": train}
        source = self._neurons(config.n_pre, f"{prefix}source")
        target = source
        if not config.recurrent:
            target = self._neurons(
                config.n_post, f"{prefix}target", config.target_refractory
            )
        self.groups = {"source": source, "target": target}
        dense = synapses_class is DenseSynapses
        kwds = {"put_off": config.put_off} if dense else {}
        self.synapses = synapses_class(
            source[slice(*config.source_part)] if config.source_part else source,
            target[slice(*config.target_part)] if config.target_part else target,
            config.model,
            on_pre=config.on_pre,
            on_post=config.on_post,
            on_event=config.on_event,
            namespace=config.namespace or None,
            dtype=(dense and config.dense_dtype) or config.dtype,
            delay=config.delay,
            name=f"{prefix}synapses",
            **kwds,
        )
        self.synapses.connect(**config.connect)
        for name, index, value in config.settings:
            getattr(self.synapses, name)[index] = value
        for pathway, order in config.orders.items():
            getattr(self.synapses, pathway).order = order
        if config.regularly:
            self.synapses.run_regularly(
                config.regularly, dt=config.every * defaultclock.dt
            )
        self.objects = [*{id(g): g for g in self.groups.values()}.values()]
        self.objects.append(self.synapses)

    def _neurons(self, n, name, refractory=False):
        model, more = NEURON, {}
        if refractory:
            model += "dv/dt = 0*Hz : 1 (unless refractory)"
            more = {"threshold": "v > 0.6", "reset": "v = 0", "refractory": 0.5 * ms}
        else:
            more = {"threshold": "train(t, i) + bias > 0.5", "reset": ""}
        if "often" in str(self.config.on_event):
            more["events"] = {"often": "train(t, i) + x > 0.2"}
        more["codeobj_class"] = neuron_code_object_class("dense")
        group = NeuronGroup(n, model, name=name, namespace=self.namespace, **more)
        group.bias = self.config.bias
        return group

    def drawn_values(self, seed):
        """Initial values by ``(owner, variable)``, drawn for a seed."""
        rng = np.random.default_rng(seed)
        values = {}
        for owner_name, owner in self._owners().items():
            for name in DRAWN:
                if name in getattr(owner, "equations", {}):
                    size = self._size(owner)
                    plain = owner.variables[name].dim.is_dimensionless
                    scale = 1 if plain else 1e-6
                    drawn = (rng.normal(size=size) * scale).astype(np.float32)
                    values[owner_name, name] = drawn
        return values

    def set(self, values):
        """Set variables, without units."""
        for (owner_name, name), value in values.items():
            setattr(self._owners()[owner_name], f"{name}_", value)
        for name, value in (("gain", 0.5), ("left", 1e-6), ("volts", 0.01)):
            if name in self.synapses.equations:
                setattr(self.synapses, f"{name}_", value)

    def state(self):
        """Every parameter of neurons and synapses after the run."""
        return {
            f"{owner_name}.{name}": np.array(getattr(owner, f"{name}_")[:])
            for owner_name, owner in self._owners().items()
            for name in names_of(owner)
        }

    def view(self, owner_name, name):
        """The variable, as a key of ``run_args``."""
        return getattr(self._owners()[owner_name], name)

    def _owners(self):
        return self.groups | {"synapses": self.synapses}

    def _size(self, owner):
        if owner is not self.synapses:
            return len(owner)
        return len(self.synapses)


def names_of(owner):
    """Names of the parameters and of what differential equations determine."""
    names = set(owner.equations.names) - set(owner.equations.subexpr_names)
    driven = getattr(owner, "event_driven", None)
    return sorted(names | (set(driven.diff_eq_names) if driven else set()))


def in_program(part, owner_name, values):
    """What an array of a program holds; with a mask, more than the synapses."""
    owner = part._owners()[owner_name]
    if getattr(owner, "mask", None) is None:
        return values
    matrix = np.zeros(int(np.prod(owner.shape)), dtype=values.dtype)
    matrix[owner.positions()] = values
    return matrix


def simulate(key, synapses_class, seed):
    """Run one configuration on the active runtime target."""
    train = TimedArray(spike_train(seed), dt=defaultclock.dt, name="train")
    part = Part(key, synapses_class, train)
    part.set(part.drawn_values(seed))
    before = part.state()
    network = Network(part.objects)
    network.run(N_STEPS * defaultclock.dt, namespace={})
    return before, part.state()


def simulate_stock(key, seed):
    """Run one configuration with `Synapses`; return the state before and after."""
    return simulate(key, Synapses, seed)
