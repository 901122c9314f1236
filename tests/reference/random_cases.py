"""Random cases: a model file, a rule, and what is done with the network.

`draw_case` draws one. `COLUMNS` and `legal` say which strings can meet which options.
"""

import re
from dataclasses import replace

from spikefa import load_model
from spikefa.equations.names import NAMES, layer_of

from .judge import Case
from .network import REWARD_STRINGS
from .random_files import PLAIN, Draft

__all__ = [
    "COLUMNS",
    "cells",
    "draw_case",
    "legal",
    "legal_cells",
    "possible_refusal",
    "refusal",
    "with_given_numbers",
]

RULES = ("fa", "dfa", "bp", "sign", "kp", "shallow", "node")

#: Options, in the order of the table.
OPTIONS = (
    "of one layer",
    "initial values",
    "removed",
    "mask",
    "in chunks",
    "tests between",
    "not kept",
    "set_state",
    "resumed",
    "frozen",
    "gates",
    "no biases",
    "8 bits",
    "16 bits",
    "single",
    "per synapse",
    "vectors",
)
COLUMNS = RULES + OPTIONS

_ONLY_RULES = {
    "feedback_range": ("fa", "dfa", "sign", "kp"),
    "feedback_synapse": ("fa", "dfa"),
    "feedback_grid": ("fa", "dfa"),
    "feedback_mask": ("fa", "dfa"),
    "feedback_delay": ("fa", "dfa", "bp", "sign", "kp"),
    "backprop_feedback": ("bp",),
    "sign_symmetric_feedback": ("sign",),
    "kolen_pollack_feedback": ("kp",),
    "learn_step": ("fa", "dfa", "bp", "sign", "shallow", "node"),
    "learn_post": ("fa", "dfa", "bp", "sign", "shallow"),
    "kolen_pollack_learn": ("kp",),
    "kolen_pollack_sparse_learn": ("kp",),
    "kolen_pollack_decay": ("kp",),
    "delta_neuron": ("fa", "dfa", "bp", "sign", "kp"),
    "noise_size": ("node",),
    "noisy_input": ("node",),
    "noisy_neuron": ("node",),
    "transmit_noisy": ("node",),
    "reward": ("node",),
    "perturbed_delta": ("node",),
}
_SPARSE = ("sparse_synapse", "sparse_learn", "kolen_pollack_sparse_learn")
_NOT_SPARSE = ("learn", "kolen_pollack_learn")
_BITS = ("8 bits", "16 bits")


def legal(string, column):
    """Whether a string of the table of names can meet a rule or an option."""
    row, rules = NAMES[string], _ONLY_RULES.get(string, RULES)
    if string == "class_activity_of_all_pairs" or string in REWARD_STRINGS:
        return False  # of CUDA alone; what makes the signals of reward
    if row.network == "spiking":
        rules = tuple(rule for rule in rules if rule != "node")
    if column in RULES:
        return column in rules
    if column == "of one layer":
        return bool(row.layered)
    if column in ("removed", "mask"):
        both = (string, column) == ("mask", "mask")  # both say which there are
        return string not in _NOT_SPARSE and not both
    if column == "no biases":
        return string not in ("learn_bias", "decay_bias")
    if column in _BITS:
        return bool({"fa", "dfa"} & set(rules))
    if string == "feedback_grid":
        return True
    if column == "vectors":
        not_there = ("target", "class_activity")
        return row.network != "spiking" and string not in not_there
    return True


def legal_cells():
    return {(s, c) for s in NAMES for c in COLUMNS if legal(s, c)}


def cells(case):
    """The cells of the table that a case is of."""
    columns = {case.rule} | case.options
    return {(s, c) for s in case.strings for c in columns if legal(s, c)}


def draw_case(pick):
    """Draw a case.

    Parameters
    ----------
    pick : random.Random or the like

    Returns
    -------
    case : Case
    """
    rule = pick.choice(RULES)
    rate = rule == "node" or pick.random() < 0.25
    case, draft = Case(rule=rule, rate=rate), Draft(pick, rate, rule)
    case.architecture = _architecture(case, draft)
    sparse = case.architecture["sparse"]
    _write(draft, case, sparse)
    case.plan = _plan(case, pick, case.architecture["chunk_images"])
    if draft.maybe(0.4):
        draft.delays(_layers(case))
    case.text = draft.source()
    case.strings = {_base(name) for name in draft.values}
    layered = {name for name in draft.values if name not in NAMES}
    case.options |= {"of one layer"} if layered else set()
    if draft.initial:
        case.strings.add("initial")
        case.options.add("initial values")
    return case


def _base(name):
    try:
        return layer_of(name)[1]
    except LookupError:
        return name


def _architecture(case, draft):
    pick, options = draft.pick, case.options
    hidden = [pick.randrange(2, 5) for _ in range(1 if draft.maybe(0.7) else 2)]
    if case.rule == "shallow" and draft.maybe(0.2):
        hidden = []
    how = {
        "layer_sizes": (pick.randrange(3, 6), *hidden, 4),
        "n_classes": 2,
        "steps_per_image": 1
        if case.rate and draft.maybe(0.5)
        else pick.randrange(2, 4),
        "chunk_images": pick.randrange(2, 5),
        "engine": "stock",
        "precision": "double",
        "sparse": False,
    }
    if draft.maybe(0.35):
        how["sparse"] = True
        if draft.maybe(0.3):
            options.add("mask")
            draft.initial["present"] = pick.choice(("int(i < 2)", "int(i != j)"))
        else:
            options.add("removed")
            case.removed = pick.choice((0.3, 0.5))
    if draft.maybe(0.2):
        options.add("frozen")
        how["frozen"] = (pick.randrange(1, len(hidden) + 2),)
    if draft.maybe(0.15):
        options.add("no biases")
        how["biases"] = False
    if case.rule in ("fa", "dfa") and draft.maybe(0.5):
        how["feedback_bits"] = pick.choice((8, 16))
        options.add(f"{how['feedback_bits']} bits")
    if draft.maybe(0.15):
        options.add("single")
        how["precision"] = "single"
    if draft.maybe(0.15):
        options.add("per synapse")
        how["evaluate_once"] = False
    if case.rate and draft.maybe(0.4):
        options.add("vectors")
        how["vector_target"] = draft.vectors = True
    if case.rate and draft.maybe(0.5):
        names = ("logistic", "hyperbolic", "linear", "transfer")
        how["transfers"] = tuple(pick.choice(names) for _ in range(len(hidden) + 1))
    return how


def _write(draft, case, sparse):
    """Write the file: neurons, synapses, and the names that this network uses."""
    pick = draft.pick
    used = [name for name in PLAIN if _used(name, case, sparse)]
    if draft.maybe(0.3):
        draft.values["dt"] = "0.5*ms"
    for name in used:
        if draft.maybe(0.45):
            draft.plain(name)
    if draft.maybe(0.6):
        draft.inputs(draft.maybe(0.8), draft.maybe(0.6), draft.maybe(0.6))
    m, layers = len(case.architecture["layer_sizes"]) - 1, _layers(case)
    everywhere = draft.maybe(0.7)
    if everywhere:
        draft.neurons("")
    if draft.maybe(0.5) and (m > 1 or not everywhere):
        draft.neurons(pick.choice(layers))
    for name in ("third_factor", "delta_neuron"):
        if draft.maybe(0.25) and (name == "third_factor" or (name in used and m > 1)):
            layer = pick.choice(layers[1:] or layers)
            draft.text(f"{layer}{name}", pick.choice(PLAIN[name]))
    if draft.maybe(0.6):
        draft.synapses(sparse)
    if draft.maybe(0.3):
        draft.synapses(sparse, pick.choice(layers))
    if not case.rate and draft.maybe(0.3):
        draft.further(layers)
    if draft.maybe(0.25):
        draft.masks(case.architecture["layer_sizes"])
    for name in ("eta", "gamma", "decay", "decay_bias", "learn_bias"):
        if (
            draft.maybe(0.15)
            and (name in used)
            and (case.rule, name) != ("kp", "decay")
        ):
            layer, value = pick.choice(layers), pick.choice(PLAIN[name])
            if name in ("eta", "gamma"):
                draft.values[f"{layer}{name}"] = value
            else:
                draft.text(f"{layer}{name}", value)
    if case.rule == "kp" and "decay" in draft.values and draft.maybe(0.9):
        draft.plain("kolen_pollack_decay")
    draft.time_constant()
    if case.architecture["precision"] == "single" and draft.maybe(0.7):
        draft.values["precision"] = '{"h": "double"}'


def _layers(case):
    m = len(case.architecture["layer_sizes"]) - 1
    return ["output_"] + [f"layer_{n}_" for n in range(1, m)]


def _used(name, case, sparse):
    row, arch = NAMES[name], case.architecture
    if name in ("tau", "tau_m"):
        return False  # see `Draft.time_constant`
    if row.network and row.network != ("rate" if case.rate else "spiking"):
        return False
    if name not in _ONLY_RULES or case.rule in _ONLY_RULES[name]:
        not_used = _NOT_SPARSE if sparse else _SPARSE
        vectors = arch.get("vector_target", False)
        if name in ("logistic", "hyperbolic", "linear"):
            return name in arch.get("transfers", ())
        if name == "feedback_grid":
            return arch.get("feedback_bits", 32) < 32
        if name in ("learn_bias", "decay_bias") and not arch.get("biases", True):
            return False
        if name in ("target", "class_activity") and vectors:
            return False
        if name == "vector_target" and not vectors:
            return False
        return name not in not_used
    return False


#: Names of masks of forward synapses.
MASKS_OF_FORWARD = {"mask", "output_mask", *(f"layer_{n}_mask" for n in range(1, 9))}


def refusal(case):
    """Say what a case is refused for.

    Returns
    -------
    pattern : str or None
        Of what the line names: one of all that is wrong.
    """
    return "|".join(_refusals(case)) or None


def _refusals(case):
    text, sparse = case.text, case.architecture["sparse"]
    given = set(re.findall(r"^(\w+) = ", text, re.MULTILINE))
    if "\nlearn = '''W += dW'''\n" in text and not case.rate:
        given.discard("learn")  # as it is in models/
    if re.search(r"(images|labels)\(t - ", text):
        yield r"images|labels"
    if "'present'" in text and given & MASKS_OF_FORWARD:
        yield "initial 'present' says too which synapses"
    if found := re.search(r"\b(error|correct)\b", text):
        if case.rule == "node":
            yield f"{found[1]}: node perturbation has a reward of its own"
        if "vectors" in case.options and re.search(r"\bcorrect\b", text):
            yield "there are no classes"
    if case.rule == "kp":
        for name in ("sparse_learn" if sparse else "learn", "decay"):
            if _lacks(given, name, f"kolen_pollack_{name}", case):
                yield f"needs kolen_pollack_{name}"
    if case.rule == "sign" and sparse and "exp(B)" in text:
        yield "sign_symmetric_feedback: sends something where B is 0"
    if "per synapse" in case.options and _hears(case):
        yield "evaluate_once"
    reads_gamma = re.search(r"^(?!gamma = ).*\bgamma\b", text, re.MULTILINE)
    if given >= {"decay", "decay_bias", "kolen_pollack_decay"} and not reads_gamma:
        yield from (f"{n}: nothing uses it" for n in given if n.endswith("gamma"))


def _hears(case):
    """Whether forward neurons of a layer that has deltas read the third factor."""
    strings = dict(re.findall(r"^(\w+) = '''(.*?)'''", case.text, re.M | re.S))
    hears = re.compile(r"(drive|if_any).*third_factor")
    names = {name for name, text in strings.items() if hears.search(text)}
    if case.rule != "shallow":
        return bool(names)
    of_output = {"psp_neuron": "output_neuron"}
    of_output |= {name: f"output_{name}" for name in ("reset", "on_image")}
    return any(
        name.startswith("output_") or of_output.get(name) not in {None, *strings}
        for name in names
    )


def _lacks(given, name, counterpart, case):
    """Whether a layer above the first has a string without its counterpart."""
    m = len(case.architecture["layer_sizes"]) - 1
    for layer in range(2, m + 1):
        starts = [f"layer_{layer}_", *(["output_"] if layer == m else []), ""]
        own = [start for start in starts if start + name in given]
        if own and not any(start + counterpart in given for start in starts):
            return True
    return False


def possible_refusal(case):
    """Say what a case may be refused for: Brian2's limits, depending on the method."""
    leaky_error = re.search(r"ddelta/dt = .target", case.text)
    truth_values = leaky_error or "int(i > 1)" in case.text
    apart = "per synapse" in case.options
    pauses = "(unless refractory)" in case.text
    one_rate = "h*(1 + late)" in case.text or pauses
    reasons = {
        "sympy cannot compare abs": apart and "int(abs(target" in case.text,
        "evaluate_once": apart and "du/dt = (third_factor" in case.text,
        "truth value": truth_values,
        "may oscillate": "- h - w)/(2*ms)" in case.text,
        "but there are . pixels": "drive + images(t, i)" in case.text,
        "dv/dt divides by": one_rate and "dv/dt" in case.text,
        "divides by 'int.not_refractory": pauses and "exponential_e" in case.text,
    }
    return "|".join(reason for reason, holds in reasons.items() if holds) or None


def with_given_numbers(case):
    """Let a file draw its random numbers from a table, for any device.

    The strings of ``models/`` that draw some are written into it.
    """
    lines = ["from brian2 import *", "import numpy as np"]
    for name, draw in (("uniforms", "random"), ("normals", "standard_normal")):
        table = f"np.random.default_rng(7).{draw}((97, 89))"
        lines.append(f"{name} = TimedArray({table}, dt=1*ms, name='{name}')")
    head, _, initial = case.text.partition("initial = ")
    for name, value in load_model(rate=case.rate).items():
        draws = isinstance(value, str) and re.search(r"\brandn?\(\)", value)
        if draws and not re.search(rf"^{name} = ", head, re.M):
            head += f"{name} = {value!r}\n"
    for old, new in (
        ("xi*ms**-0.5", "normals(t, i)/ms"),
        ("randn()", "normals(t, i)"),
        ("rand()", "uniforms(t, i)"),
    ):
        head = head.replace(old, new)
    used = [line for line in lines if line.split(" = ")[0] in head or "import" in line]
    text = head.replace("from brian2 import *", "\n".join(used))
    return replace(case, text=text + (f"initial = {initial}" if initial else ""))


def _plan(case, pick, chunk):
    """Say what is done with the network."""
    n_layers = len(case.architecture["layer_sizes"])
    plan = [("run", chunk)]
    more = {
        "in chunks": [("run", 1), ("run", chunk - 1)],
        "tests between": [("test", 1, chunk), ("run", 2)],
        "not kept": [("run", 2, None, False), ("run", 1)],
        "set_state": [("set_state",), ("run", 2)],
        "resumed": [("resume",), ("run", 2)],
        "gates": [("run", 2, [pick.random() < 0.6 for _ in range(n_layers)])],
    }
    for option in pick.sample(sorted(more), 3):
        case.options.add(option)
        plan += more[option]
    return plan
