"""The readout: what the guess is made from."""

from typing import TYPE_CHECKING

import numpy as np
from brian2 import NeuronGroup, StateMonitor, Synapses
from brian2.devices.device import get_device

from ..dense.neurons import monitor_code_object_class, neuron_code_object_class
from .timestep import place

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["add_readout"]


def add_readout(net: "FeedbackNetwork") -> None:
    """Record what the guess is made from, at every step.

    For class targets that is the summed output of each class (*paper*: the guess is
    the class whose outputs have the largest summed activity).
    """
    arch, output = net.architecture, net.layers[-1]
    kwds = {"codeobj_class": monitor_code_object_class(arch.engine)}
    if arch.vector_target:
        net.readout = StateMonitor(
            output, "phi", record=True, when="end", name="readout", **kwds
        )
        net.brian_network.add(net.readout)
        return
    classes = NeuronGroup(
        arch.n_classes,
        "activity : 1",
        name="classes",
        codeobj_class=neuron_code_object_class(arch.engine),
    )
    pool = _pool(net, output, classes)
    place(pool.summed_updaters["activity_post"], "end", 0)
    net.readout = StateMonitor(
        classes, "activity", record=True, when="end", order=1, name="readout", **kwds
    )
    net.brian_network.add(classes, pool, net.readout)


def _pool(
    net: "FeedbackNetwork", output: NeuronGroup, classes: NeuronGroup
) -> Synapses:
    """Connect each output neuron to its class."""
    arch = net.architecture
    per_class = len(output) // arch.n_classes
    if arch.engine == "dense" and on_cuda():
        # Brian2CUDA adds the outputs of a class in any order, each time another one.
        from ..dense import DenseSynapses

        pool = DenseSynapses(
            output,
            classes,
            net.model.equations("class_activity_of_all_pairs"),
            namespace={"per_class": per_class},
            name="pool",
        )
        pool.connect()
        return pool
    pool = Synapses(
        output,
        classes,
        net.model.equations("class_activity"),
        name="pool",
        codeobj_class=neuron_code_object_class(arch.engine),
    )
    members = np.arange(len(output))
    pool.connect(i=members, j=members // per_class)
    return pool


def on_cuda() -> bool:
    """Whether Brian2CUDA's device is active."""
    return type(get_device()).__module__.startswith("brian2cuda")
