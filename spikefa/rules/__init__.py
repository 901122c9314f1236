"""Learning rules: how the error gets from the output to the hidden layers.

A rule says which variable a layer sends down, through which synapses, and which
layers learn. It holds no formula of the neurons or of the plasticity; those are in
`spikefa.models`.
"""

from ..errors import InputError
from .rule import Rule
from .transports import (
    BACKPROP,
    DIRECT_FEEDBACK_ALIGNMENT,
    FEEDBACK_ALIGNMENT,
    NODE_PERTURBATION,
    SHALLOW,
    SIGN_SYMMETRIC,
)

__all__ = ["RULES", "Rule", "get_rule"]

#: All rules by their short name on the command line.
RULES = {
    rule.name: rule
    for rule in (
        FEEDBACK_ALIGNMENT,
        BACKPROP,
        DIRECT_FEEDBACK_ALIGNMENT,
        SIGN_SYMMETRIC,
        SHALLOW,
        NODE_PERTURBATION,
    )
}


def get_rule(name):
    """Look a rule up by its short name.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    if isinstance(name, Rule):
        return name
    try:
        return RULES[name]
    except KeyError:
        known = ", ".join(RULES)
        raise InputError(f"unknown rule '{name}' (known: {known})") from None
