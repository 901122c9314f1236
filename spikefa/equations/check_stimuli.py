"""Checking that equations ask for what is shown now, and for what there is."""

import ast

import numpy as np
from brian2.core.functions import Function

from ..errors import ModelError
from .evaluate import evaluate
from .explanations import words
from .names import kind_of
from .signals import CLOCK_FUNCTIONS
from .statements import parse_statements

__all__ = ["STIMULI", "check_index", "check_times", "stimuli_in"]

#: Functions of what is shown.
STIMULI = ("images", "labels", "targets", "passes", *CLOCK_FUNCTIONS)

_OF_TIME = (*STIMULI, "elapsed_steps")


def check_times(model):
    """Refuse what was shown, or will be, at another time than now.

    Images are kept for as long as a run takes. What was shown before is no part of the
    state, so that results would depend on how images are cut into runs.

    Parameters
    ----------
    model : Model

    Raises
    ------
    ModelError
        If one of the functions has another time than ``t``.
    """
    for name in model:
        for call in stimuli_in(model, name, _OF_TIME):
            first = call.args[0] if call.args else None
            if not (isinstance(first, ast.Name) and first.id == "t"):
                raise ModelError(
                    f"{model.where(name)}: '{ast.unparse(call)}': only what is shown "
                    f"now is known; the time has to be t, as in '{_as_it_should(call)}'"
                )
    for text in _texts(model.get("initial")):
        if found := words(text) & {*STIMULI, *model.signals}:
            raise ModelError(
                f"{model.where('initial')}: '{text}': nothing is shown yet, "
                f"{sorted(found)[0]} has no value"
            )


def _as_it_should(call):
    arguments = ["t", *map(ast.unparse, call.args[1:])]
    return f"{ast.unparse(call.func)}({', '.join(arguments)})"


def _texts(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def stimuli_in(model, name, functions=STIMULI):
    """List the calls of some functions in a string of a model.

    Parameters
    ----------
    model : Model
    name : str
        Of the string.
    functions : sequence of str, optional

    Returns
    -------
    calls : list of ast.Call
    """
    if not words(model[name]) & set(functions):
        return []
    found = []
    for text in _expressions(model, name):
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError:  # found out later
            continue
        found += [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in functions
        ]
    return found


def _expressions(model, name):
    """List the expressions in a string."""
    text, kind = model[name], kind_of(name)
    if kind == "equations" or (kind == "statements" and ":" in text):
        equations = model.equations(name).values()
        return [eq.expr.code for eq in equations if eq.expr is not None]
    if kind == "statements":
        with model.naming(name):
            return [right for _, _, right in parse_statements(text)]
    return [text]


def check_index(model, name, call, size, indices):
    """Refuse a pixel, or an element of a target, that there is not.

    Parameters
    ----------
    model : Model
    name : str
        Of the string.
    call : ast.Call
        In it, with a time and an index.
    size : int
        How many pixels there are.
    indices : dict of numpy.ndarray
        Values of ``i``, ``j`` and ``N`` where the string is used.

    Raises
    ------
    ModelError
        If the index is known before a run, and out of range.
    """
    numbers = {n: v for n, v in model.parameters.items() if not isinstance(v, Function)}
    index = ast.unparse(call.args[1])
    try:
        found = np.asarray(evaluate(index, numbers | indices), dtype=float)
    except Exception:  # it follows from variables; what there is not is then NaN
        return
    if found.size and not (0 <= found.min() and found.max() < size):
        wrong = found.min() if found.min() < 0 else found.max()
        what = {"images": "pixels"}.get(call.func.id, "elements of a target")
        raise ModelError(
            f"{model.where(name)}: '{ast.unparse(call)}' goes to {index} = {wrong:g}, "
            f"but there are {size} {what}, from 0 to {size - 1}"
        )
