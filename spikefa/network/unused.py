"""Names of a model that have no effect under a rule, or in an architecture."""

from ..equations.names import kind_of
from .feedback_grid import GRID_STEPS
from .network import FeedbackNetwork

__all__ = ["without_effect"]

_STRINGS = ("equations", "condition", "statements")

#: Of networks of some kind, whose builders do not say so.
_USED_OTHERWISE = {"class_activity", "class_activity_of_all_pairs", "error_neuron"}

#: What is drawn at the start: the parameter that holds its range.
_DRAWN = {"W": "weight_range", "b": "weight_range"}


def without_effect(network: FeedbackNetwork) -> list[str]:
    """List the names that were changed and that nothing in a network uses.

    A model file may serve several rules and options, so that these are no mistakes; but
    ``--rule bp --set feedback_range=0.3`` is one.

    Parameters
    ----------
    network : FeedbackNetwork

    Returns
    -------
    lines : list of str
        One for each, with the file and the name.
    """
    model, rule = network.model, network.rule
    used = {name for names in network.strings_of.values() for name in names}
    used |= network.decay_rates.keys()  # some are left out because they change nothing
    used |= _USED_OTHERWISE | _of_the_route(network)
    if network.architecture.feedback_bits < 32:
        used.add("feedback_grid")
    needed = model.words_of(used & set(model), _builder_uses(network))
    needed |= {name for base in needed for name in model.variants(base)}
    # Given besides the one that is used, for other rules and options.
    spare = {
        other
        for pair in (("learn", "sparse_learn"), *_pairs(network))
        if used & set(pair) and all(map(model.differs, pair))
        for other in pair
    }
    lines = []
    for name in model:
        if not model.differs(name) or name in used | needed | spare:
            continue
        string = kind_of(name) in _STRINGS and model[name]
        if string or name in model.parameters | model.schedules:
            lines.append(f"{model.where(name)}: has no effect with rule '{rule.name}'")
    return lines


def _of_the_route(network: FeedbackNetwork) -> set[str]:
    """Strings that the route adds to neurons which have strings of their own."""
    variables = [set(group.variables) for group in network.stateful]
    return {
        name
        for name, needed in network.rule.route.strings.items()
        if needed and any(set(needed) <= names for names in variables)
    }


def _pairs(network: FeedbackNetwork) -> list[tuple[str, str]]:
    """Statements of weights that learn together, under any rule."""
    names = [name for name in network.model if name.startswith("kolen_pollack_")]
    return [(name.removeprefix("kolen_pollack_"), name) for name in names]


def _builder_uses(network: FeedbackNetwork) -> set[str]:
    """Parameters that a network is built or started with."""
    there = {
        "B" if name == GRID_STEPS else name
        for group in network.stateful
        for name in group.variables
    }
    ranges = _DRAWN | network.rule.route.drawn
    return {"dt"} | network.delays | {ranges[name] for name in there & ranges.keys()}
