"""Loading models: the strings of `spikefa.models`, and user files that replace some.

A model is a flat set of named strings and parameters. The built-in modules define
all of them; a user's file defines those that it changes. Names that no built-in
module has are parameters for the user's own equations.
"""

import importlib
from collections.abc import Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from types import MappingProxyType

from brian2 import Equations, Quantity, TimedArray
from brian2.core.functions import Function
from brian2.equations.equations import EquationError

from ..errors import ModelError, SpikefaError
from .blame import explain
from .file import public_values, read_model_file

__all__ = ["Model", "load_model"]

_BASE_MODULES = ("psp", "delta", "three_factor", "feedback", "readout")
_BUILTIN_FILES = {f"models/{name}.py" for name in (*_BASE_MODULES, "rate")}

#: Strings that hold model equations (checked one by one when a model is loaded).
EQUATION_STRINGS = (
    "input_neuron",
    "psp_neuron",
    "transfer",
    "target",
    "error_neuron",
    "delta_neuron",
    "third_factor",
    "plastic_synapse",
    "feedback_synapse",
)


class Model(Mapping):
    """The equation strings and parameters of one simulation, by name.

    Parameters
    ----------
    values : dict
        Names and their strings, numbers or quantities.
    origin : dict
        The file that each name comes from, for error messages.

    Attributes
    ----------
    text_hash : str
        SHA-256 over all names and values; a checkpoint of another model differs.
    user_text : str
        Source of the user's model file, or an empty string.
    """

    def __init__(self, values, origin, user_text=""):
        self._values = MappingProxyType(dict(values))
        self.origin = MappingProxyType(dict(origin))
        self.user_text = user_text

    def __getitem__(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise ModelError(f"the model has no '{name}'") from None

    def __contains__(self, name):
        return name in self._values

    def get(self, name, default=None):
        return self._values.get(name, default)

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    @property
    def text_hash(self):
        digest = sha256()
        for name in sorted(self._values):
            digest.update(f"{name} = {_described(self._values[name])}\n".encode())
        if any(type(value) is Function for value in self._values.values()):
            digest.update(self.user_text.encode())
        return digest.hexdigest()

    @property
    def rate(self):
        """Whether neurons send their rate phi(h) instead of spikes."""
        return self["spike"] is None

    @property
    def parameters(self):
        """Numbers, quantities and functions: the namespace of the equations."""
        return {
            name: value
            for name, value in self._values.items()
            if isinstance(value, (int, float, Quantity, Function))
            and not isinstance(value, bool)
        }

    def replace(self, **values):
        """Return a copy in which some strings or parameters are replaced."""
        return Model({**self._values, **values}, self.origin, self.user_text)

    def changed(self, *names):
        """Pick those of some names, or of all, that a user's file defines."""
        return [
            name
            for name in names or self
            if name in self and self.origin.get(name) not in _BUILTIN_FILES
        ]

    @contextmanager
    def blamed(self, *names):
        """Turn what goes wrong inside into an error that names these strings."""
        try:
            yield
        except SpikefaError:
            raise
        except Exception as exc:
            raise ModelError(explain(self, names, exc)) from exc

    def where(self, *names):
        """Name the files and strings, for an error message."""
        places = {}
        for name in names:
            places.setdefault(self.origin.get(name, "model"), []).append(name)
        return ", ".join(f"{file}: {' + '.join(of)}" for file, of in places.items())

    def equations(self, *names):
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
            with self.blamed(name):
                joined += parse_equations(self[name])
        return joined

    def renamed(self, name, **variables):
        """Take an equation string with other names for some of its variables.

        Returns
        -------
        equations : `~brian2.equations.equations.Equations`

        Raises
        ------
        ModelError
            If it does not parse.
        """
        with self.blamed(name):
            return Equations(self[name], **variables)


def parse_equations(text):
    """Parse an equation string and keep the first line of Brian2's complaint."""
    if not isinstance(text, str):
        raise EquationError(f"expected a string of equations, got {text!r}")
    return Equations(text)


def _described(value):
    """Describe a value so that two of the same content look the same."""
    if isinstance(value, TimedArray):
        content = sha256(value.values.tobytes()).hexdigest()
        return f"TimedArray {value.values.shape} {value.dt} {value.dim!r} {content}"
    if isinstance(value, Function):  # its code is in the user's file
        return "Function"
    return repr(value)


def _builtin(module_name):
    module = importlib.import_module(f"spikefa.models.{module_name}")
    values = public_values(vars(module))
    return values, f"models/{module_name}.py"


@cache
def builtin_values():
    """Return the values of the spiking model, and those that `rate` adds, by name."""
    values, _ = _builtin("rate")
    for module_name in _BASE_MODULES:
        values |= _builtin(module_name)[0]
    return MappingProxyType(values)


def load_model(path=None, rate=False):
    """Load the built-in model, with a user's file on top.

    Parameters
    ----------
    path : str or path, optional
        A Python file whose names replace those of the built-in model.
    rate : bool, optional
        Take the rate model (`spikefa.models.rate`) as the base.

    Returns
    -------
    model : Model

    Raises
    ------
    ModelError
        If the file cannot be read or run, or one of its equations does not parse;
        the message names the file and the string.
    """
    values, origin = {}, {}
    for module_name in (*_BASE_MODULES, *(["rate"] if rate else [])):
        found, file = _builtin(module_name)
        values |= found
        origin |= dict.fromkeys(found, file)
    if rate:
        values["transfer"] = values["logistic"]
    text = ""
    if path is not None:
        found, text = read_model_file(path)
        values |= found
        origin |= dict.fromkeys(found, str(path))
    model = Model(values, origin, text)
    for name in EQUATION_STRINGS:
        model.equations(name)
    return model
