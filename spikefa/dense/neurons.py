"""C++ for the neurons of a network whose synapses are dense, and for their monitors.

A layer has a few thousand neurons. Its loops take less time than it takes to wake a
second thread, and on a busy machine thousands of times less; so only the loops over
synapses are shared between threads.
"""

from brian2.devices.cpp_standalone.codeobject import (
    CPPStandaloneCodeObject,
    openmp_pragma,
)
from brian2.devices.device import get_device

__all__ = ["NeuronCodeObject", "neuron_code_object_class"]

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
    """Return the code object class for the neurons and monitors of a network.

    Parameters
    ----------
    engine : str
        One of `spikefa.network.architecture.ENGINES`.

    Returns
    -------
    codeobj_class : class or None
        None: that of the device.
    """
    standalone = get_device().code_object_class() is CPPStandaloneCodeObject
    return NeuronCodeObject if standalone and engine == "dense" else None
