"""The state that learning starts from."""

import numpy as np

from ..devices.session import Session
from ..errors import ModelError
from ..network.feedback_grid import GRID_STEPS, draw_steps
from ..network.initial_values import find_initial_values, initial_value
from ..network.masks import find_masks
from ..network.removed import MASK, masks_first
from ..seeds import generator, spike_seed

__all__ = ["LONG_AGO", "set_initial_state"]

#: Last spike of a neuron that has not spiked yet, in seconds.
LONG_AGO = -1e4

#: Drawn variables: the model parameter that holds their range. A route adds others.
_RANGES = {"W": "weight_range", "b": "weight_range"}


def set_initial_state(session: Session, seed: int) -> None:
    """Draw weights, biases and feedback weights; set all else to rest, time to 0.

    Weights and biases are uniform in plus or minus the model's ``weight_range``,
    feedback weights in plus or minus ``feedback_range``. Then what the model gives as
    ``initial`` is set. Each variable has its own random numbers, so that for instance
    two rules start from the same weights.

    Parameters
    ----------
    session : Session
    seed : int

    Raises
    ------
    ModelError
        If an initial value of the model cannot be used.
    """
    biases = session.network.architecture.biases
    ranges = _RANGES | session.network.rule.route.drawn
    session.step = 0
    # Masks first: a weight that is not present stays 0.
    for name in masks_first(session.shapes):
        shape = session.shapes[name]
        variable = name.split(".")[1]
        if variable == GRID_STEPS:
            bits = session.network.architecture.feedback_bits
            value = draw_steps(generator(seed, name), bits, shape)
        elif variable in ranges and (variable != "b" or biases):
            limit = session.network.model[ranges[variable]]
            value = _uniform(generator(seed, name), shape, limit)
        else:
            value = np.full(shape, _REST.get(variable, 0))
        session.set_state({name: value})  # one by one: W and B are large
    for name, mask in find_masks(session.network, session.network.architecture, seed):
        session.set_state({name: mask})
    _set_given(session, seed)


def _set_given(session, seed):
    """Set the initial values that the model gives, in their order."""
    network = session.network
    once = _kept_once_a_neuron(network)
    names = [*session.shapes, *once]
    given = find_initial_values(network, names)
    for name, value in given.items():
        group = name.split(".")[0]
        if name in once:
            if isinstance(value, str) or np.size(value) != 1:
                raise ModelError(
                    f"{network.model.where('initial')}: {name}: starts from one number "
                    "for all synapses, as dense synapses keep it once for each neuron; "
                    "engine 'stock' takes others"
                )
            name = once[name]
        others = [n for n in session.shapes if n.split(".")[0] == group and n != name]
        state = session.get_state(others) if isinstance(value, str) else {}
        array = initial_value(
            network,
            name,
            session.variables[name],
            session.shapes[name],
            value,
            spike_seed(seed, f"initial {name}"),
            {other.split(".")[1]: array for other, array in state.items()},
        )
        session.set_state({name: array})


def _kept_once_a_neuron(network):
    """Name the arrays of the event-driven variables that dense synapses keep so."""
    return {
        f"{group.name}.{name}": f"{group.name}.{trace.stored}"
        for group in network.stateful
        for name, trace in getattr(group, "traces", {}).items()
    }


_REST = {"not_refractory": True, MASK: 1, "lastspike": LONG_AGO}


def _uniform(random, shape, limit):
    """Draw single-precision numbers without a copy in double precision."""
    value = random.random(shape, dtype=np.float32)
    value *= 2 * limit
    value -= limit
    return value
