"""Rows that a statement leaves alone, and the few numbers that the others need.

Graded neurons that are silent (dark pixels, half of all rectified neurons) add nothing
to any sum and to no weight: their rows need not be read from memory.
"""

from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.variables import ArrayVariable, Variables
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.synapses.synapses import StateUpdater
from brian2.utils.stringtools import get_identifiers

from .checks import refuse_random
from .codeobjects import PLAN
from .missing_pairs import may_be_included
from .statements import calls_are_pure, increment, lines_apart, parse_code
from .variables import give_index_arrays

__all__ = ["DenseStateUpdater", "idle_row_factor", "outer_product", "plan_rows"]

_PRE = "_presynaptic_idx"


def idle_row_factor(code, variables, namespace=None):
    """Presynaptic variable that makes the code do nothing to a row when it is zero.

    Parameters
    ----------
    code : str
        Abstract code; an expression alone stands for a sum that it is added to.
    variables : Variables
    namespace : dict, optional

    Returns
    -------
    name : str or None
        A factor of everything that the code adds, such as ``x_pre`` in
        ``w += x_pre*f``. None if there is none, or if a function is called that has
        a state (skipping a row would shift the random numbers of the others).

    Notes
    -----
    Finite numbers are assumed: zero times an infinite weight counts as zero here.
    """
    try:
        statements = parse_code(code)
    except ValueError:
        statements = [(None, "+=", code)]
    if any(operator not in ("+=", "-=") for _, operator, _ in statements):
        return None
    expressions = [expression for _, _, expression in statements]
    if not all(calls_are_pure(e, variables, namespace or {}) for e in expressions):
        return None
    for name in sorted(get_identifiers(" ".join(expressions))):
        if (
            isinstance(variables.get(name), ArrayVariable)
            and variables.indices[name] == _PRE
            and all(_has_factor(e, name, variables) for e in expressions)
        ):
            return name
    return None


def outer_product(code, variables, namespace=None):
    """Recognise ``X += x_pre*f``, with f the same for all synapses onto a neuron.

    Returns
    -------
    name, factor, expression : str, or None
        X, x_pre and f.
    """
    factor = idle_row_factor(code, variables, namespace)
    statements = parse_code(code)
    if factor is None or len(statements) != 1:
        return None
    name, operator, expression = statements[0]
    product = str_to_sympy(expression, variables)
    (symbol,) = (s for s in product.free_symbols if s.name == factor)
    rest = sympy_to_str(product / symbol)
    if increment(f"{name} {operator} {rest}", variables, namespace)[0] is None:
        return None
    return name, factor, rest


def plan_rows(runner, synapses):
    """Let a runner skip idle rows, and evaluate what all rows share only once.

    Parameters
    ----------
    runner : CodeRunner
        Runs its code for every synapse.
    synapses : DenseSynapses
    """
    runner.template_kwds = {PLAN: _as_written()}
    try:
        _plan_rows(runner, synapses)
    except SyntaxError:  # for Brian2 to refuse, before a run
        return


def _plan_rows(runner, synapses):
    code, variables = runner.abstract_code, synapses.variables
    factor = idle_row_factor(code, variables, synapses.namespace)
    refuse_random(synapses, code)
    give_index_arrays(runner, synapses)
    plan = runner.template_kwds[PLAN]
    plan["idle_if_zero"] = variables[factor] if factor else None
    plan["synapses_apart"] = lines_apart(code, variables, "_idx")
    plan["masked"] = not may_be_included(code, synapses)
    product = outer_product(code, variables, synapses.namespace)
    if product is None or not runner.codeobj_class.knows_outer:
        return
    name, factor, expression = product
    matrix = variables[name]
    runner.variables = Variables(synapses)
    runner.variables.add_auxiliary_variable(
        "_increment", dimensions=matrix.dim / variables[factor].dim, dtype=matrix.dtype
    )
    runner.template = "dense_outer"
    runner.abstract_code = f"_increment = {expression}"
    runner.needed_variables = [name, factor]
    plan |= {"matrix": matrix, "factor": variables[factor]}


class DenseStateUpdater(StateUpdater):
    """Integrates what is clock-driven; leaves nothing but synapses changed."""

    def __init__(self, synapses, *args, **kwds):
        super().__init__(synapses, *args, **kwds)
        self.template_kwds = {PLAN: _as_written() | {"synapses_apart": True}}
        give_index_arrays(self, synapses)
        random = synapses.equations.is_stochastic
        if random and not self.codeobj_class.draws_random_numbers:
            raise NotImplementedError(
                f"'{synapses.name}' draws no random numbers (xi) on this device: use "
                "Synapses"
            )

    def update_abstract_code(self, run_namespace):
        """Find the solution, and whether it may be computed for all pairs."""
        super().update_abstract_code(run_namespace)
        plan = self.template_kwds[PLAN]
        plan["masked"] = not may_be_included(self.abstract_code, self.group)


def _as_written():
    """The plan for statements that have not been understood."""
    return {"idle_if_zero": None, "synapses_apart": False, "masked": True}


def _has_factor(expression, name, variables):
    """Whether an expression is ``name`` times something that does not depend on it."""
    try:
        factors = str_to_sympy(expression, variables).as_ordered_factors()
    except Exception:  # what sympy does not know is run as written
        return False
    others = [f for f in factors if not (f.is_Symbol and f.name == name)]
    symbols = {symbol.name for other in others for symbol in other.free_symbols}
    return len(others) == len(factors) - 1 and name not in get_identifiers_recursively(
        sorted(symbols), variables
    )
