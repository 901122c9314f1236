"""Updates of whole rows that wait until several time steps can be made at once."""

import numpy as np
from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.variables import Variables

from .statements import increment, reads_linearly

__all__ = ["PendingUpdates", "plan_pending"]


class PendingUpdates:
    """Updates ``X += f_j`` of whole rows that have not been made yet.

    The increments of the last few time steps are kept as vectors over the
    postsynaptic neurons, and for each row a bit mask says which of them it still has
    to get. Rows then pass through memory once for many time steps. Each weight gets
    the same increments in the same order as without, so it has the same value when
    they have been made.

    How many are kept is counted twice for CUDA, whose blocks read a count while the
    other one is written; C++ has the first only.

    Between two such passes X does not change, so that spikes can read a copy of it in
    16 bits: the upper half of each number (bfloat16), rounded to nearest. X itself
    learns in full.

    Parameters
    ----------
    synapses : DenseSynapses
    variable : ArrayVariable
        X.
    capacity : int
        Time steps that may be pending, 1 to 32.
    read_bits : {32, 16}
        Bits of each number that spikes read.
    """

    def __init__(self, synapses, variable, capacity, read_bits):
        self.variable, self.capacity = variable, capacity
        n_pre, n_post = synapses.N_pre, synapses.N_post
        self.arrays = Variables(synapses)
        for name, size, dtype in (
            ("_pending_updates", capacity * n_post, variable.dtype),
            ("_pending_rows", n_pre, np.int32),
            ("_pending_count", 2, np.int32),
        ):
            self.arrays.add_array(name, size=size, dtype=dtype, read_only=True)
        #: The copy that spikes read; None: they read X.
        self.copy = None
        if read_bits == 16:
            self.arrays.add_array(
                "_pending_copy", size=n_pre * n_post, dtype=np.int16, read_only=True
            )
            self.copy = self.arrays["_pending_copy"]

    def template_kwds(self):
        """Arrays and what else the templates need."""
        short = {name.removeprefix("_pending_"): v for name, v in self.arrays.items()}
        return short | {
            "copy": self.copy,
            "matrix": self.variable,
            "dtype": self.variable.dtype,
            "capacity": self.capacity,
        }

    def give_arrays(self, runner, synapses):
        """Let a runner's code object know the arrays: kernels of CUDA have no others.

        Parameters
        ----------
        runner : CodeRunner
        synapses : DenseSynapses
        """
        if not hasattr(runner, "variables"):
            runner.variables = Variables(synapses)
        for name, variable in self.arrays.items():
            runner.variables._variables[name] = variable
            runner.variables.indices[name] = "0"
        runner.needed_variables = [*runner.needed_variables, *self.arrays]


def plan_pending(synapses, capacity, read_bits=32):
    """Put one pathway off if its statement and those of the others allow it.

    Parameters
    ----------
    synapses : DenseSynapses
        With its pathways and summed variables.
    capacity : int
        Time steps that an update may wait, 0 (never) to 32.
    read_bits : {32, 16}
        Bits of each number that spikes read.

    Returns
    -------
    pending : PendingUpdates or None

    Raises
    ------
    NotImplementedError
        If 16 bits are to be read of what cannot be put off.
    """
    if not isinstance(capacity, int):
        raise TypeError(f"put_off has to be an integer, is {type(capacity)}")
    if not 0 <= capacity <= 32:
        raise ValueError(f"put_off has to be 0 to 32, is {capacity}")
    if read_bits not in (16, 32):
        raise ValueError(f"read_bits has to be 16 or 32, is {read_bits}")
    rounded = read_bits == 16
    if rounded and not synapses.codeobj_class.knows_outer:
        raise NotImplementedError("read_bits=16 is for C++ standalone")
    pending = None
    if capacity and synapses.codeobj_class.puts_off:
        try:
            pending = _plan(synapses, capacity, read_bits)
        except SyntaxError:  # for Brian2 to refuse, before a run
            return None
    if rounded and pending is None:
        raise NotImplementedError(
            f"read_bits=16: '{synapses.name}' has no update that can be put off, see "
            "put_off"
        )
    if rounded and pending.variable.dtype != np.float32:
        raise NotImplementedError(
            f"read_bits=16: '{pending.variable.name}' has to be in single precision"
        )
    return pending


def _plan(synapses, capacity, read_bits):
    variables = synapses.variables
    sums = [u.expression.code for u in synapses.summed_updaters.values()]
    summed = get_identifiers_recursively(sums, variables)
    for pathway in (p for p in synapses.pathways if p.prepost == "pre"):
        name, expression = increment(pathway.code, variables, synapses.namespace)
        if name is None or name in summed:
            continue
        others = [other for other in synapses.pathways if other is not pathway]
        linear = {
            other: reads_linearly(other.code, name, variables)
            and other.prepost == "pre"
            for other in others
        }
        if any(answer is False for answer in linear.values()):
            continue
        pending = PendingUpdates(synapses, variables[name], capacity, read_bits)
        pathway.put_off(pending, expression)
        for other in (other for other, answer in linear.items() if answer):
            other.add_pending(pending, name)
        # The others may use X too, once what is pending has been added to it.
        for runner in synapses.contained_objects:
            if runner not in synapses.pathways:
                pending.give_arrays(runner, synapses)
        return pending
    return None
