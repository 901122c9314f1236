"""Random model files: strings that people write, of every kind that a file may hold.

A `Draft` collects names and their values, and which rows of the table of names they
are. Everything is drawn from an object with the methods of `random.Random`, so that
hypothesis can hand in one of its own.
"""

__all__ = ["Draft"]

#: What neurons keep besides h: equation, statement on a spike, initial value.
EXTRAS = {
    "a": ("da/dt = -a/(5*ms) : 1", "a += 0.3", "0.1*i"),
    "theta": ("dtheta/dt = (0.1 - theta)/(9*ms) : 1", "theta += 0.05", 0.1),
    "w": ("dw/dt = (0.3*h - w)/(4*ms) : 1", "w += 0.1", None),
    "g": ("dg/dt = -g/(3*ms) : 1", "g = clip(g + 0.2, 0, 1)", "0.2*rand()"),
    "n": ("n : integer", "n += 1", None),
    "last": ("last : second", "last = t", "-1*second"),
    "on": ("on : boolean", "on = not on", None),
    "v": ("dv/dt = (10*mV*h - v)/(2*ms) : volt", "v -= 2*mV", "3*mV*rand()"),
    "tau_i": ("tau_i : second (constant)", None, "1*ms + 1*ms*rand()"),
    "scale": ("scale : 1 (shared)", None, 0.7),
}

#: dh/dt, the extras that it needs, further equations.
LEAKS = (
    ("(b + drive - h)/tau_m", (), ""),
    ("(b + drive - h)/tau_i", ("tau_i",), ""),
    ("(0.3 + b + drive - h*(1 + g))/tau_m", ("g",), ""),
    ("(b + drive - h + 0.1*h**2)/(3*ms)", (), ""),
    ("(b + drive - sin(h) - 0.2*a)/tau_m", ("a",), ""),
    ("(b + drive - h - w)/(2*ms)", ("w",), ""),
    ("(b + scale*drive - h + v/(20*mV))/tau_m", ("v", "scale"), ""),
    ("(b + drive + 0.2*sin(2*pi*t/(7*ms)) - h)/(2*ms)", (), ""),
    ("(b + drive + images(t, i) - h)/tau_m", (), ""),
    ("(current - h)/tau_m", (), "current = b + drive + 0.2*i : 1\n"),
    ("(current - h)/tau_m", (), "current = b + drive : 1 (constant over dt)\n"),
    ("(b + drive - h - 0.2*phi)/(2*ms)", (), ""),
    ("(b + drive - h + psi)/(2*ms)", (), ""),
    ("(b + drive - h + 0.5*third_factor)/tau_m", (), ""),
    ("(b + drive - h)/tau_m + 0.2*xi*ms**-0.5", (), ""),
    ("(b + drive - h)/tau_m + 0.2*h*xi*ms**-0.5", (), ""),
    ("(b + drive + 2*int(i > 1) - h)/tau_m", (), ""),
    ("(b + drive - h + 0.2*step_of_image)/tau_m", (), ""),
    ("(b + drive - h + 0.3*correct - 0.1*error)/tau_m", (), ""),
    (
        "(b + drive - h*(1 + late))/(2*ms)",
        (),
        "late = int(not new_image and training) : 1 (constant over dt)\n",
    ),
)
SPIKES = (
    ("rand() < phi", ()),
    ("h > 0.1", ()),
    ("h > theta", ("theta",)),
    ("h > 0.1 and a < 2", ("a",)),
    ("h > 0.05*(1 + n % 3)", ("n",)),
    ("h > 0.1 + 0.2*exp(-(t - last)/(4*ms))", ("last",)),
    ("h > 0.2 or (on and h > 0.05)", ("on",)),
    ("h > 0.1  # mV\n and i >= 0", ()),
    ("h > 0.05 and not (new_image and i == 0)", ()),
)
TRANSFERS = (
    "phi = 1/(1 + exp(-h)) : 1\npsi = phi*(1 - phi) : 1",
    "phi = 0.5 + 0.5*tanh(h) : 1\npsi = 0.5*(1 - tanh(h)**2) : 1",
    "phi = clip(h, 0, 1) : 1\npsi = int(h > 0)*int(h < 1) : 1",
    "slope = 2 + i : 1\nphi = 1/(1 + exp(-slope*h)) : 1\npsi = slope*phi*(1 - phi) : 1",
    "phi = 1/(1 + exp(-h)) : 1 (constant over dt)\npsi = 0.3 : 1",
    "phi = 1/(1 + exp(-h)) : 1\npsi = 0.1*(1 + step_of_image) : 1",
    "noisy = 0.1*randn() : 1 (constant over dt)\n"
    "phi = clip(0.5 + h + noisy, 0, 1) : 1\npsi = 1.0 : 1",
)
#: Sums over a layer, and formulas that use them.
SUMS = ("total_post = exp(b_pre + 0.3*drive_pre) : 1 (summed)",)
SUMS += ("total_post = 0.1 + abs(drive_pre)*int(i > 0) : 1 (summed)",)
TRANSFERS_OF_SUMS = (
    "phi = exp(clip(h, -2, 2))/(1 + total) : 1\npsi = phi*(1 - phi) : 1",
    "phi = 1/(1 + exp(-h)) : 1\npsi = 0.5/(1 + total) : 1",
)
REFRACTORY = ("False", "2*ms", "'1*ms + 1*ms*int(h > 0.5)'", "'h > 0.3'")
METHODS = (
    "'euler'",
    "('exact', 'exponential_euler', 'euler', 'heun')",
    "'rk2'",
    "'rk4'",
)
METHODS += ("'heun'", "'milstein'", "('linear', 'rk2', 'heun')")  # for noise too

#: Strings that stand for themselves, by name.
PLAIN = {
    "tau": ("0.6",),
    "tau_m": ("1.5*ms", "'-2*dt/log(1 - tau)'"),
    "eta": (
        "0.05",
        "'0.1*0.5**passes(t)'",
        "'0.05/(1 + t/(9*ms))'",
        "'2*eta_0'",
        "'0.05*(1 + step_of_image)'",
    ),
    "gamma": ("0.05", "1e-3", "0.0"),
    "learn_step": (
        "W += 0.05*eta*(correct - 0.4)*phi_pre*psi_post",
        "W += 0.01*eta*third_factor_post",
        "W = clip(W - 0.01*eta*psi_post, -0.6, 0.6)",
        "W += eta*phi_pre*dW*int(not new_image)",
    ),
    "learn_post": (
        "W += eta*phi_pre",
        "W = clip(W + dW, -0.8, 0.8)",
        "change = 0.1*eta*randn(); W += change*(1 + step_of_image)",
        "W -= 0.1*eta*W*int(training)",
    ),
    "input_method": ("'euler'", "'exponential_euler'"),
    "target": (
        "target = 0.8*int(labels(t) == class_index) + 0.1 : 1\n"
        "class_index : integer (constant)",
        "target = int(labels(t - dt) == class_index) : 1\n"
        "class_index : integer (constant)",
    ),
    "error_neuron": (
        "delta = 2*(target - phi) : 1",
        "ddelta/dt = (target - phi - delta)/(2*ms) : 1",
        "delta = target - spiked : 1\n"
        "spiked = int(rand() < phi) : 1 (constant over dt)",
        "delta = (target - phi)*int(abs(target - phi) > 0.3) : 1",
    ),
    "delta_neuron": (
        "ddelta/dt = (feedback - delta)/(2*ms) : 1",
        "ddelta/dt = (feedback - delta - 0.2*third_factor)/(2*ms) : 1",
        "delta = 0.5*feedback : 1",
        "ddelta/dt = (x - delta)/tau_m : 1\ndx/dt = (feedback - x)/(3*ms) : 1",
    ),
    "third_factor": (
        "third_factor = delta : 1",
        "third_factor = clip(delta, -0.2, 0.2) : 1",
        "third_factor = tanh(delta)*(1 + error) : 1",
        "third_factor = tanh(delta)*int(t > 2*ms) : 1",
    ),
    "delta_method": ("'euler'", "'rk4'", "('exact', 'euler')"),
    "learn_bias": (
        "b += eta*psi*third_factor*int(step_of_image > 0)",
        "b += 0*third_factor",
        "b = clip(b + eta*psi*third_factor, -0.5, 0.5)",
        "change = eta*third_factor; b += change",
    ),
    "feedback_synapse": (
        "B : 1 (constant)\nfeedback_post = abs(B)*delta_pre : 1 (summed)",
        "B : 1 (constant)\nfeedback_post = 0.2*exp(B)*third_factor_pre : 1 (summed)",
        "B : 1\nfeedback_post = B*third_factor_pre*int(i != j) : 1 (summed)",
    ),
    "feedback_grid": (
        "B_steps : integer (constant)\nB = 0.5*feedback_step*B_steps : 1",
    ),
    "sparse_synapse": ("present : 1 (constant)\nage : 1",),
    "sparse_learn": (
        "W += 0.5*present*dW",
        "W = clip(W + present*dW, -0.4, 0.4)",
        "W += dW",
    ),
    "backprop_feedback": (
        "feedback_pre = W*third_factor_post : 1 (summed)",
        "feedback_pre = exp(W)*psi_post*third_factor_post : 1 (summed)",
    ),
    "sign_symmetric_feedback": (
        "B : 1 (constant)\n"
        "feedback_pre = exp(B)*sign(W)*third_factor_post : 1 (summed)",
        "B : 1 (constant)\n"
        "feedback_pre = 0.5*abs(B)*sign(W)*third_factor_post : 1 (summed)",
    ),
    "kolen_pollack_feedback": (
        "B : 1\nfeedback_pre = B*third_factor_post : 1 (summed)",
        "B : 1\nfeedback_pre = (1 + B)*psi_post*third_factor_post : 1 (summed)",
    ),
    "kolen_pollack_learn": ("B += 0.5*dW", "B = clip(B + dW, -0.5, 0.5)"),
    "kolen_pollack_sparse_learn": ("B += 0.5*present*dW", "B += dW"),
    "kolen_pollack_decay": ("B *= 0.99", "B += 0.02*(0.1 - B)"),
    "decay": (
        "W *= exp(-gamma*elapsed_steps(t))",
        "W += 0.01*(0.2 - W)",
        "W = clip(W, -0.8, 0.8)",
        "W = clip(W, -2, 2)",
        "W -= 1e-3*sign(W)",
        "",
    ),
    "decay_bias": ("b *= 0.99", "b += 0.01*(0.2 - b)", ""),
    "class_activity": ("activity_post = phi_pre**2 : 1 (summed)",),
    "logistic": ("phi = 1/(1 + exp(-2*h)) : 1\npsi = 2*phi*(1 - phi) : 1",),
    "hyperbolic": ("phi = tanh(0.5*h) : 1\npsi = 0.5*(1 - phi**2) : 1",),
    "linear": ("phi = 0.5*h : 1\npsi = 0.5 : 1",),
    "vector_target": ("target = 0.5*targets(t, i) : 1",),
    "noise_size": ("0.3",),
    "noisy_input": ("phi_noisy = 0.9*phi : 1",),
    "noisy_neuron": (
        "noise = noise_size*randn() : 1 (constant over dt)\n"
        "h_noisy = b + 0.9*drive_noisy : 1\ndrive_noisy : 1\n"
        "phi_noisy = phi_undisturbed + noise : 1",
    ),
    "transmit_noisy": ("drive_noisy_post = 0.9*phi_noisy_pre*W : 1 (summed)",),
    "reward": ("reward_post = error_pre**2 - error_noisy_pre**2 : 1 (summed)",),
    "perturbed_delta": ("delta = clip(reward*noise/noise_size, -1, 1) : 1",),
}

#: Input neurons, and what they can spike on.
INPUTS = (
    ("pixel = images(t, i) : 1\nphi = clip(pixel, 0, 0.9) : 1\n{n}", "pixel > 0.5"),
    ("phi = images(t, i)**2 : 1\n{n}", "rand() < phi"),
    ("dx/dt = (images(t, i) - x)/(2*ms) : 1\nphi = x : 1\n{n}", "x > 0.4"),
    (
        "pixel = images(t, i) : 1 (constant over dt)\n"
        "dx/dt = (pixel - x)/(2*ms) : 1\nphi = x : 1\n{n}",
        "x > 0.4",
    ),
    ("phi = images(t - 2*dt, i) : 1\n{n}", "phi > 0.4"),
)

#: What happens to neurons and synapses when an image begins.
ON_IMAGE = ("h = 0", "h *= 0.5 + 0.5*rand()", "h += 0.2*int(training) + 0.13*i")
ON_IMAGE += ("if_any = 0.1*randn()\nh = if_any + 0.1*third_factor",)
ON_IMAGE_OF_RATES = ("b += 0.05*rand()", "b *= 0.9 + 0.1*int(training)")
SYNAPSE_ON_IMAGE = ("W *= 0.9", "W += 0.05*randn()", "W = clip(W, -0.5, 0.5)")
SYNAPSE_ON_IMAGE += ("W += 0.01*(0.3 - W)*int(training)",)

#: Synapses: equations, what a spike does, what plasticity does (W += ...).
SYNAPSES = (
    ("W : 1\ndW = 2*eta*psi_post*third_factor_post : 1", "drive_post += W", "W += dW"),
    (
        "W : 1\nu : 1\ndW = eta*psi_post*third_factor_post : 1",
        "u += 0.2*(1 - u); drive_post += 3*W*u",
        "W += u*dW",
    ),
    (
        "W : 1\ndelig/dt = -elig/(3*ms) : 1 (clock-driven)\n"
        "dW = eta*elig*third_factor_post : 1",
        "drive_post += W",
        "elig += psi_post  # a trace\nW += dW",
    ),
    (  # pairs of spikes
        "W : 1\ndapre/dt = -apre/(5*ms) : 1 (event-driven)\n"
        "dapost/dt = -apost/(4*ms) : 1 (event-driven)\n"
        "dW = eta*apre*third_factor_post : 1",
        "drive_post += W",
        "apre += 0.2; W = clip(W - 0.1*apost + dW, -1, 1)",
        "apost += 0.2; W = clip(W + 0.1*apre, -1, 1)",
    ),
    (
        "W : 1\ndtrail/dt = -trail/(3*ms) : 1 (event-driven)\n"
        "dW = eta*trail*third_factor_post : 1",
        "drive_post += W",
        "trail += 1; W += dW",
    ),
    (
        "W : 1\ndW = eta*psi_post*third_factor_post : 1",
        "drive_post += 0.2*exp(W)",
        "W = clip(W + dW, -1, 1)",
    ),
    (
        "W : 1\ndW = eta*psi_post*third_factor_post : 1 (constant over dt)",
        "drive_post += W; W *= 0.999",
        "W += dW",
    ),
    (
        "dW/dt = (0.1 - W)/(200*ms) : 1 (clock-driven)\n"
        "dW = eta*psi_post*third_factor_post : 1",
        "drive_post += W",
        "W += dW",
    ),
    (
        "W : 1\ndW = eta*phi_post*third_factor_post : 1",
        "drive_post += W*int(drive_post < 1)",
        "W += dW*(1 + 0.1*b_post) + 1e-3*randn()",
    ),
    (
        "W : 1\ndW = eta*psi_post*third_factor_post*h : 1",
        "drive_post += W",
        "step_of_W = dW/2; W += step_of_W",
    ),
    (
        "W : 1\ndW = eta*psi_post*third_factor_post*int(not new_image) : 1",
        "drive_post += W",
        "W += dW*(2 - int(training))",
    ),
    (
        "W : 1\ndelig/dt = -elig/(4*ms) : 1 (clock-driven)\n"
        "dW = eta*elig*(correct - error) : 1",
        "drive_post += W",
        "elig += psi_post; W = clip(W + dW, -1, 1)",
    ),
)
RATE_SYNAPSES = (
    (
        "W : 1\ndW = 2*eta*psi_post*third_factor_post : 1",
        "drive_post = phi_pre*W : 1 (summed)",
        "W += 0.5*phi_pre*dW",
    ),
    (
        "W : 1\ndelig/dt = (phi_pre*psi_post - elig)/(3*ms) : 1 (clock-driven)\n"
        "dW = eta*elig*third_factor_post : 1",
        "drive_post = 0.3*phi_pre*exp(W) : 1 (summed)",
        "W = clip(W + dW, -1, 1)",
    ),
)


class Draft:
    """A model file that is being written.

    Parameters
    ----------
    pick : random.Random or the like
    rate : bool
    rule : str

    Attributes
    ----------
    vectors : bool
        Whether targets are vectors.
    values : dict of str
        Python source of the values, by name.
    initial : dict
    """

    def __init__(self, pick, rate, rule):
        self.pick, self.rate, self.rule, self.vectors = pick, rate, rule, False
        self.values = {"weight_range": "1.0", "feedback_range": "1.0"}
        self.initial = {}

    def maybe(self, chance=0.5):
        return self.pick.random() < chance

    def text(self, name, value):
        self.values[name] = f"'''{value}'''"

    def choice(self, values):
        """Draw one; what is refused for its time, the past, is rare."""
        value = self.pick.choice(values)
        while self._is_refused(str(value)):
            if self.maybe(0.1):
                break
            value = self.pick.choice(values)
        return value

    def _is_refused(self, value):
        """Whether it asks for the past, or for a reward where there is none."""
        words = ["(t - dt", "(t - 2*dt"]
        words += ["error)", "correct"] if self.rule == "node" or self.vectors else []
        return any(word in value for word in words)

    def source(self):
        lines = ["from brian2 import *"]
        if any("eta_0" in value for value in self.values.values()):
            lines.append("eta_0 = 0.05")
        lines += [f"{name} = {value}" for name, value in self.values.items()]
        lines += [f"initial = {self.initial!r}"] if self.initial else []
        return "\n".join(lines) + "\n"

    def time_constant(self):
        """Give tau_m, or the tau that it follows from, if a string uses it."""
        given = [text for name, text in self.values.items() if name not in _TIMES]
        if any("tau_m" in text for text in given):
            self.plain(self.pick.choice(_TIMES))
            if self.rate and "log" in self.values.get("tau_m", ""):
                self.values["tau_m"] = "1.5*ms"  # tau is 1 there
        elif "psp_neuron" not in self.values and not self.rate and self.maybe():
            self.plain(self.pick.choice(_TIMES))

    def plain(self, name):
        """Give a name one of its values."""
        value = self.choice(PLAIN[name])
        if name in _PYTHON:
            self.values[name] = value
        else:
            self.text(name, value)

    def inputs(self, spike=True, reset=True, refractory=True):
        """Give input neurons equations, and what belongs to their spikes."""
        equations, condition = self.choice(INPUTS)
        self.text("input_neuron", equations.format(n="n : integer"))
        if self.maybe(0.4):
            self.text("input_on_image", self.pick.choice(("n += 1", "n = i + 10*n")))
        if self.rate:
            return
        if spike:
            self.text("input_spike", condition)
        if reset:
            self.text("input_reset", "n += 1")
        if refractory:
            rest = self.pick.choice(("2*ms", "'1*ms*(n % 2)'", "False"))
            self.values["input_refractory"] = rest

    def neurons(self, layer):
        """Give one layer, or all, neurons of their own.

        Parameters
        ----------
        layer : str
            ``"layer_1_"``, ``"output_"`` or an empty string.
        """
        pick = self.pick
        leak, needed, formulas = self.choice(LEAKS)
        spike, more = pick.choice(SPIKES)
        some = pick.sample(sorted(EXTRAS), pick.randrange(3))
        summed = self.maybe(0.25)
        names = list(dict.fromkeys([*needed, *more, *some]))
        refractory = pick.choice(REFRACTORY)
        mark = " (unless refractory)" if self.maybe(0.4) else ""
        lines = [f"dh/dt = {leak} : 1{mark}", *(EXTRAS[n][0] for n in names)]
        lines += [formulas, "drive : 1", "b : 1"]
        if self.rate:
            lines = self._rate_neuron()
            names = []
        name = f"{layer}neuron" if layer else "psp_neuron"
        if summed or (layer and "layer_sum" in self.values):
            lines += ["total : 1"] if summed else []
            of_layer = f"{layer}sum" if layer else "layer_sum"
            self.text(of_layer, pick.choice(SUMS) if summed else "")
        self.text(name, "\n".join(line for line in lines if line))
        start = {n: EXTRAS[n][2] for n in names if EXTRAS[n][2] is not None}
        if layer and start:
            self.initial.setdefault(layer.rstrip("_"), {}).update(start)
        elif start:
            self.initial |= start
        if summed:
            self.text(f"{layer}transfer", pick.choice(TRANSFERS_OF_SUMS))
        elif layer or self.maybe(0.7):
            self.text(f"{layer}transfer", pick.choice(TRANSFERS))
        if "xi" in leak:
            self.values[f"{layer}method"] = pick.choice(METHODS[-3:])
        elif layer or self.maybe():
            self.values[f"{layer}method"] = pick.choice(METHODS)
        if self.maybe(0.3):
            changes = ON_IMAGE_OF_RATES if self.rate else ON_IMAGE
            self.text(f"{layer}on_image", pick.choice(changes))
        if self.rate:
            return
        self.text(f"{layer}spike", spike)
        statements = ["h = 0", *(EXTRAS[n][1] for n in names if EXTRAS[n][1])]
        if layer or self.maybe(0.8):
            between = pick.choice(("; ", "\n", " # and\n"))
            self.text(f"{layer}reset", between.join(statements))
        if layer or self.maybe(0.7):
            self.values[f"{layer}refractory"] = refractory

    def _rate_neuron(self):
        return self.pick.choice(
            (
                ["h = b + 0.8*drive : 1", "drive : 1", "b : 1"],
                ["dh/dt = (b + drive - h)/tau_m : 1", "drive : 1", "b : 1"],
                ["h = b + drive + gain*0.1 : 1", "drive : 1", "b : 1", "gain : 1"],
                ["h = b + drive + 0.5*third_factor : 1", "drive : 1", "b : 1"],
            )
        )

    def synapses(self, sparse, layer=""):
        """Give synapses equations, transmission and plasticity that go together.

        Parameters
        ----------
        sparse : bool
        layer : str, optional
            ``"layer_1_"`` or ``"output_"``.
        """
        kinds = RATE_SYNAPSES if self.rate else SYNAPSES
        equations, transmit, learn, *learn_post = self.choice(kinds)
        self.text(f"{layer}synapse" if layer else "plastic_synapse", equations)
        self.text(f"{layer}transmit", transmit)
        self.text(f"{layer}sparse_learn" if sparse else f"{layer}learn", learn)
        if self.rule == "kp":
            learn_post = []
        elif not self.rate and self.maybe(0.4):
            learn_post = learn_post or [self.pick.choice(PLAIN["learn_post"])]
        spikes = layer != "output_" or "output_spike" in self.values
        if spikes and (learn_post or "learn_post" in self.values):
            self.text(f"{layer}learn_post", (learn_post or [""])[0])
        if self.rule != "kp" and self.maybe(0.3):
            self.text(f"{layer}learn_step", self.choice(PLAIN["learn_step"]))
        if sparse and self.maybe(0.3):
            self.text("learn", learn)
        if self.rule == "kp" and self.maybe(0.95) and layer != "layer_1_":
            name = f"kolen_pollack_{'sparse_' if sparse else ''}learn"
            self.text(layer + name, self.pick.choice(PLAIN[name]))
        if "u : 1" in equations:
            self.initial["u"] = 0.2
        if self.maybe(0.3):
            layer = self.pick.choice(("", "", "output_", "layer_1_"))
            self.text(f"{layer}synapse_on_image", self.pick.choice(SYNAPSE_ON_IMAGE))

    def masks(self, sizes):
        """Say which synapses there are: by conditions, or by an array."""
        m = len(sizes) - 1
        names = {"mask": None, "feedback_mask": None}
        names |= {f"layer_{n}_mask": n for n in range(1, m)} | {"output_mask": m}
        own = self.rule in ("fa", "dfa")
        for name in self.pick.sample(sorted(names), self.pick.choice((1, 2))):
            layer = names[name]
            if name == "feedback_mask" and (not own or m == 1):
                continue
            self.values[name] = self.pick.choice(MASKS)
            if layer and self.maybe(0.3):
                shape = range(sizes[layer - 1]), range(sizes[layer])
                rows = [[int((i + j) % 3 > 0) for j in shape[1]] for i in shape[0]]
                self.values[name] = repr(rows)

    def further(self, layers):
        """Add synapses within layers, or past one."""
        for kind in ("lateral", "skip"):
            if self.maybe():
                continue
            layer = self.pick.choice(("", "", *layers)) if self.maybe(0.4) else ""
            if layer == "output_" and kind == "lateral":
                layer = ""
            layer = "" if kind == "skip" else layer
            equations, transmit, learn = self.pick.choice(FURTHER)
            self.text(f"{layer}{kind}_synapse", equations)
            self.text(f"{layer}{kind}_transmit", transmit)
            if self.maybe(0.7):
                self.text(f"{layer}{kind}_learn", learn)
            if self.maybe(0.6):
                self.values[f"{layer}{kind}_mask"] = self.pick.choice(MASKS)

    def delays(self, layers):
        """Let spikes and feedback be on their way for some time.

        Parameters
        ----------
        layers : list of str
            Beginnings of names for one layer, the output first.
        """
        bases = ["feedback_delay"] if self.rule not in ("shallow", "node") else []
        if not self.rate:
            bases += ["delay", "delay"]
            further = (n for n in self.values if n.endswith("lateral_transmit"))
            bases += [f"{n.removesuffix('transmit')}delay" for n in further]
            bases += ["skip_delay"] if "skip_transmit" in self.values else []
        for base in bases:
            own = self.maybe(0.4) and base in ("delay", "feedback_delay")
            ends = layers[1:] if base == "feedback_delay" else layers
            name = f"{self.pick.choice(ends)}{base}" if own and ends else base
            if self.maybe(0.7):
                self.values[name] = self.pick.choice(TIMES_ON_THE_WAY)


#: Whole steps of 1 ms, of half a millisecond, and what is rounded; the longest is of
#: more steps than an integer has bits.
TIMES_ON_THE_WAY = ("1*ms", "2*ms", "1.5*ms", "1.2*ms", "'3*dt'", "0*ms", "17*ms")

#: Further synapses: equations, what a spike does, plasticity.
FURTHER = (
    ("W : 1", "drive_post += 0.2*W; W *= 0.999", "W = clip(W + eta*psi_post, -1, 1)"),
    (
        "inh : 1",
        "b_post -= 0.01*(1 + inh)",
        "inh = clip(inh + 0.1*phi_post*int(training), 0, 1)",
    ),
    (
        "W : 1\ndtr/dt = -tr/(3*ms) : 1 (event-driven)",
        "tr += 1; b_post += 0.01*W*tr*int(i != j)",
        "W += 0.1*eta*tr*int(not new_image)",
    ),
    (  # what goes on in tests too
        "dW/dt = (0.3*phi_pre - W)/(9*ms) : 1 (clock-driven)\n"
        "du/dt = (third_factor_post - u)/(5*ms) : 1 (clock-driven)",
        "b_post += 0.01*W*(1 + u)",
        "W = clip(W + eta*u, -1, 1)",
    ),
)

#: Conditions under which there is a synapse.
MASKS = ("'i != j'", "'rand() < 0.6'", "'abs(i - j) < 2 or j == 0'", "'(i + j) % 2'")
MASKS += ("'row_j == 0 or i > 0'", "'i < N_pre - 1 or j < N_post - 1'")

_TIMES = ("tau", "tau_m")
_PYTHON = ("tau", "tau_m", "eta", "gamma", "input_method", "delta_method", "noise_size")
