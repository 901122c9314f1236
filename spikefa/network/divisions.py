"""Finding what is divided by although it is 0: a parameter that nobody sets."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from brian2.equations.equations import PARAMETER, SUBEXPRESSION, SingleEquation
from brian2.groups.group import VariableOwner
from brian2.parsing.sympytools import str_to_sympy

from ..equations.explanations import words
from ..equations.model import Model
from ..equations.names import NAMES, kind_of
from ..errors import ModelError
from .feedback_grid import GRID_STEPS
from .initial_values import find_initial_values
from .network import FeedbackNetwork
from .projections import part_of

__all__ = ["check_divisions", "denominators", "equations_of", "strings_defining"]

#: Parameters that the network, its synapses or its initial state set.
_SET = {"drive", "drive_noisy", "b", "W", "B", GRID_STEPS, "class_index", "present"}
_SET |= {"feedback"}


def check_divisions(net: FeedbackNetwork, state: Iterable[str]) -> None:
    """Refuse a division by a parameter that is never set and so stays 0.

    Parameters
    ----------
    net : FeedbackNetwork
    state : iterable of str
        State variables as ``"group.variable"``.

    Raises
    ------
    ModelError
        Naming parameter and string.
    """
    model = net.model
    initial = find_initial_values(net, state)
    zeros = {
        name: f"{name} is 0"
        for name, value in model.parameters.items()
        if isinstance(value, int | float) and not value
    }
    for group in net.stateful:
        never_set = {
            eq.varname: f"{eq.varname} is never set and 0; 'initial' gives it values"
            for eq in equations_of(net, group)
            if eq.type == PARAMETER
            and not {"linked", "summed"} & set(eq.flags)
            and eq.varname not in _SET | _assigned(model)
            and f"{group.name}.{eq.varname}" not in {*initial, *net.computed}
        }
        _check_group(net, group, zeros | never_set)


def _check_group(
    net: FeedbackNetwork, group: VariableOwner, zeros: Mapping[str, str]
) -> None:
    model = net.model
    within = {
        eq.varname: str_to_sympy(eq.expr.code)
        for eq in equations_of(net, group)
        if eq.type == SUBEXPRESSION
    }
    expressions = [
        (eq.varname, eq.expr.code)
        for eq in equations_of(net, group)
        if eq.expr is not None
    ]
    for string in _strings_of(net, group):
        expressions += [(string, line) for line in str(model[string]).split("\n")]
    for name, text in expressions:
        for denominator in denominators(text):
            expression = str_to_sympy(denominator)
            for _ in within:  # one subexpression may need another
                expression = expression.subs(
                    {
                        s: within[s.name]
                        for s in expression.free_symbols
                        if s.name in within
                    }
                )
            there = [s for s in expression.free_symbols if s.name in zeros]
            if there and expression.subs({s: 0 for s in there}) == 0:
                culprit = sorted(there, key=lambda s: s.name)[0].name
                raise ModelError(
                    f"{_place(net, group, name)}: divides by '{denominator}', but "
                    f"{zeros[culprit]}"
                )


def equations_of(net: FeedbackNetwork, group: VariableOwner) -> list[SingleEquation]:
    """List a group's equations as the model has them.

    Those of the group have variables in place of subexpressions that are evaluated once
    a step.
    """
    strings = [
        n for n in net.strings_of.get(group.name, ()) if kind_of(n) == "equations"
    ]
    return list(net.model.equations(*strings).values())


def strings_defining(
    net: FeedbackNetwork, group: VariableOwner, variable: str
) -> Sequence[str]:
    """Name the strings of a group that have the equation of a variable."""
    return [
        string
        for string in net.strings_of.get(group.name, ())
        if kind_of(string) == "equations" and variable in net.model.equations(string)
    ]


def denominators(text: str) -> Iterator[str]:
    """Yield what an expression or a statement divides by."""
    try:
        tree = ast.parse(text.strip())
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(
            node.op, ast.Div | ast.FloorDiv | ast.Mod
        ):
            right = node.right if isinstance(node, ast.BinOp) else node.value
            yield ast.unparse(right)


def _strings_of(net: FeedbackNetwork, group: VariableOwner) -> Iterator[str]:
    """List the statements and conditions that belong to a group."""
    model = net.model
    if group in net.layers[1:]:
        layer = net.layers.index(group)
        if spike := net.spike_string(layer):
            yield spike
            names = [model.of_layer(n, layer, net.n_layers) for n in _ON_SPIKE]
            yield from (name for name in names if isinstance(model[name], str))
        yield net.string("learn_bias", layer)
    for (kind, layer), synapses in net.crossed.items():
        if synapses is group:
            parts = ("learn_step",) if net.rate else _OF_SYNAPSES
            bases = [part_of(kind, part) for part in parts]
            strings = [net.string(base, layer) for base in bases if base in NAMES]
            yield from (name for name in strings if model.get(name))


_ON_SPIKE = ("reset", "refractory")
_OF_SYNAPSES = ("transmit", "learn", "learn_step")


def _assigned(model: Model) -> set[str]:
    """Names that some statement gives a value."""
    found = set()
    for name in model:
        row = NAMES.get(name)
        text = model[name]
        if isinstance(text, str) and (row is None or row.kind == "statements"):
            for line in text.split("\n"):
                left = line.split("=")[0]
                found |= {
                    w.removesuffix("_post").removesuffix("_pre") for w in words(left)
                }
    return found


def _place(net: FeedbackNetwork, group: VariableOwner, name: str) -> str:
    model = net.model
    if name in model and isinstance(model[name], str):
        if NAMES.get(name) is None or NAMES[name].kind != "equations":
            return model.where(name)
    strings = strings_defining(net, group, name) or net.strings_of.get(group.name, ())
    return model.where(*strings[:1])
