"""What a name of a model stands for: one value for all, for a neuron, for a synapse.

Asked before there are any variables, since the answer decides which there will be.
"""

from dataclasses import dataclass

from brian2.core.variables import Constant, Subexpression
from brian2.equations.equations import PARAMETER, SUBEXPRESSION
from brian2.utils.stringtools import get_identifiers

__all__ = ["Dependencies", "Meaning"]


@dataclass(frozen=True)
class Meaning:
    """Of a name or an expression.

    Parameters
    ----------
    places : frozenset of {'pre', 'post', 'pair'}
        What its values differ between; empty: it has one value.
    changes : bool
        Whether it may change during a run.
    """

    places: frozenset[str] = frozenset()
    changes: bool = False

    def __or__(self, other):
        return Meaning(self.places | other.places, self.changes or other.changes)


#: Of what every projection has.
_STANDARD = {
    "t": Meaning(changes=True),
    "t_in_timesteps": Meaning(changes=True),
    "dt": Meaning(changes=True),  # between runs; the elapsed time, in an equation
    "N": Meaning(),
    "i": Meaning(frozenset(["pre"])),
    "j": Meaning(frozenset(["post"])),
    "N_outgoing": Meaning(frozenset(["pre"])),
    "N_incoming": Meaning(frozenset(["post"])),
    "lastupdate": Meaning(frozenset(["pair"]), changes=True),
}


class Dependencies:
    """Meanings of the names in the equations and statements of a projection.

    Parameters
    ----------
    model : dict of SingleEquation
        All equations of the synapses by name, without those of ``(summed)`` variables,
        whose names mean variables of the neurons.
    source, target : Group
    """

    def __init__(self, model, source, target):
        self._model, self._groups = model, {"pre": source, "post": target}

    @property
    def model(self):
        """All equations of the synapses, by name."""
        return self._model

    def of(self, expression):
        """The meaning of an expression."""
        return self._of_all(get_identifiers(str(expression)))

    def of_name(self, name):
        """The meaning of a name; one from outside is a constant of a run."""
        if name in self._model:
            return self._of_equation(self._model[name])
        if name in _STANDARD:
            return _STANDARD[name]
        if name == "xi" or name.startswith("xi_"):
            return Meaning(frozenset(["pair"]), changes=True)
        found = self.neuronal(name)
        if found is None:
            return Meaning()
        return self._of_variable(*found)

    def neuronal(self, name):
        """Side and name of a variable of the neurons, or None."""
        if name in _STANDARD:
            return None
        stem, _, suffix = name.rpartition("_")
        for plain, side in ((stem, suffix), (name, "post")):
            if side in self._groups and plain in self._groups[side].variables:
                return side, plain
        return None

    def arrays(self, name):
        """Arrays of the neurons that a name reads or writes, as variables."""
        found = self.neuronal(name)
        if name in self._model or found is None:
            return set()
        side, plain = found
        return _arrays(self._groups[side].variables[plain])

    def one_array_for_both(self, name):
        """Whether a name of a variable of the neurons means the same on both sides."""
        source, target = (self._groups[side].variables for side in ("pre", "post"))
        return source.get(name) is target.get(name)

    def _of_all(self, names):
        meaning = Meaning()
        for name in names:
            meaning |= self.of_name(name)
        return meaning

    def _of_equation(self, equation):
        if equation.type == SUBEXPRESSION:
            return self.of(equation.expr)
        places = frozenset([] if "shared" in equation.flags else ["pair"])
        fixed = equation.type == PARAMETER and "constant" in equation.flags
        return Meaning(places, changes=not fixed)

    def _of_variable(self, side, name):
        """The meaning of a variable of the neurons."""
        variables = self._groups[side].variables
        variable = variables[name]
        if isinstance(variable, Constant):
            return Meaning()
        places = frozenset([] if variable.scalar else [side])
        return Meaning(places, changes=self._changes(variable))

    def _changes(self, variable):
        if not isinstance(variable, Subexpression):
            return not getattr(variable, "constant", False)
        known = variable.owner.variables
        return any(
            name in ("t", "dt") or (name in known and self._changes(known[name]))
            for name in variable.identifiers
        )


def _arrays(variable):
    """The arrays that a variable is computed from, or itself."""
    if not isinstance(variable, Subexpression):
        return {variable}
    known = variable.owner.variables
    names = [name for name in variable.identifiers if name in known]
    return set().union(*(_arrays(known[name]) for name in names))
