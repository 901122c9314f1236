"""Objects outside of a projection that read its variables while a network runs."""

from brian2.core.network import Network, _get_all_objects

__all__ = ["check_observers"]


def check_observers(synapses):
    """Make updates at once if something would see them late; refuse what cannot work.

    One that reads X, whose updates are put off, would see it late: updates are then
    made at once. Only the templates of the projection know the indices of a synapse,
    so nothing else can evaluate what depends on them.

    Parameters
    ----------
    synapses : DenseSynapses

    Raises
    ------
    NotImplementedError
        If an observer reads what depends on the indices of a synapse.
    """
    indices = [synapses.variables[f"_{side}synaptic_idx"] for side in ("pre", "post")]
    for observer in _in_networks_of(synapses):
        variables = getattr(observer, "variables", {}).values()
        if any(variable is index for variable in variables for index in indices):
            raise NotImplementedError(
                f"'{observer.name}' cannot read what depends on i, j or on pre- or "
                f"postsynaptic variables in '{synapses.name}': use Synapses, or read "
                "the variables it is computed from"
            )
        pending = synapses.pending
        if pending and any(v is pending.variable for v in variables):
            synapses.pending = None
            for pathway in synapses.pathways:
                pathway.make_at_once()


def _in_networks_of(synapses):
    """Other objects of the networks that a projection is part of."""
    own = [synapses, *synapses.contained_objects]
    for reference in list(Network.__instances__()):
        objects = _get_all_objects(getattr(reference(), "objects", ()))
        if any(obj is synapses for obj in objects):
            yield from (obj for obj in objects if not any(obj is o for o in own))
