"""All-to-all projections on either engine, behind the interface of `Synapses`."""

from collections.abc import Mapping
from typing import Any

from brian2 import Equations, NeuronGroup, Synapses, second

from .architecture import Architecture

__all__ = ["connect_all"]


def connect_all(
    architecture: Architecture,
    source: NeuronGroup,
    target: NeuronGroup,
    model: Equations,
    *,
    name: str,
    namespace: Mapping[str, Any],
    on_pre: Mapping[str, str] | None = None,
    on_post: Mapping[str, str] | None = None,
    on_event: Mapping[str, str] | None = None,
    dtype: Mapping[str, type] | None = None,
    read_bits: int = 32,
) -> Synapses:
    """Connect every source neuron to every target neuron.

    Parameters
    ----------
    architecture : Architecture
        Says which engine, and how it is tuned.
    source, target : NeuronGroup
    model : Equations
        Synaptic variables and summed variables.
    name : str
    namespace : dict
    on_pre : dict, optional
        Statements by pathway name, run on every presynaptic spike, without delay.
    on_post : dict, optional
        The same for postsynaptic spikes.
    on_event : dict, optional
        Events that drive a pathway in the place of spikes.
    dtype : dict, optional
        Types of variables that are not stored in the default one.
    read_bits : {32, 16}, optional
        See `~spikefa.dense.DenseSynapses`.

    Returns
    -------
    projection : DenseSynapses or Synapses
        Its synaptic variables are stored row by row: all targets of the first
        source neuron, then of the second, on both engines.
    """
    common: dict[str, Any] = {
        "on_pre": on_pre or {},
        "on_post": on_post or {},
        "name": name,
        "namespace": namespace,
        "dtype": dtype,
        "on_event": on_event or {},
    }
    if architecture.engine == "stock":
        no_delay = dict.fromkeys([*(on_pre or {}), *(on_post or {})], 0 * second)
        synapses = Synapses(source, target, model, delay=no_delay, **common)
        synapses.connect()
        return synapses
    from ..dense import DenseSynapses

    synapses = DenseSynapses(
        source,
        target,
        model,
        put_off=architecture.put_off,
        read_bits=read_bits,
        **common,
    )
    synapses.connect()
    return synapses
