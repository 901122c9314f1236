"""What `DenseSynapses` refuses when it is made, and in which words."""

from collections.abc import Mapping

import numpy as np
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    Equations,
)
from brian2.groups.neurongroup import check_identifier_pre_post
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Quantity, fail_for_dimension_mismatch

from .codeobjects import draws_random_numbers
from .statements import calls_are_pure, parse_code

__all__ = [
    "check_delay_names",
    "check_shared",
    "checked_model",
    "refuse_random",
    "refuse_unsupported",
]


def check_delay_names(delay, pathways):
    """Raise for a delay of a pathway that does not exist."""
    for name in delay if isinstance(delay, Mapping) else ():
        if name not in [pathway.objname for pathway in pathways]:
            raise ValueError(
                f"Cannot set the delay for pathway '{name}': unknown pathway."
            )


def check_shared(model, variables):
    """Raise for a shared subexpression that depends on what is not shared."""
    for eq in model.values():
        if eq.type != SUBEXPRESSION or "shared" not in eq.flags:
            continue
        for name in variables[eq.varname].identifiers:
            if name in variables and not variables[name].scalar:
                raise SyntaxError(
                    f"Shared subexpression '{eq.varname}' refers to non-shared "
                    f"variable '{name}'."
                )


def checked_model(model):
    """Return the model as `Equations`, if dense synapses can hold it."""
    if model is None:
        model = ""
    if isinstance(model, str):
        model = Equations(model)
    if not isinstance(model, Equations):
        raise TypeError(
            f"model has to be a string or an Equations object, is '{type(model)}'"
        )
    for eq in model.values():
        if eq.type == DIFFERENTIAL_EQUATION:
            raise NotImplementedError(
                f"DenseSynapses cannot integrate '{eq.varname}': use Synapses for "
                "differential equations in synapses"
            )
        if "linked" in eq.flags or "constant over dt" in eq.flags:
            raise NotImplementedError(
                f"DenseSynapses cannot hold '{eq.varname}' ({', '.join(eq.flags)}): "
                "use Synapses"
            )
        if "summed" not in eq.flags:
            check_identifier_pre_post(eq.varname)
        if eq.varname in ("i", "j", "delay"):
            raise SyntaxError(
                f"'{eq.varname}' is a reserved name that cannot be used as a "
                "variable name."
            )
    model.check_flags(
        {SUBEXPRESSION: ["summed", "shared"], PARAMETER: ["constant", "shared"]},
        incompatible_flags=[("summed", "shared")],
    )
    return model


def refuse_unsupported(delay, multisynaptic_index, method):
    """Raise for arguments of `Synapses` that would change the result."""
    for value in delay.values() if isinstance(delay, Mapping) else [delay]:
        if value is None:
            continue
        if not isinstance(value, Quantity):
            raise TypeError(
                f"A delay has to be a quantity, is {type(value)}; DenseSynapses "
                "accepts 0*ms only: use Synapses for others"
            )
        fail_for_dimension_mismatch(value, second, "A delay has to be a time")
        if np.any(np.asarray(value) != 0):
            raise NotImplementedError("DenseSynapses has no delays: use Synapses")
    if multisynaptic_index is not None:
        raise NotImplementedError(
            "DenseSynapses has one synapse for each pair: use Synapses for more"
        )
    if method is not None:
        raise NotImplementedError(
            "DenseSynapses integrates nothing: use Synapses for a method"
        )


def refuse_random(synapses, code):
    """Raise if code draws random numbers and the target cannot, as on CUDA.

    Brian2CUDA draws one for each synapse before every step, also for the rows that
    nothing is done to.
    """
    if draws_random_numbers(synapses.codeobj_class):
        return
    for _, _, expression in parse_code(code):
        if not calls_are_pure(expression, synapses.variables, synapses.namespace or {}):
            raise NotImplementedError(
                f"DenseSynapses draws no random numbers on CUDA ('{expression}'): use "
                "Synapses"
            )
