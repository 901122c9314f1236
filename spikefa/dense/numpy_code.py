"""NumPy code for all synapses at once: matrices, rows and columns instead of indices.

Where all pairs are connected, a synaptic variable is a matrix, one of the presynaptic
neurons a column of it and one of the postsynaptic neurons a row. NumPy broadcasts them,
and nothing is collected with an array of indices, as `Synapses` have to do.
"""

from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.variables import ArrayVariable
from brian2.utils.stringtools import get_identifiers

__all__ = ["DenseNumpyCodeGenerator"]

#: Templates that go through all synapses.
_OF_ALL = {"dense_summed", "stateupdate"}


class DenseNumpyCodeGenerator(NumpyCodeGenerator):
    """Write code for matrices, where that does what the code for indices does."""

    #: Whether rows and columns are broadcast, and whether the template has the indices.
    _as_matrix = _has_indices = False

    def translate_statement_sequence(self, scalar_statements, vector_statements):
        """Decide for all statements at once; see `NumpyCodeGenerator`."""
        statements = [s for block in vector_statements.values() for s in block]
        if self.template_name in _OF_ALL:
            self._has_indices = not self.has_repeated_indices(statements)
            self._as_matrix = self._broadcasts(statements)
        return super().translate_statement_sequence(
            scalar_statements, vector_statements
        )

    def determine_keywords(self):
        """Say to the template which of both it is."""
        return super().determine_keywords() | {"as_matrix": self._as_matrix}

    def read_arrays(self, read, write, indices, variables, variable_indices):
        """Read a synaptic variable as a matrix."""
        if self._has_indices:
            indices = set()
        if not self._as_matrix:
            return super().read_arrays(
                read, write, indices, variables, variable_indices
            )
        lines = []
        for name in read:
            array, index = self.get_array_name(variables[name]), variable_indices[name]
            where = ".reshape(N_pre, N_post)" if index == "_idx" else f"[{index}]"
            copy = ".copy()" if name in write else ""
            lines.append(f"{name} = {array}{where}{copy}")
        return lines

    def write_arrays(self, statements, read, write, variables, variable_indices):
        """Write a matrix, or a row or column in the place of all of them."""
        if not self._as_matrix:
            return super().write_arrays(
                statements, read, write, variables, variable_indices
            )
        arrays = {name: self.get_array_name(variables[name]) for name in write}
        return [
            f"{array}.reshape(N_pre, N_post)[:] = {name}"
            if variable_indices[name] == "_idx"
            else f"{array}[:] = {name}"
            for name, array in arrays.items()
        ]

    def _broadcasts(self, statements):
        """Whether a row or a column can stand for a matrix in all statements."""
        if self.owner.mask is not None or not self._has_indices:
            return False
        names = {name for s in statements for name in get_identifiers(s.expr)}
        names |= {s.var for s in statements}
        for name in names & self.variables.keys():
            variable = self.variables[name]
            if isinstance(variable, Function) and (
                DEFAULT_FUNCTIONS.get(name) is not variable
                or not variable.stateless
                or variable.auto_vectorise
            ):
                return False
            if getattr(variable, "conditional_write", None) is not None:
                return False
        return all(self._can_be_written(statement) for statement in statements)

    def _can_be_written(self, statement):
        """Whether a statement changes a matrix, or makes a variable of its own."""
        variable = self.variables.get(statement.var)
        if isinstance(variable, ArrayVariable):
            return self.variable_indices[statement.var] == "_idx"
        return not statement.inplace
