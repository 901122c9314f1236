"""Code for the neurons of a network whose synapses are dense, and for monitors.

A layer has a few thousand neurons. Its loops take less time than it takes to wake a
second thread, and on a busy machine thousands of times less; so only the loops over
synapses are shared between threads.
"""

from brian2.devices.cpp_standalone.codeobject import (
    CPPStandaloneCodeObject,
    openmp_pragma,
)
from brian2.devices.device import get_device

__all__ = [
    "NeuronCodeObject",
    "monitor_code_object_class",
    "neuron_code_object_class",
]

#: What makes threads share a loop; the other pragmas are about which thread this is.
_SHARING = ("static", "parallel", "parallel-static")


def _one_thread(pragma):
    """Brian2's ``openmp_pragma``, without loops that threads share."""
    return "" if pragma in _SHARING else openmp_pragma(pragma)


class NeuronCodeObject(CPPStandaloneCodeObject):
    """C++ standalone code for neurons or a monitor of them, on one thread."""

    templater = CPPStandaloneCodeObject.templater.derive(
        __package__,
        templates_dir="neuron_templates/cpp",
        env_globals={"openmp_pragma": _one_thread},
    )


def neuron_code_object_class(engine):
    """Return the code object class for the neurons of a network.

    Parameters
    ----------
    engine : str
        One of `spikefa.network.architecture.ENGINES`.

    Returns
    -------
    codeobj_class : class or None
        None: that of the device.
    """
    return monitor_code_object_class(engine) if engine == "dense" else None


def monitor_code_object_class(engine):
    """Return the code object class for monitors.

    Parameters
    ----------
    engine : str
        One of `spikefa.network.architecture.ENGINES`.

    Returns
    -------
    codeobj_class : class or None
        None: that of the device. Brian2CUDA's monitors of spikes have the host wait for
        the card, and reserve memory, in every time step.
    """
    usual = get_device().code_object_class()
    if usual is CPPStandaloneCodeObject:
        return NeuronCodeObject if engine == "dense" else None
    if not usual.__module__.startswith("brian2cuda"):
        return None
    # Not needed, and perhaps not installed, for the other targets.
    from .cuda import NeuronCUDACodeObject

    return NeuronCUDACodeObject
