"""What `DenseSynapses` refuses when it is made, and in which words."""

from collections.abc import Mapping

import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.codegen.generators.cython_generator import get_cpp_dtype
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    Equations,
)
from brian2.groups.neurongroup import check_identifier_pre_post
from brian2.synapses.synapses import Synapses
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Quantity, fail_for_dimension_mismatch
from brian2.utils.stringtools import get_identifiers

from .statements import calls_are_pure, parse_code

__all__ = [
    "check_dtype",
    "check_keywords",
    "check_left_out",
    "check_names",
    "check_shared",
    "check_written",
    "checked_delay",
    "checked_ends",
    "checked_model",
    "delays_by_pathway",
    "pathways_by_name",
    "refuse_random",
]

#: A variable that has one of these names is hidden in `Synapses` too.
_ATTRIBUTES_OF_SYNAPSES = {
    *dir(Synapses),
    *("source", "target", "events", "equations", "event_driven", "codeobj_class"),
    *("state_updater", "subexpression_updater", "summed_updaters", "indices"),
    *("namespace", "variables", "multisynaptic_index"),
}

#: What Brian2 asks for the type of a number, by generator; NumPy knows them all.
_TYPE_OF = {"cython": get_cpp_dtype, "cpp": c_data_type, "cuda": c_data_type}


def check_dtype(synapses, name, dtype):
    """Raise for a type of numbers that Brian2 could write no code for."""
    language = synapses.codeobj_class.generator_class.class_name
    if language not in _TYPE_OF:
        return
    dtype = np.dtype(dtype)
    try:
        _TYPE_OF[language](dtype)
    except (KeyError, ValueError):
        raise TypeError(
            f"'{name}' of '{synapses.name}' has dtype {dtype}, for which Brian2's "
            f"target '{language}' has no type: use another dtype, or another target"
        ) from None


def check_keywords(connect, pre, on_pre, post, on_post):
    """Return the statements, also if they come under the old names of `Synapses`."""
    if connect is not None:
        raise TypeError(
            "The connect keyword argument is no longer supported, call the connect "
            "method instead."
        )
    for name, old, new in (("pre", pre, on_pre), ("post", post, on_post)):
        if old is not None and new is not None:
            raise TypeError(
                f"Cannot specify both '{name}' and 'on_{name}'. The '{name}' keyword "
                f"is deprecated, use the 'on_{name}' keyword instead."
            )
    return on_pre if pre is None else pre, on_post if post is None else post


def checked_ends(source, target):
    """Return source and target, if each is a group of neurons of a known number."""
    target = source if target is None else target
    for group in (source, target):
        if not hasattr(group, "variables") or not hasattr(group, "__len__"):
            raise TypeError(f"Cannot connect {group!r}: not a group of neurons.")
        if "_synaptic_pre" in group.variables or hasattr(group, "connectivity"):
            raise NotImplementedError(
                f"DenseSynapses joins neurons; '{group.name}' is a group of synapses: "
                "use Synapses"
            )
    return source, target


def check_left_out(synapses, codes):
    """Raise for names of neuronal variables that have an index of their own."""
    for name in sorted(get_identifiers("\n".join(codes))):
        if name in synapses.left_out:
            raise KeyError(
                f"'{name}' is not known in '{synapses.name}': "
                f"{synapses.left_out[name]} is linked, or computed from a variable "
                "that is, by an index of its own, which synapses do not follow. Copy "
                "it into a variable of the group."
            )


def check_names(synapses, model):
    """Raise if a variable could not be read, for an attribute that has its name.

    The attributes of `Synapses` hide variables in the same way, and so do pathways.
    """
    taken = {name for cls in type(synapses).__mro__ for name in vars(cls)}
    taken |= set(vars(synapses)) - {pathway.objname for pathway in synapses.pathways}
    for name in sorted(model.names & (taken - _ATTRIBUTES_OF_SYNAPSES)):
        raise ValueError(
            f"'{name}' cannot be the name of a variable, it is an attribute of "
            f"{type(synapses).__name__}: rename it."
        )


def check_written(synapses, code):
    """Raise for what statements must not change, or not in this way.

    The neurons of a synapse, ``i`` and ``j``; and a variable under two names, as ``x``
    and ``x_post``. Each name is read before the statements and written after them, so
    that one of the changes is lost. Which one depends on the order of a set, in Brian2
    too: it differs between two processes.
    """
    variables = synapses.variables
    names = {}
    for name, _, _ in parse_code(code):
        if name in ("i", "j"):
            raise NotImplementedError(
                f"'{name}' says which neurons '{synapses.name}' joins, statements "
                "cannot change it: use Synapses"
            )
        if name not in variables:
            continue
        place = variables[name], variables.indices[name]
        other = names.setdefault(place, name)
        if other != name:
            raise NotImplementedError(
                f"'{other}' and '{name}' are one variable of '{synapses.name}', and "
                "the statements change both: one change would be lost. Use one name; "
                "if either change may be lost, use Synapses"
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


def checked_model(model, multisynaptic_index):
    """Return the model as `Equations`, if dense synapses can hold it."""
    if multisynaptic_index is not None:
        raise NotImplementedError(
            "DenseSynapses has one synapse for each pair: use Synapses for more"
        )
    if model is None:
        model = ""
    if isinstance(model, str):
        model = Equations(model)
    if not isinstance(model, Equations):
        raise TypeError(
            f"model has to be a string or an Equations object, is '{type(model)}'"
        )
    model.check_flags(
        {
            DIFFERENTIAL_EQUATION: ["event-driven", "clock-driven"],
            SUBEXPRESSION: ["summed", "shared", "constant over dt"],
            PARAMETER: ["constant", "shared", "linked"],
        },
        incompatible_flags=[
            ("event-driven", "clock-driven"),
            ("summed", "shared", "constant over dt"),
        ],
    )
    for eq in model.values():
        if "linked" in eq.flags:
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
    return model


def pathways_by_name(side, statements):
    """Return the pathways of one side as pairs of name and statements."""
    if not statements:
        return []
    if isinstance(statements, str):
        statements = {side: statements}
    if not isinstance(statements, Mapping):
        raise TypeError(
            f"on_{side} has to be a string or a dictionary, is {type(statements)}"
        )
    for objname, code in statements.items():
        if not isinstance(objname, str):
            raise TypeError(
                f"Keys for the 'on_{side}' argument have to be strings, got "
                f"{type(objname)} instead."
            )
        if not isinstance(code, str):
            raise TypeError(
                f"The statements of pathway '{objname}' have to be a string, are "
                f"{type(code)}"
            )
    return list(statements.items())


def delays_by_pathway(delay):
    """Return the delays of an argument as a dictionary."""
    if delay is None:
        return {}
    if isinstance(delay, Mapping):
        return dict(delay)
    if not isinstance(delay, Quantity):
        raise TypeError(
            "Delay argument has to be a quantity or a dictionary, is type "
            f"{type(delay)} instead."
        )
    return {"pre": delay}


def checked_delay(delay, name):
    """Return the delay of a pathway in seconds, or raise an error.

    Parameters
    ----------
    delay : Quantity
        The same for all synapses.
    name : str
        Of the pathway.
    """
    if isinstance(delay, str):
        raise NotImplementedError(
            f"The delay of pathway '{name}' has to be a quantity, the same for all "
            f"synapses, not '{delay}': use Synapses"
        )
    if not isinstance(delay, Quantity):
        raise TypeError(
            f"Cannot set the delay for pathway '{name}': expected a quantity, got "
            f"{type(delay)} instead."
        )
    fail_for_dimension_mismatch(
        delay,
        second,
        "Delay has to be specified in units of seconds but got {value}",
        value=delay,
    )
    values = np.unique(np.asarray(delay))
    if len(values) != 1:
        raise NotImplementedError(
            f"The delay of pathway '{name}' has to be the same for all synapses: use "
            "Synapses"
        )
    if values[0] < 0:
        raise ValueError(f"The delay of pathway '{name}' is negative: {delay}")
    return float(values[0])


def refuse_random(synapses, code):
    """Raise if code draws random numbers and the target cannot, as on CUDA.

    Brian2CUDA draws one for each synapse before every step, also for the rows that
    nothing is done to.
    """
    if synapses.codeobj_class.draws_random_numbers:
        return
    for _, _, expression in parse_code(code):
        if not calls_are_pure(expression, synapses.variables, synapses.namespace or {}):
            raise NotImplementedError(
                f"DenseSynapses draws no random numbers on CUDA ('{expression}'): use "
                "Synapses"
            )
