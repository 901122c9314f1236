"""Code objects whose templates loop over rows and columns of a dense projection.

Each derives its templates from those of a Brian2 target and replaces the ones that
iterate over synapses. The loop counters of these templates are the pre- and
postsynaptic indices, so no index is read from memory.
"""

from contextlib import contextmanager

from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt.numpy_rt import NumpyCodeObject
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import get_device

from .numpy_code import DenseNumpyCodeGenerator

__all__ = [
    "DenseCodeObject",
    "PLAN",
    "dense_code_object_class",
    "dense_templates_for_strings",
]


#: Under this name a template is told what it may do. Brian2 passes the variables of the
#: code under their own names, and no name of a user begins with an underscore.
PLAN = "_plan"


class DenseCodeObject:
    """What the templates of a code object class can do, and what they need."""

    #: Put updates off, and make them later.
    puts_off = False
    #: Updates by the product of two vectors.
    knows_outer = False
    #: Event-driven variables.
    knows_events = True
    #: Random numbers.
    draws_random_numbers = True
    #: Divisions by zero, and the like, end in an error.
    raises_errors = False
    #: They have no loop counters, and need the indices as arrays: NumPy code goes
    #: through synapses one by one where they act on each other, and has to look up the
    #: neurons of each.
    loops_over_arrays = False


def _derive(parent, folder):
    return parent.templater.derive(__package__, templates_dir=f"templates/{folder}")


class DenseCPPStandaloneCodeObject(DenseCodeObject, CPPStandaloneCodeObject):
    """C++ standalone code for a dense projection."""

    templater = _derive(CPPStandaloneCodeObject, "cpp")
    puts_off = knows_outer = True


class DenseCythonCodeObject(DenseCodeObject, CythonCodeObject):
    """Cython code for a dense projection."""

    templater = _derive(CythonCodeObject, "cython")
    raises_errors = True


class DenseNumpyCodeObject(DenseCodeObject, NumpyCodeObject):
    """NumPy code for a dense projection.

    On all runtime targets it is what string expressions are set and read with.
    """

    templater = _derive(NumpyCodeObject, "numpy")
    generator_class = DenseNumpyCodeGenerator
    loops_over_arrays = True


_DENSE = {
    CPPStandaloneCodeObject: DenseCPPStandaloneCodeObject,
    CythonCodeObject: DenseCythonCodeObject,
    NumpyCodeObject: DenseNumpyCodeObject,
}


def dense_code_object_class(wanted=None):
    """Return the dense code object class of the active device.

    Parameters
    ----------
    wanted : class, optional
        A code object class, dense or not, instead of the device's own.

    Raises
    ------
    NotImplementedError
        If there is none, as for GeNN.
    """
    if wanted in _DENSE.values():
        return wanted
    base = get_device().code_object_class(wanted)
    if base.__module__.startswith("brian2cuda") and base not in _DENSE:
        # Not needed, and perhaps not installed, for the other targets.
        from .cuda import DenseCUDACodeObject

        _DENSE[base] = DenseCUDACodeObject
    try:
        return _DENSE[base]
    except KeyError:
        raise NotImplementedError(
            f"DenseSynapses has no templates for '{base.__name__}'; use Synapses, "
            "or the Cython or NumPy target, C++ standalone mode or CUDA"
        ) from None


@contextmanager
def dense_templates_for_strings():
    """Let string expressions on dense variables use the dense templates.

    Brian2 asks the device for the code object class of a string expression; while
    this context is open the device answers with the dense one.
    """
    device = get_device()
    original = device.code_object_class
    outer = vars(device).get("code_object_class")

    def answer(codeobj_class=None, *args, **kwds):
        base = original(codeobj_class, *args, **kwds)
        known = base is DenseNumpyCodeObject or base in _DENSE.values()
        return base if known else _DENSE.get(base, DenseNumpyCodeObject)

    def answer_at_runtime(codeobj_class=None, *args, **kwds):
        return DenseNumpyCodeObject

    at_runtime = original() is CythonCodeObject or original() is NumpyCodeObject
    device.code_object_class = answer_at_runtime if at_runtime else answer
    try:
        yield
    finally:
        if outer is None:
            del device.code_object_class
        else:
            device.code_object_class = outer
