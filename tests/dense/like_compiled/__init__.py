"""NumPy code that does what compiled code does: synapse by synapse, with traces.

What dense projections keep once for each neuron, and which pairs they compute nothing
for, is decided the same way for it as for Cython and C++. So a network of which a
compiler would need half a minute can be judged in a second.
"""

from contextlib import contextmanager
from unittest.mock import patch

from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from brian2.codegen.runtime.numpy_rt.numpy_rt import NumpyCodeObject
from random_judge import one_by_one

from spikefa.dense import codeobjects

__all__ = ["LikeCompiledCodeObject", "like_compiled"]


class OneSynapseGenerator(NumpyCodeGenerator):
    """Statements for numbers: no index comes twice, since there is one of each."""

    def has_repeated_indices(self, statements):
        return False


class LikeCompiledCodeObject(codeobjects.DenseCodeObject, NumpyCodeObject):
    """The templates of Cython, in Python."""

    raises_errors = True
    generator_class = OneSynapseGenerator
    templater = NumpyCodeObject.templater.derive(__package__ or __name__)


@contextmanager
def like_compiled():
    """Let dense projections of the NumPy target run such code."""
    classes = {NumpyCodeObject: LikeCompiledCodeObject}
    with one_by_one(), patch.dict(codeobjects._DENSE, classes):
        yield
