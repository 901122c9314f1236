"""Saying in one line what is wrong with a model, and with which of its strings.

Brian2 knows its own objects; a group of neurons is made of several strings. Which of
them is at fault follows from the names in Brian2's message.
"""

import ast
import re
from difflib import get_close_matches

from brian2.core.base import BrianObjectException
from brian2.equations.equations import EquationError
from pyparsing import ParseBaseException

__all__ = ["explain", "reason_for", "words"]

_MORE_IN_THE_CAUSE = (
    "Error during evaluation of sympy expression",
    "Error parsing the unit specification",
)

_NEEDS_LEARN = (
    "needs a learn that adds to W, such as 'W += dW', and a rule under which only "
    "spikes read W"
)

#: In the words of sympy, "non-commutative expressions are not supported".
_TRUTH_VALUE = (
    "a truth value, such as int(i > 3), cannot be integrated exactly; give it a line "
    "of its own, 'x = int(i > 3) : 1 (constant over dt)', or choose another method, "
    "such as method = 'euler'"
)

#: In the words of sympy, "Invalid comparison of non-real abs(...)".
_ABSOLUTE_VALUE = (
    "sympy cannot compare abs(...) of a formula that contains a truth value, such as "
    "that of target; give the formula a line of its own, "
    "'d = target - phi : 1 (constant over dt)', and write abs(d)"
)

_OSCILLATION = (
    "what may oscillate cannot be integrated exactly; choose another method, such as "
    "method = 'euler'"
)

#: What Brian2 passes on from sympy, and what is said in its place.
_WORDS_OF_SYMPY = {
    "non-commutative": _TRUTH_VALUE,
    "not 'complex'": _OSCILLATION,
    "Invalid comparison of non-real": _ABSOLUTE_VALUE,
}

#: What the network adds to the names of the model.
_FUNCTIONS = {"images", "labels", "targets", "elapsed_steps", "passes"}
_FUNCTIONS |= {"step_of_image", "new_image", "training", "error", "correct"}


def words(text):
    """Return the identifiers in a string, or nothing if it is no string."""
    return set(re.findall(r"[A-Za-z_]\w*", text)) if isinstance(text, str) else set()


def explain(model, names, exc, variables=()):
    """Name the string at fault and the reason.

    Parameters
    ----------
    model : Model
    names : sequence of str
        The strings that may be at fault.
    exc : Exception
        What Brian2 raised.
    variables : iterable of str, optional
        Names that the equations could have meant, besides those of the model.

    Returns
    -------
    line : str
        File, string and reason.
    """
    reason = reason_for(exc)
    culprit = _culprit(model, list(names), reason)
    known = {*variables, *model.parameters}
    for text in model.values():
        known |= {word for word in words(text) if _defines(text, word)}
    reason = _with_suggestion(reason, known | _FUNCTIONS)
    if reason == "invalid syntax":
        reason = f"{reason} in '{' '.join(str(model.get(culprit)).split())}'"
    user_names = model.changed()
    if not user_names or model.changed(culprit):
        return f"{model.where(culprit)}: {reason}"
    used = words(model[culprit]) & set(user_names)
    place = f"{culprit} of {model.origin.get(culprit, 'model')}"
    if not user_names:
        return f"{place}: {reason}"
    # A built-in equation does not fit what the user's file has changed.
    changed = model.where(*sorted(used or user_names))
    return f"{changed}: does not fit {place}: {reason}"


def reason_for(exc):
    """Put what an exception and its causes say into one line."""
    while isinstance(exc, BrianObjectException) or str(exc).startswith(
        "Error generating code"
    ):
        if (exc.__cause__ or exc.__context__) is None:
            break
        exc = exc.__cause__ or exc.__context__
    text = _message(exc)
    cause = exc.__cause__ or exc.__context__
    if text.startswith(_MORE_IN_THE_CAUSE) and cause is not None:
        first_sentence = _message(cause).split(". ")[0].rstrip(".")
        text = f"{text.rstrip('. ')}: {first_sentence}"
    if isinstance(exc, NotImplementedError):  # what the dense engine says of itself
        text = text.replace("use Synapses", "use engine='stock'")
        if found := re.match(r"read_bits=(\d+): .* that can be put off", text):
            return f"weight_bits={found[1]} {_NEEDS_LEARN}"
    return next((say for of, say in _WORDS_OF_SYMPY.items() if of in text), text)


def _message(exc):
    if isinstance(exc.__cause__, ParseBaseException):
        # What Brian2 says of it differs from version to version.
        line = exc.__cause__.line.strip()
        if isinstance(exc, EquationError):
            return f"invalid equation '{line}', the form is 'x = ... : unit'"
        return f"invalid syntax in '{line}'"
    if isinstance(exc, KeyError) and exc.args:
        text = str(exc.args[0])
        if found := re.match(r'The identifier "(\w+)" could not', text):
            return f"unknown name '{found[1]}'"
        if text == "BitXor":
            return "the operator '^' is not known; a power is written with '**'"
        return f"unknown name '{text}'" if text.isidentifier() else text
    text = str(exc) or type(exc).__name__
    text = text.replace(":\n%", ": ").replace("unit radian", "unit 1")
    text = re.sub(r"\s*\(<(unknown|string)>, line \d+\)", "", text)
    return " ".join(text.split())


def _culprit(model, names, reason):
    """Find the string that a message is about."""
    if reason.endswith(_NEEDS_LEARN):
        return next(name for name in names if name.endswith("learn"))
    if isinstance(model.get("refractory"), str | float) and (
        "efractory" in reason or reason == "invalid syntax"
    ):
        return "refractory"
    patterns = (
        r"(?:variable|subexpression) '?(\w+)",  # Brian2 says which equation
        r"statement \"(\w+) =",
        r"name '(\w+)'",
    )
    for pattern in patterns:
        for word in re.findall(pattern, reason):
            for test in (_defines, lambda text, word: word in words(text)):
                for name in names:
                    if test(model.get(name), word):
                        return name
    for expression in re.findall(r"'([^']+)'", reason):
        for name in names:
            if _contains(model.get(name), expression):
                return name
    changed = model.changed(*names)
    return changed[0] if changed else names[0]


def _contains(text, expression):
    """Whether an expression is part of a string, with other spaces and brackets."""
    if not isinstance(text, str):
        return False
    if "".join(expression.split()) in "".join(text.split()):
        return True
    wanted = _parts(expression)[:1]
    lines = re.split(r"[\n;]", text)
    sides = [re.split(r"(?<![=<>!])=(?!=)", line)[-1] for line in lines]
    # The unit of an equation is not part of its expression.
    return any(wanted[0] in _parts(side.split(":")[0]) for side in sides if wanted)


def _parts(expression):
    """Describe an expression, and then all that it is made of."""
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return []
    return [ast.dump(node) for node in ast.walk(tree)]


def _defines(text, word):
    pattern = rf"^\s*(d{word}\s*/\s*dt\s*=|{word}\s*[=:])"
    return isinstance(text, str) and re.search(pattern, text, re.MULTILINE)


def _with_suggestion(reason, known):
    if found := re.fullmatch(r"unknown name '(\w+)'", reason):
        by_lower = {word.lower(): word for word in sorted(known - {found[1]})}
        close = get_close_matches(found[1].lower(), by_lower, 1, 0.8)
        if close:
            return f"{reason}, did you mean '{by_lower[close[0]]}'?"
    return reason
