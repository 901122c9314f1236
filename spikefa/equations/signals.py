"""Signals that every string of a model sees: the clock of the image, and rewards.

A string may say ``new_image``, ``step_of_image`` and ``training``. In the place of such
a name it gets a function of time, as with `spikefa.equations.schedules`. A name that
the model gives a meaning of its own keeps that. `REWARDS` are variables of all neurons
in networks that name them. Both make the table in the documentation too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .explanations import words
from .schedules import put_in

__all__ = ["CLOCK_FUNCTIONS", "REWARDS", "SIGNALS"]
__all__ += ["rewards_of", "signals_of", "with_signals"]


@dataclass(frozen=True)
class Signal:
    """A name that every string may use.

    Parameters
    ----------
    expression : str
        Of functions of time.
    kind : str
        ``"integer"`` or ``"boolean"``.
    meaning : str
    """

    expression: str
    kind: str
    meaning: str


SIGNALS = {
    "step_of_image": Signal(
        "int(image_step(t))",
        "integer",
        "how many time steps the image has been shown: 0 in the first one",
    ),
    "new_image": Signal(
        "image_step(t) < 0.5", "boolean", "whether this is the first step of an image"
    ),
    "training": Signal(
        "is_training(t) > 0.5",
        "boolean",
        "whether the network is taught: false in tests",
    ),
}

#: What is known of the outcome of a step, as a number.
REWARDS = {
    "error": "mean square of the error of the outputs in this step; 0 in tests",
    "correct": "1 if no class is more active in this step than the target, else 0; "
    "0 in tests",
}

#: These functions.
CLOCK_FUNCTIONS = ("image_step", "is_training")


def signals_of(values: Mapping[str, Any]) -> dict[str, str]:
    """List the signals whose names a model gives no meaning of its own.

    Parameters
    ----------
    values : dict
        Strings and parameters of the model.

    Returns
    -------
    signals : dict of str
        Expressions by name.
    """
    texts = [text for text in values.values() if isinstance(text, str)]
    return {
        name: signal.expression
        for name, signal in SIGNALS.items()
        if name not in values and not any(_gives_a_value(text, name) for text in texts)
    }


def rewards_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """List the rewards that strings of a model use and do not define themselves.

    Parameters
    ----------
    values : dict
        Strings and parameters of the model.

    Returns
    -------
    names : tuple of str
    """
    own = [
        re.sub("#.*", "", text)
        for name, text in values.items()
        if isinstance(text, str) and name not in _PLUMBING
    ]
    used = set().union(*map(words, own))
    return tuple(
        name
        for name in REWARDS
        if name in used
        and name not in values
        and not any(_gives_a_value(text, name) for text in own)
    )


#: Strings that make the rewards.
_PLUMBING: tuple[str, ...] = ("outcome", "class_votes", "error_signal", "votes_signal")
_PLUMBING += ("target_votes", "rival_votes", "told_error", "told_correct")


def _gives_a_value(text: str, name: str) -> bool:
    """Whether an equation or a statement of a string is one for a name."""
    left = rf"(?:^|;)\s*(?:d{name}\s*/\s*dt|{name})\s*"
    return re.search(rf"{left}(?:[-+*/]|\*\*|//)?[:=](?!=)", text, re.M) is not None


def with_signals(text: Any, signals: Mapping[str, str]) -> Any:
    """Put signals into a string, in the place of their names."""
    return put_in(text, signals) if isinstance(text, str) else text
