"""CUDA code objects of dense projections, and what their templates need to know.

Only imported when Brian2CUDA is in use, which the other targets can do without.
"""

from dataclasses import dataclass, field

import numpy as np
from brian2 import BrianPreference, prefs
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.codegen.optimisation import evaluate_expr
from brian2.codegen.statements import Statement
from brian2.core.clocks import Clock
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.variables import ArrayVariable, Constant
from brian2.utils.stringtools import get_identifiers
from brian2cuda.codeobject import CUDAStandaloneCodeObject
from brian2cuda.cuda_generator import CUDACodeGenerator

from .codeobjects import DenseCodeObject

__all__ = [
    "MULTIPROCESSORS",
    "DenseCUDACodeObject",
    "NeuronCUDACodeObject",
    "Grid",
    "accesses",
    "rewrite",
    "scratch_arrays",
    "sums_in",
]

#: Name of the preference.
MULTIPROCESSORS = "devices.cuda_standalone.dense.multiprocessors"

prefs.register_preferences(
    MULTIPROCESSORS.rpartition(".")[0],
    "Dense synapses on CUDA",
    multiprocessors=BrianPreference(
        default=132,
        docs="""Multiprocessors of the card that code is generated for. Kernels that
        walk rows have four blocks for each: enough reads are under way to keep the
        memory busy, and all blocks are on the card at once.""",
        validator=lambda value: isinstance(value, int) and value > 0,
    ),
)

#: Blocks of a launch that walks rows, for each multiprocessor.
BLOCKS = 4

#: Threads of a block, and rows that a thread reads before it writes to the first.
THREADS, GROUP = 256, 4

#: Most rows of a block: it has a flag and a number of each in shared memory, 8 of the
#: 48 kilobytes that a block can have without asking.
MOST_ROWS = 1024


@dataclass(frozen=True)
class Grid:
    """How the synapses of a projection are dealt out to blocks and threads.

    Neighbouring threads have neighbouring columns. A block has all threads of some
    columns, in several lanes, for every n-th row: splitting rows in this interleaved
    way gives each block about as many spikes, also if those of neighbours go together.

    Parameters
    ----------
    n_pre, n_post : int
        Rows and columns.
    multiprocessors : int, optional
        Of the card; default: what the preference says.
    """

    n_pre: int
    n_post: int
    multiprocessors: int = field(default_factory=lambda: prefs[MULTIPROCESSORS])

    @property
    def columns(self):
        """Columns of a block, in whole warps."""
        return 64 if self.n_post > 32 else 32

    @property
    def lanes(self):
        """Rows that a block works on at a time."""
        return THREADS // self.columns

    @property
    def tiles(self):
        """Blocks side by side, which together have all columns."""
        return -(-self.n_post // self.columns)

    @property
    def splits(self):
        """Blocks that share the rows."""
        most = -(-self.n_pre // (self.lanes * GROUP))
        least = -(-self.n_pre // MOST_ROWS)
        return max(1, min(BLOCKS * self.multiprocessors // self.tiles, most), least)

    @property
    def blocks(self):
        """All of them."""
        return self.tiles * self.splits

    @property
    def rows(self):
        """Most rows of a block."""
        return -(-self.n_pre // self.splits)

    @property
    def group(self):
        """Rows that a thread reads before it writes."""
        return GROUP

    def groups(self, synaptic):
        """Rows that are read at a time, while there are as many left.

        Of values of a byte more rows, so that as much of the memory is under way.

        Parameters
        ----------
        synaptic : list of tuple
            What is read of synapses, of `accesses`.
        """
        sizes = [np.dtype(variable.dtype).itemsize for variable, _ in synaptic]
        return (4 * GROUP, GROUP, 1) if sizes and max(sizes) == 1 else (GROUP, 1)

    @property
    def threads(self):
        """Threads of a block."""
        return THREADS


def accesses(code, index, variables, get_array_name):
    """Find the arrays that generated code reads or writes with an index.

    Parameters
    ----------
    code : list of str
    index : str
        Such as ``_postsynaptic_idx``.
    variables : dict
    get_array_name : callable

    Returns
    -------
    found : list of tuple
        Each array once: its variable and the text ``array[index]``.
    """
    found = {}
    for variable in variables.values():
        if isinstance(variable, ArrayVariable):
            text = f"{get_array_name(variable)}[{index}]"
            if any(text in line for line in code):
                found.setdefault(text, (variable, text))
    return [found[text] for text in sorted(found)]


def rewrite(code, replacements):
    """Replace text in lines of generated code.

    Parameters
    ----------
    code : list of str
    replacements : sequence of tuple
        Old text and new text.
    """
    lines = []
    for line in code:
        for old, new in replacements:
            line = line.replace(old, new)
        lines.append(line)
    return lines


def sums_in(variables, get_array_name):
    """Pair postsynaptic variables with the text that stands for them in the code."""
    return [(v, f"{get_array_name(v)}[_postsynaptic_idx]") for v in variables]


def scratch_arrays(grid, sums, name):
    """List what the sums over rows that several blocks share need in memory.

    Parameters
    ----------
    grid : Grid
    sums : list of tuple
        Of `sums_in`.
    name : str
        Of the code object; no two arrays of a program have the same.

    Returns
    -------
    arrays : list of tuple
        C type, name and number of elements: for each sum, partial sums of every block,
        and a counter of the blocks that have finished.
    """
    if grid.splits == 1 or not sums:
        return []
    partial = [
        (
            c_data_type(variable.dtype),
            f"_partial_{number}_{name}",
            grid.splits * grid.n_post,
        )
        for number, (variable, _) in enumerate(sums, start=1)
    ]
    return [*partial, ("unsigned int", f"_arrived_{name}", grid.tiles)]


class ConstantsGenerator(CUDACodeGenerator):
    """Generates code in which constants are numbers.

    Code that is the same for all neurons, such as ``exp(-dt/tau_m)``, is run by every
    thread in every time step. Much of it consists of constants and the time step only.
    """

    def translate_one_statement_sequence(self, statements, scalar=False):
        if scalar:
            statements = self._with_numbers(statements)
        return super().translate_one_statement_sequence(statements, scalar)

    def _with_numbers(self, statements):
        known, changed = {}, []
        for statement in statements:
            value = self._value(statement, known) if statement.op == ":=" else None
            if value is not None:
                known[statement.var] = value
                statement = Statement(
                    statement.var,
                    ":=",
                    repr(value),
                    statement.comment,
                    statement.dtype,
                    statement.constant,
                    statement.subexpression,
                    statement.scalar,
                )
            changed.append(statement)
        return changed

    def _value(self, statement, known):
        """The value of an expression of constants; None if it is something else."""
        if np.dtype(statement.dtype).kind != "f":
            return None
        names = get_identifiers(statement.expr)
        values = {name: known.get(name, self._constant(name)) for name in names}
        if None in values.values():
            return None
        with np.errstate(all="ignore"):
            value, done = evaluate_expr(statement.expr, values)
        return float(value) if done and np.isfinite(value) else None

    def _constant(self, name):
        """A constant, a time step in the precision of its type, or a function."""
        variable = self.variables.get(name)
        if isinstance(variable, Constant):
            return variable.get_value()
        if isinstance(variable, Function):
            usual = variable is DEFAULT_FUNCTIONS.get(name) and variable.stateless
            return variable.pyfunc if usual else None
        owner = getattr(getattr(variable, "real_var", variable), "owner", None)
        if name == "dt" and isinstance(owner, Clock):
            return float(np.dtype(variable.dtype).type(owner.dt_))
        return None


_WITH_PARTS = CUDAStandaloneCodeObject.templater.derive(
    __package__, templates_dir="neuron_templates/cuda"
)


class DenseCUDACodeObject(DenseCodeObject, CUDAStandaloneCodeObject):
    """CUDA code for a dense projection."""

    puts_off = True
    knows_events = draws_random_numbers = False
    generator_class = ConstantsGenerator

    templater = _WITH_PARTS.derive(
        __package__,
        env_globals={
            "Grid": Grid,
            "accesses": accesses,
            "rewrite": rewrite,
            "scratch_arrays": scratch_arrays,
            "sums_in": sums_in,
        },
        templates_dir="templates/cuda",
    )


class NeuronCUDACodeObject(CUDAStandaloneCodeObject):
    """CUDA code for neurons and their monitors, whose kernels can share a launch."""

    generator_class = ConstantsGenerator
    templater = _WITH_PARTS
