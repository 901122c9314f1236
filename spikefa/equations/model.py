"""Loading models: the strings of `spikefa.models`, and user files that replace some.

A model is a flat set of named strings and parameters. The built-in modules define
all of them; a user's file defines those that it changes. Names that no built-in
module has are parameters for the user's own equations.
"""

from collections.abc import Iterator, Mapping, Set as AbstractSet
from contextlib import contextmanager
from copy import copy
from functools import cache
from hashlib import sha256
from os import PathLike
from types import MappingProxyType
from typing import Any

from brian2 import Equations, Quantity
from brian2.core.functions import Function
from brian2.equations.equations import EquationError

from ..errors import ModelError, SpikefaError
from .explanations import explain, words
from .file import BASE_MODULES, ModelFile, builtin_file, read_model_file
from .names import DELAYS, EQUATION_STRINGS, NAMES, kind_of, layer_string, row_of
from .parameters import derived_parameters
from .schedules import find_schedules, may_change, put_in
from .signals import rewards_of, signals_of, with_signals
from .values import described, normalized

__all__ = ["Model", "load_model"]


#: Parameters that the builder of the network uses, besides the equations.
_USED_BY_BUILDER = {"dt", "weight_range", "feedback_range", *DELAYS}


class Model(Mapping[str, Any]):
    """The equation strings and parameters of one simulation, by name.

    Parameters
    ----------
    values : dict
        Names and their strings, numbers or quantities. A parameter that is given as
        text is an expression of others, and has their value.
    origin : dict
        The file that each name comes from, for error messages.
    file : ModelFile, optional
        The user's model file.
    builtin : dict of ModelFile, optional
        The files in ``models/``, by what `origin` calls them.

    Attributes
    ----------
    text_hash : str
        SHA-256 over all names and values; a checkpoint of another model differs.
    signals : dict
        Expressions of the signals; strings have them in the place of their names.
    rewards : tuple of str
        Names of the rewards that strings use.
    derivations : dict
        Texts of the parameters that follow from others.
    schedules : dict
        Texts of those that change with time; all other strings have them in the place
        of their names.
    user_text : str
        Source of the user's model file, or an empty string.

    Raises
    ------
    ModelError
        If a parameter cannot be computed from others as its text says.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        origin: Mapping[str, str],
        file: ModelFile | None = None,
        builtin: Mapping[str, ModelFile] | None = None,
    ) -> None:
        self._given = {name: normalized(name, value) for name, value in values.items()}
        self.origin = MappingProxyType(dict(origin))
        self.file = file or ModelFile()
        self._builtin = dict(builtin or {})
        self._values: Mapping[str, Any] = self._given
        self.signals = signals_of(self._given)
        self.rewards = rewards_of(self._given)
        self.derivations = self._find_derivations()
        self.schedules = self._find_schedules()
        numbers = {
            name: value
            for name, value in self.parameters.items()
            if not isinstance(value, Function)
        }
        derived, problems = derived_parameters(self.derivations, numbers)
        for name, problem in problems.items():
            text = self.derivations[name]
            at_fault = name
            if not self.changed(name):  # the fault is in what it follows from
                at_fault = (*self.changed(*sorted(words(text))), name)[0]
            what = "must be a number" if at_fault == name else f"makes {name} no number"
            raise ModelError(f"{self.where(at_fault)}: {what}, got '{text}': {problem}")
        strings = {
            name: put_in(with_signals(value, self.signals), self.schedules)
            for name, value in self._given.items()
            if isinstance(value, str) and name not in self.schedules
        }
        self._values = MappingProxyType({**self._given, **strings, **derived})

    def _find_derivations(self):
        """List the strings that stand for numbers."""
        used = self._words_of(n for n in self._given if kind_of(n) != "initial")
        return {
            name: with_signals(text, self.signals)
            for name, text in self._given.items()
            if isinstance(text, str)
            and text.strip()
            and (
                kind_of(name) in ("number", "time")
                or (kind_of(name) is None and name in used and _is_expression(text))
            )
        }

    def _find_schedules(self):
        """Take what changes with time from the parameters that follow from others."""
        schedules = find_schedules(self.derivations)
        for name, text in schedules.items():
            del self.derivations[name]
            if not may_change(name):
                raise ModelError(
                    f"{self.where(name)}: cannot change with time, got '{text}'"
                )
        return schedules

    def _words_of(self, names):
        """Collect the identifiers in some strings, as they were given."""
        found = set()
        for name in names:
            value = self._given[name]
            if isinstance(value, dict):
                for text in _texts_in(value):
                    found |= words(text)
            else:
                found |= words(value) - {name}
        return found

    @property
    def used_words(self) -> set[str]:
        """Names that an equation, a statement or the builder of a network uses."""
        return self.words_of(self._given.keys(), _USED_BY_BUILDER)

    def words_of(
        self, names: AbstractSet[str], others: AbstractSet[str] = frozenset()
    ) -> set[str]:
        """Names that some strings use, and others, and what these follow from."""
        derived = self.derivations.keys() | self.schedules.keys()
        used = self._words_of(names - derived) | others
        of_layers = {n for n in self.layered if kind_of(n) in ("number", "time")}
        for _ in derived:  # one may follow from another
            own = {name for name in of_layers if row_of(name).name in used}
            used |= self._words_of(derived & (used | own))
        return used

    def __getitem__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise ModelError(f"the model has no '{name}'") from None

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def written(self, name: str) -> Any:
        """Return a string as the file has it, or the value of anything else."""
        given = self._given[name]
        return given if name not in self.derivations else self._values[name]

    @property
    def user_text(self) -> str:
        return self.file.text

    @property
    def text_hash(self) -> str:
        digest = sha256()
        for name in sorted(self._values):
            digest.update(f"{name} = {described(self._values[name])}\n".encode())
        if any(type(value) is Function for value in self._values.values()):
            digest.update(self.user_text.encode())
            digest.update("".join(self.file.modules.values()).encode())
        return digest.hexdigest()

    @property
    def rate(self) -> bool:
        """Whether neurons send their rate phi(h) instead of spikes."""
        return self["spike"] is None

    @property
    def parameters(self) -> dict[str, Any]:
        """Numbers, quantities and functions: the namespace of the equations."""
        return {
            name: value
            for name, value in self._values.items()
            if isinstance(value, (int, float, Quantity, Function))
            and getattr(value, "ndim", 0) == 0
            and kind_of(name) in (None, "number", "time")
            and not (isinstance(value, bool) and kind_of(name))
        }

    def replace(self, **values: Any) -> "Model":
        """Return a copy in which some strings or parameters are replaced."""
        return Model({**self._given, **values}, self.origin, self.file, self._builtin)

    def of_layer(self, base: str, layer: int, n_layers: int) -> str:
        """Name the string that a layer takes, see `layer_string`."""
        return layer_string(self, base, layer, n_layers)

    def variants(self, base: str) -> list[str]:
        """List a name and those that replace it in one layer, as far as there are."""
        return [name for name in self if (row := row_of(name)) and row.name == base]

    def seen_by(self, layer: int, n_layers: int) -> "Model":
        """Return the model with the parameters that a layer has of its own."""
        own = {
            row.name: self.of_layer(row.name, layer, n_layers)
            for row in NAMES.values()
            if row.layered and row.kind in ("number", "time")
        }
        values = {
            base: self.schedules.get(name, self[name])
            for base, name in own.items()
            if name != base
        }
        return self.replace(**values) if values else self

    @property
    def layered(self) -> list[str]:
        """The names that hold for one layer."""
        return [name for name in self if kind_of(name) and name not in NAMES]

    def changed(self, *names: str) -> list[str]:
        """Pick those of some names, or of all, that are not as they came.

        Those that a user's file defines, with other values than in ``models/``; and
        those in ``models/`` that were not there.
        """
        return [
            name
            for name in names or self
            if name in self
            and (
                not (name in NAMES and NAMES[name].given)
                if self.origin.get(name) in self._builtin
                else self.differs(name)
            )
        ]

    def differs(self, name: str) -> bool:
        """Whether a name has another value than in ``models/``, or is not there."""
        found = [f.values[name] for f in self._builtin.values() if name in f.values]
        return not found or not _equal(self._given[name], found[-1])

    @property
    def others(self) -> dict[str, Any]:
        """Objects of types that no equation can use, by name."""
        files = (*self._builtin.values(), self.file)
        return {name: value for f in files for name, value in f.others.items()}

    def meant_for_equations(self, name: str) -> bool:
        """Whether a file gives a name a value that its own Python code does not use."""
        if name not in self.origin:  # of `replace`
            return True
        file = self._builtin.get(self.origin[name], self.file)
        return name in file.assigned and name not in file.read

    @contextmanager
    def naming(self, *names: str) -> Iterator[None]:
        """Turn what goes wrong inside into an error that names these strings."""
        try:
            yield
        except SpikefaError:
            raise
        except Exception as exc:
            raise ModelError(explain(self, names, exc)) from exc

    def where(self, *names: str) -> str:
        """Name the files and strings, for an error message."""
        places: dict[str, list[str]] = {}
        for name in names:
            places.setdefault(self.origin.get(name, "model"), []).append(name)
        return ", ".join(f"{file}: {' + '.join(of)}" for file, of in places.items())

    def equations(self, *names: str) -> Equations:
        """Join equation strings.

        Returns
        -------
        equations : `~brian2.equations.equations.Equations`

        Raises
        ------
        ModelError
            If one does not parse, or two define the same variable.
        """
        joined = Equations("")
        for name in names:
            with self.naming(name):
                joined += parse_equations(self[name])
        return joined

    def renamed(self, name: str, **variables: str) -> Equations:
        """Take an equation string with other names for some of its variables.

        Returns
        -------
        equations : `~brian2.equations.equations.Equations`

        Raises
        ------
        ModelError
            If it does not parse.
        """
        with self.naming(name):
            return Equations(self[name], **variables)


def parse_equations(text):
    """Parse an equation string and keep the first line of Brian2's complaint."""
    if not isinstance(text, str):
        raise EquationError(f"expected a string of equations, got {text!r}")
    # Brian2 parses each text once, and notes in what it has parsed where an equation
    # stands among those of a group: without copies, in all other groups too.
    return Equations([copy(equation) for equation in Equations(text).values()])


def _is_expression(text):
    try:
        compile(text.strip(), "", "eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _equal(one, other):
    if type(one) is not type(other) or not isinstance(
        one, str | int | float | Quantity
    ):
        return one is other
    return bool(one == other)


def _texts_in(value):
    """Yield the strings in nested dictionaries."""
    for inner in value.values():
        if isinstance(inner, dict):
            yield from _texts_in(inner)
        elif isinstance(inner, str):
            yield inner


@cache
def builtin_values():
    """Return the values of the spiking model, and those that `rate` adds, by name."""
    values = dict(builtin_file("rate").values)
    for module_name in BASE_MODULES:
        values |= builtin_file(module_name).values
    return MappingProxyType(values)


def load_model(
    path: str | PathLike[str] | None = None,
    rate: bool = False,
    stored: ModelFile | None = None,
) -> Model:
    """Load the built-in model, with a user's file on top.

    Parameters
    ----------
    path : str or path, optional
        A Python file whose names replace those of the built-in model, or a folder with
        files in the place of those in ``models/``.
    rate : bool, optional
        Take the rate model (`spikefa.models.rate`) as the base.
    stored : ModelFile, optional
        What the file held, as it was kept in a checkpoint; `path` is then only a name.

    Returns
    -------
    model : Model

    Raises
    ------
    ModelError
        If the file cannot be read or run, or one of its equations does not parse;
        the message names the file and the string.
    """
    modules = (*BASE_MODULES, *(["rate"] if rate else []))
    builtin = {f"models/{name}.py": builtin_file(name) for name in modules}
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, found in builtin.items():
        values |= found.values
        origin |= dict.fromkeys({**found.others, **found.values}, name)
    if rate:
        values["transfer"] = values["logistic"]
    file = None
    if path is not None:
        file = stored or read_model_file(path, modules)
        values |= file.values
        origin |= dict.fromkeys({**file.others, **file.values}, str(path))
        if rate and "logistic" in file.values:  # of a folder
            values["transfer"] = values["logistic"]
    model = Model(values, origin, file, builtin)
    for name in (*EQUATION_STRINGS, *model.layered):
        if kind_of(name) == "equations":
            model.equations(name)
    return model
