"""Objects outside of a projection that read its variables while a network runs."""

from brian2.core.network import Network, _get_all_objects
from brian2.monitors.statemonitor import StateMonitor
from brian2.utils.stringtools import get_identifiers

from .variables import IndexArray

__all__ = ["check_observers"]


def check_observers(synapses):
    """Give observers what they need; make updates at once if one would see them late.

    One that reads X, whose updates are put off, would see it late: updates are then
    made at once. One that reads what depends on pre- or postsynaptic neurons needs
    their indices as arrays, which the templates of the projection do without.

    Parameters
    ----------
    synapses : DenseSynapses

    Raises
    ------
    NotImplementedError
        If an observer counts synapses where some pairs are not connected, or uses
        single values of a trace.
    """
    for observer in _in_networks_of(synapses):
        _refuse_traces(synapses, observer)
        variables = getattr(observer, "variables", None)
        if variables is None or not hasattr(variables, "indices"):
            continue
        _give_indices(synapses, variables)
        if synapses.mask is not None:
            _find_masked(synapses, observer)
        pending = synapses.pending
        if pending and any(v is pending.variable for v in variables.values()):
            synapses.make_at_once()


def _refuse_traces(synapses, observer):
    """Raise if `Synapses` from or onto a projection use what it has no array of."""
    kept = {*synapses.traces, *(["lastupdate"] if synapses.traces else [])}
    group = getattr(observer, "group", observer)
    codes = [getattr(observer, name, None) for name in ("code", "abstract_code")]
    equations = getattr(observer, "equations", {})
    codes += [eq.expr.code for eq in equations.values() if eq.expr is not None]
    names = get_identifiers("\n".join(code for code in codes if isinstance(code, str)))
    for side, end in (("_pre", "source"), ("_post", "target")):
        other = getattr(group, end, None)
        if getattr(other, "name", None) != synapses.name:
            continue
        for name in sorted(names):
            if name.endswith(side) and name.removesuffix(side) in kept:
                raise NotImplementedError(
                    f"'{observer.name}' uses '{name}', of which '{synapses.name}' "
                    "keeps values for neurons, not for synapses: use Synapses"
                )


def _give_indices(synapses, variables):
    """Put arrays in the place of the indices, and make them known to the device."""
    for side in ("pre", "post"):
        index = f"_{side}synaptic_idx"
        for name, variable in list(variables.items()):
            if variable is synapses.variables[index]:
                variables._variables[name] = synapses.index_array(side)
    for variable in variables.values():
        if isinstance(variable, IndexArray) and variable.owner.name == synapses.name:
            variable.give_to_device()


def _find_masked(synapses, observer):
    """Let a monitor find the recorded synapses in the matrix."""
    variables = observer.variables
    indices = synapses.variables.indices
    matrices = [v for n, v in synapses.variables.items() if indices[n] == "_idx"]
    if not any(v is matrix for v in variables.values() for matrix in matrices):
        return
    if not isinstance(observer, StateMonitor):
        raise NotImplementedError(
            f"'{observer.name}' cannot read '{synapses.name}', where not all pairs are "
            "connected: use Synapses"
        )
    recorded = synapses.connectivity.positions[observer.record]
    variables["_indices"].set_value(recorded.astype(variables["_indices"].dtype))


def _in_networks_of(synapses):
    """Other objects of the networks that a projection is part of."""
    own = [synapses, *synapses.contained_objects]
    for reference in list(Network.__instances__()):
        objects = _get_all_objects(getattr(reference(), "objects", ()))
        if any(obj is synapses for obj in objects):
            yield from (obj for obj in objects if not any(obj is o for o in own))
