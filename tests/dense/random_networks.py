"""Random networks: a grammar, and what a network of it does with a class of synapses.

A `Description` is drawn from a seed and holds strings and numbers only, so that the
same network is built of `Synapses` and of `DenseSynapses`. Its neurons spike by a rule
of their own, so that rounding cannot move a spike.
"""

from dataclasses import dataclass, field, fields

import numpy as np
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    check_units,
    defaultclock,
    implementation,
    ms,
)

from spikefa.dense.subexpressions import written_out

__all__ = ["Description", "Part", "describe", "draw", "run"]

NEURON = """
dv/dt = (drive - v)/(2*ms) : 1
drive : 1
g : 1
h : 1
total : 1
k_n : integer
tau_n : second (constant)
tau_v : second
du_n/dt = (1 + g/10 - u_n)/(3*ms) : 1
gain_n : 1 (shared)
tau_g : second (shared)
twice = 2*v + g : 1
slow_n = tau_n + 0.2*tau_v : second
"""


@implementation("cython", "cdef double bump(double x):\n    return 1/(1 + x*x)")
@implementation("cpp", "double bump(double x) { return 1/(1 + x*x); }")
@check_units(x=1, result=1)
def bump(x):
    return 1 / (1 + x * x)


@dataclass
class Description:
    """A network, and what is done to it between its runs."""

    seed: int
    n_pre: int = 4
    n_post: int = 3
    recurrent: bool = False
    source_part: tuple = ()
    target_part: tuple = ()
    #: Of the rule by which neurons spike.
    rules: tuple = ()
    model: str = ""
    on_pre: dict = field(default_factory=dict)
    on_post: dict = field(default_factory=dict)
    delay: dict = field(default_factory=dict)
    order: dict = field(default_factory=dict)
    method: str = "exact"
    dtype: object = None
    #: Keywords of `connect`.
    connect: dict = field(default_factory=dict)
    #: Values before the first run, by name.
    values: dict = field(default_factory=dict)
    #: Of the synapses: code, time step and slot.
    regularly: list = field(default_factory=list)
    #: Of the target: code.
    neurons_regularly: list = field(default_factory=list)
    monitored: list = field(default_factory=list)
    #: Statements of other synapses onto these.
    reward: str = ""
    tau_c: float = 2.0
    #: Time steps of each run, and what is done after it.
    runs: list = field(default_factory=list)
    actions: list = field(default_factory=list)

    def __str__(self):
        lines = []
        for item in fields(self):
            value = getattr(self, item.name)
            if value or item.name == "seed":
                lines.append(f"{item.name}: {value}")
        return "\n".join(lines)


class _Drawing:
    """One description, drawn piece by piece."""

    def __init__(self, seed, compiled):
        self.rng = np.random.default_rng(seed)
        self.what = Description(seed)
        #: Whether it is to become a part of a program: one run, no random numbers.
        self.compiled = compiled
        self.random = False

    def pick(self, *options):
        return options[self.rng.integers(len(options))]

    def chance(self, share):
        return self.rng.random() < share

    def number(self, low=0.1, high=1.0):
        return f"{self.rng.uniform(low, high):.2g}"

    def draw(self):
        self.groups()
        self.pairs()
        self.equations()
        self.pathways()
        self.others()
        self.time()
        return self.what

    def groups(self):
        what = self.what
        what.n_pre, what.n_post = (int(n) for n in self.rng.integers(2, 6, 2))
        what.recurrent = self.chance(0.3)
        if what.recurrent:
            what.n_post = what.n_pre
        elif self.chance(0.25):
            what.source_part = (1, what.n_pre + 1)
            what.target_part = (2, what.n_post + 2)
        what.rules = tuple(
            (int(a), int(b), int(c), 1 if self.chance(0.8) else 2)
            for a, b, c in zip(
                self.rng.integers(1, 6, 2),
                self.rng.integers(1, 8, 2),
                self.rng.integers(6, 12, 2),
                strict=True,
            )
        )

    def pairs(self):
        what = self.what
        kind = self.pick("all", "all", "not self", "rule", "lists")
        if kind == "all":
            return
        if kind == "not self":
            what.connect = {"condition": "i != j"}
        elif kind == "rule":
            what.connect = {"condition": "(i + 2*j) % 4 != 1"}
        else:
            pairs = np.array(
                [(i, j) for i in range(what.n_pre) for j in range(what.n_post)]
            )
            chosen = self.rng.permutation(len(pairs))[: -(-len(pairs) * 3 // 4)]
            if self.chance(0.5):
                chosen = np.sort(chosen)
            what.connect = {
                "i": pairs[chosen, 0].tolist(),
                "j": pairs[chosen, 1].tolist(),
            }

    def equations(self):
        what = self.what
        lines = ["w : 1", "u : 1"]
        what.values = {"w": "0.1*i - 0.05*j + 0.2", "u": "0.3*j - 0.1*i"}
        self.taus = ["(2*ms)", "tau_c", "tau_c"]
        self.names = ["w", "u"]
        for name, text, value in (
            ("n", "integer", "i + 2*j"),
            ("gain", "1 (shared)", 0.5),
            ("tau_k", "second (shared, constant)", "3*ms"),
            ("tau_s", "second (shared)", "1.5*ms"),
            ("tau_p", "second", "(1 + 0.3*i + 0.5*j)*ms"),
        ):
            if self.chance(0.35):
                lines.append(f"{name} : {text}")
                what.values[name] = value
                (self.taus if "tau" in name else self.names).append(name)
        neuronal = [
            f"{name}{suffix}"
            for name in ("tau_n", "tau_v", "tau_g", "slow_n")
            for suffix in ("_pre", "_post", "")
        ]
        self.taus += [self.pick(*neuronal) for _ in range(2)]
        if self.chance(0.3):
            inner = self.pick(*self.taus)
            shared = inner in ("tau_k", "tau_s", "tau_c", "tau_g")
            flag = " (shared)" if shared and self.chance(0.5) else ""
            lines.append(f"slow = 1.5*{inner} : second{flag}")
            self.taus.append("slow")
        self.traces = []
        names = self.pick(
            ["apre", "apost", "b"], ["pre", "post1", "post"], ["b", "a", "c"]
        )
        #: Which side writes a trace most of the time.
        self.home = {name: self.pick("pre", "post") for name in names}
        for name in names[: self.pick(0, 1, 1, 1, 2, 2, 2, 3)]:
            lines.append(f"d{name}/dt = {self.rate(name)} : 1 (event-driven)")
            self.traces.append(name)
        if self.chance(0.3):
            tau = self.pick(*self.taus)
            lines.append(f"dclock/dt = -clock/{tau} : 1 (clock-driven)")
            what.values["clock"] = "0.5 + 0.2*i - 0.1*j"
            self.names += ["clock", "clock"]
        if self.chance(0.3):
            lines.append(f"sub = {self.term()} + {self.term()} : 1")
            self.names.append("sub")
        if self.chance(0.25):
            side = self.pick("pre", "post")
            if not what.recurrent or side == "post":
                expression = f"clip({self.term(traces=False)}, -1, 1)*w"
                if self.chance(0.3):
                    expression = f"({expression} +\n 0.1*u)"
                lines.append(f"total_{side} = {expression} : 1 (summed)")
        what.model = "\n".join(lines)
        what.method = "euler" if self.chance(0.3) else "exact"
        what.dtype = self.pick(None, None, {"w": "float64"}, {"u": "float32"})

    def rate(self, name):
        tau = self.pick(*self.taus)
        kinds = ["-{name}/{tau}"] * 4 + ["(0.1 - {name})/{tau}"]
        if self.chance(0.25):
            kinds = [f"(0.1*{self.pick('v', 'drive')}_pre - {{name}})/{{tau}}"]
        elif self.traces and self.chance(0.3):
            kinds = [f"({self.pick(*self.traces)} - {{name}})/(1.3*{{tau}})"]
        return self.pick(*kinds).format(name=name, tau=tau)

    def term(self, traces=True):
        """Something without dimensions, of moderate size."""
        known = [*self.names, "v_pre", "v_post", "v", "g_post", "h_pre", "twice_post"]
        known += ["u_n_post", "gain_n_post", "k_n_pre", "N_incoming", "i", "j"]
        known += ["(t/(10*ms))", "exp(-t/(5*ms))", "bump(w)", "int(i > j)", "N_post"]
        known += ["(1/(1 + abs(i - j)))", "0.3", "(w*u)", "sin(t/ms)", "(dt/ms)"]
        if self.what.connect.get("condition") == "i != j" and not self.what.source_part:
            known += ["(1/abs(i - j))"] * 6
        if traces:
            known += 3 * self.traces
        return self.pick(*known)

    def expression(self):
        text = self.pick("{a}", "{a}", "{a}*{b}", "{a} + {b}", "{a}/(1 + {b}**2)")
        text = text.format(a=self.term(), b=self.term())
        return f"clip({text}, -2, 2)" if self.chance(0.7) else f"tanh({text})"

    def statement(self, side):
        """A statement of a pathway of a side, or of neither."""
        mine = [n for n in self.traces if self.home[n] == side or self.chance(0.1)]
        kinds = ["g_post += {c}*{e}", "g_post += {c}*w", "w = clip(w + {c}*{e}, -2, 2)"]
        kinds += [
            "w += {c}*0.1*{e}",
            "u = {e}",
            "h_pre += {c}*{e}",
            "h_post -= {c}*{e}",
        ]
        kinds += ["u = 0.5*u + {e}", "k_n_post += 1", "x_local = {e}; w += 0.1*x_local"]
        kinds += ["g = 0.9*g + {c}*{e}"]
        if "n" in self.names:
            kinds += ["n += 1"]
        if "clock" in self.names:
            kinds += ["clock += 0.1*{e}"]
        if mine and self.chance(0.6):
            kinds = ["{a} += {c}", "{a} += {c}", "{a} = 1.", "{a} *= 0.8"]
            kinds += ["{a} += {c}*{e}", "{a} = clip({a} + {c}*{e}, -2, 2)"]
            kinds += ["{a} -= {c}*{n}", "{a} += {c}*{n}"]
        elif not self.random and not self.compiled and self.chance(0.08):
            kinds, self.random = ["w += 0.1*rand()", "u = randn()"], True
        return self.pick(*kinds).format(
            a=self.pick(*mine) if mine else "",
            c=self.number(),
            e=self.expression(),
            n=self.pick(*self.names, "v_pre", "v_post", "u_n", "gain_n"),
        )

    def pathways(self):
        what = self.what
        for side in ("pre", "post"):
            names = [side] if self.chance(0.8) else [f"{side}_one", f"{side}_two"]
            if side == "pre" and self.chance(0.1):
                names = ["g"]  # like a variable of the neurons
            pathways = what.on_pre if side == "pre" else what.on_post
            if side == "post" and not self.traces and self.chance(0.5):
                continue
            for name in names:
                self.random = False
                lines = [self.statement(side) for _ in range(self.rng.integers(1, 5))]
                pathways[name] = self.pick("\n", "; ").join(lines)
                if self.chance(0.3):
                    what.delay[name] = float(self.pick(0.1, 0.3, 0.5))
                if self.chance(0.1):
                    what.order[name] = int(self.pick(-3, 3))

    def others(self):
        what, model = self.what, self.what.model
        self.random = False
        if self.chance(0.3):
            code = self.statement("")
            if self.chance(0.4):
                code = f"w = 0.98*w + 0.001*{self.term(traces=False)}"
            if self.chance(0.5) and "tau_s" in model:
                code = "tau_s *= 1.05"
            what.regularly.append(
                (code, self.pick(0.2, 0.3), self.pick("start", "end"))
            )
        if self.chance(0.5):
            code = self.pick("tau_v *= 1.03", "tau_g *= 1.04", "gain_n += 0.1")
            what.neurons_regularly.append(code)
        if self.chance(0.3):
            names = [*self.traces, "w", "g_post", "v_pre", "i"]
            what.monitored = sorted({self.pick(*names), self.pick(*names)})
        if self.chance(0.15) and not what.source_part:
            read = self.pick(*self.traces, "w", "u", "g_post", "v_pre")
            what.reward = f"w_post += 0.1*clip({read}_post, -1, 1)"
            if self.traces and self.chance(0.3):
                what.reward = f"{self.pick(*self.traces)}_post *= 0.5"

    def time(self):
        what = self.what
        if self.compiled:
            what.runs = [24]
            return
        for _ in range(self.rng.integers(1, 4)):
            what.runs.append(int(self.rng.integers(4, 10)) * 2)
        pathways = [*what.on_pre, *what.on_post]
        for _ in what.runs[1:]:
            actions = ["w", "u", "store", "look", "states", "inactive", "none"]
            actions += ["dt", "dt"] + (["trace"] if self.traces else [])
            actions += ["delay"] if what.delay else []
            actions += ["tau_k"] if "tau_k" in what.values else []
            actions += ["tau_c"] if "tau_c" in what.model else []
            name = self.pick(*pathways)
            kind = self.pick(*actions)
            argument = {
                "w": "0.5*w + 0.01*i*j",
                "u": "bump(i - j)",
                "dt": float(self.pick(0.05, 0.2)),
                "trace": (self.pick(*self.traces or [""]), self.pick(0, 0.3)),
                "delay": (self.pick(*what.delay or [""]), self.pick(0.2, 0.4, 0.7)),
                "inactive": name,
                "tau_k": "1*ms",
                "tau_c": 1.0,
                "look": name,
            }.get(kind)
            what.actions.append((kind, argument))
        what.actions.append(("none", None))


def draw(seed, compiled=False):
    """Return the description of a seed.

    Parameters
    ----------
    seed : int
    compiled : bool
        Whether it has to fit into a program with others: one run, no random numbers.
    """
    return _Drawing(seed, compiled).draw()


def describe(seed, compiled=False):
    """What to look at if a network of a seed differs."""
    return str(draw(seed, compiled))


class Part:
    """The objects of a description, built of a class of synapses.

    Parameters
    ----------
    what : Description
    synapses_class : {DenseSynapses, Synapses}
    prefix : str
        Of the names of the objects.
    """

    def __init__(self, what, synapses_class, prefix="r_"):
        self.what, self.prefix = what, prefix
        defaultclock.dt = 0.1 * ms
        more_pre, more_post = (
            3 if part else 0 for part in (what.source_part, what.target_part)
        )
        self.source = self._neurons("source", what.n_pre + more_pre, what.rules[0])
        self.target = self.source
        if not what.recurrent:
            self.target = self._neurons(
                "target", what.n_post + more_post, what.rules[1]
            )
        equations = Equations(what.model)
        stock = synapses_class is Synapses
        self.synapses = synapses_class(
            self.source[slice(*what.source_part)] if what.source_part else self.source,
            self.target[slice(*what.target_part)] if what.target_part else self.target,
            what.model,
            on_pre=self._statements(what.on_pre, equations, stock),
            on_post=self._statements(what.on_post, equations, stock),
            delay={name: delay * ms for name, delay in what.delay.items()},
            method=what.method,
            dtype=what.dtype and {k: np.dtype(d) for k, d in what.dtype.items()},
            namespace={"bump": bump},
            name=f"{prefix}learning",
        )
        connect = what.connect
        self.synapses.connect(**{k: _as_array(v) for k, v in connect.items()})
        i, j = np.array(self.synapses.i[:]), np.array(self.synapses.j[:])
        for name, value in what.values.items():
            if name not in ("w", "n") and isinstance(value, str):
                value = eval(value, {"i": i, "j": j, "ms": ms})  # without a code object
            setattr(self.synapses, name, value)
        for name, order in what.order.items():
            getattr(self.synapses, name).order = order
        for number, (code, dt, when) in enumerate(what.regularly):
            self.synapses.run_regularly(
                written_out(code, equations) if stock else code,
                dt=dt * ms,
                when=when,
                name=f"{prefix}regular_{number}",
            )
        for number, code in enumerate(what.neurons_regularly):
            self.target.run_regularly(
                code, dt=0.3 * ms, when="start", name=f"{prefix}neurons_{number}"
            )
        self.objects = [self.source, self.synapses]
        if self.target is not self.source:
            self.objects.append(self.target)
        self.monitor = None
        if what.monitored:
            self.monitor = StateMonitor(
                self.synapses, what.monitored, record=[0, 2], name=f"{prefix}monitor"
            )
            self.objects.append(self.monitor)
        if what.reward:
            self._add_reward()

    def _neurons(self, name, n, rule):
        step, factor, period, width = rule
        group = NeuronGroup(
            n,
            NEURON,
            threshold=f"(timestep(t, 0.1*ms)*{step} + i*{factor}) % {period} < {width}",
            reset="v = 0.3*v",
            method="euler",
            name=f"{self.prefix}{name}",
        )
        i = np.arange(n)
        group.drive, group.k_n = 0.5 + 0.3 * i, i % 3
        group.tau_n, group.tau_v = (1 + 0.4 * i) * ms, (2 + 0.3 * i) * ms
        group.gain_n, group.tau_g = 0.7, 1.2 * ms
        return group

    def _statements(self, pathways, equations, stock):
        if not stock:
            return pathways
        # Synapses would compute some subexpressions from values before the event.
        return {name: written_out(code, equations) for name, code in pathways.items()}

    def _add_reward(self):
        times = np.array([0.7, 1.3, 2.2]) * ms
        dopamine = SpikeGeneratorGroup(1, [0, 0, 0], times, name=f"{self.prefix}reward")
        reward = Synapses(
            dopamine, self.synapses, on_pre=self.what.reward, name=f"{self.prefix}s_rew"
        )
        reward.connect()
        self.objects += [dopamine, reward]

    def state(self):
        """Every variable that may have changed, by name."""
        found = {}
        for owner, group in (("source", self.source), ("target", self.target)):
            for name in ("v", "g", "h", "total", "k_n", "tau_v", "u_n"):
                found[f"{owner}.{name}"] = np.array(getattr(group, f"{name}_")[:])
        equations = Equations(self.what.model)
        names = equations.diff_eq_names | equations.parameter_names
        for name in sorted(names - set(vars(self.synapses))):  # hidden by a pathway
            found[f"synapses.{name}"] = np.array(
                np.ravel(getattr(self.synapses, f"{name}_")[:])
            )
        for name in ("i", "j"):
            found[f"synapses.{name}"] = np.array(getattr(self.synapses, name)[:])
        if self.monitor is not None:
            for name in self.what.monitored:
                found[f"monitor.{name}"] = np.array(getattr(self.monitor, f"{name}_"))
        return found


def _as_array(value):
    return np.array(value) if isinstance(value, list) else value


def run(what, synapses_class):
    """Run a description at runtime.

    Returns
    -------
    found : dict of ndarray
        All variables after the last run, and what was looked at between.
    """
    np.random.seed(what.seed)  # noqa: NPY002
    part = Part(what, synapses_class)
    network, synapses = Network(part.objects), part.synapses
    namespace = {"tau_c": what.tau_c * ms}
    found = {}
    actions = what.actions or [("none", None)] * len(what.runs)
    for number, (steps, (kind, argument)) in enumerate(
        zip(what.runs, actions, strict=True)
    ):
        network.run(steps * 0.1 * ms, namespace=namespace)
        if kind in ("w", "u"):
            setattr(synapses, kind, argument)
        elif kind == "dt":
            defaultclock.dt = argument * ms
        elif kind == "store":
            network.store()
            network.run(0.6 * ms, namespace=namespace)
            found |= {f"{number}.{k}": v for k, v in part.state().items()}
            network.restore()
        elif kind == "states":
            synapses.set_states(synapses.get_states(read_only_variables=False))
        elif kind == "trace":
            synapses.state(argument[0])[:] = argument[1]
        elif kind == "delay":
            getattr(synapses, argument[0]).delay = argument[1] * ms
        elif kind == "inactive":
            getattr(synapses, argument).active = False
        elif kind == "tau_k":
            synapses.tau_k = argument
        elif kind == "tau_c":
            namespace = {"tau_c": argument * ms}
        elif kind == "look":
            delay = getattr(synapses, argument).delay
            found[f"{number}.delay"] = np.unique(np.asarray(delay))
    return found | part.state()
