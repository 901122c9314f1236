"""Options that are declared once, as the fields of a dataclass::

    @dataclass(frozen=True)
    class Settings:
        steps: int = option(5, "time steps per image", read=positive_int, metavar="N")

Everything else follows from the field: the option ``--steps N``, its help with the
default, how a stored value is read again, what a checkpoint says about it and whether a
resumed run may change it, and the row in the documentation.
"""

import argparse
import reprlib
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum

from ..errors import InputError

__all__ = [
    "OnResume",
    "add_option",
    "add_options",
    "as_dict",
    "declared",
    "from_dict",
    "given_options",
    "named",
    "option",
]

_KEY = "option"


class OnResume(StrEnum):
    """What happens if a resumed run is given another value than its checkpoint has."""

    FREE = "may change"
    WARNED = "may change; rounding may differ"
    REFUSED = "must stay"


@dataclass(frozen=True)
class Declaration:
    """What an option is, see `option`."""

    help: str
    group: str = ""
    read: type | None = None
    choices: tuple | None = None
    metavar: str | None = None
    unset: str = ""
    on_resume: OnResume = OnResume.FREE
    described_as: str = ""
    flag: bool = True


def option(default, help, **declared):
    """Declare an option as a field of a dataclass.

    Parameters
    ----------
    default : object
        A tuple makes an option that takes several values.
    help : str
        What it is, without the default, which is added.
    group : str, optional
        Title of the group of options in which ``--help`` lists it.
    read : callable, optional
        Takes a text, returns the value or raises `argparse.ArgumentTypeError`.
    choices : sequence, optional
        All values that there are.
    metavar : str, optional
        Stands for the value in ``--help``.
    unset : str, optional
        What the default means, if the default itself does not say it.
    on_resume : OnResume, optional
    described_as : str, optional
        What describes the value in a checkpoint, if not the value itself, such as the
        layer sizes that it is part of.
    flag : bool, optional
        False: no option of this name is added.

    Returns
    -------
    field : dataclasses.Field
    """
    if "choices" in declared:
        declared["choices"] = tuple(declared["choices"])
    metadata = {_KEY: Declaration(help, **declared)}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def declared(cls):
    """Return the declarations of all options of a dataclass, by name.

    Parameters
    ----------
    cls : type
        A dataclass, or an instance of it.

    Returns
    -------
    declarations : dict of Declaration
    """
    return {f.name: f.metadata[_KEY] for f in fields(cls) if _KEY in f.metadata}


def add_options(parser, cls, presets=None):
    """Add all options of a dataclass to a parser, each in its group.

    An option that is not given is None.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    cls : type
    presets : dict of dict, optional
        Other defaults, by the name of a preset, for the help.

    Returns
    -------
    groups : dict
        ``add_argument`` of each group, by its title.
    """
    groups = {}
    for name, this in declared(cls).items():
        if this.group not in groups:
            groups[this.group] = parser.add_argument_group(this.group).add_argument
        if this.flag:
            add_option(groups[this.group], cls, name, presets)
    return groups


def add_option(add, cls, name, presets=None):
    """Add one option of a dataclass.

    Parameters
    ----------
    add : callable
        ``add_argument`` of a parser or a group.
    cls : type
    name : str
        Of the field.
    presets : dict of dict, optional
        See `add_options`.
    """
    this, default = declared(cls)[name], getattr(cls, name)
    several = {"nargs": "+"} if isinstance(default, tuple) else {}
    add(
        "--" + name.replace("_", "-"),
        type=this.read or (type(this.choices[0]) if this.choices else None),
        choices=this.choices,
        metavar=this.metavar,
        help=_help(this, name, default, presets or {}).replace("%", "%%"),
        **several,
    )


def _help(this, name, default, presets):
    shown = this.unset or _text(default)
    for preset, values in presets.items():
        if name in values:
            shown += f", {_text(values[name])} with --preset {preset}"
    return f"{this.help}; default: {shown}" if shown else this.help


def _text(value):
    values = value if isinstance(value, tuple) else (value,)
    return "" if value is None else " ".join(f"{v}".removesuffix(".0") for v in values)


def given_options(args, cls):
    """Collect the options of a dataclass that were given.

    Parameters
    ----------
    args : argparse.Namespace
    cls : type

    Returns
    -------
    given : dict
    """
    found = {name: getattr(args, name, None) for name in declared(cls)}
    return {name: value for name, value in found.items() if value is not None}


def as_dict(values):
    """Return the values of all fields as JSON can hold them."""
    found = {f.name: getattr(values, f.name) for f in fields(values)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


def from_dict(cls, found):
    """Read what `as_dict` returned; what the class does not have is left out.

    Parameters
    ----------
    cls : type
    found : dict

    Returns
    -------
    values : dict
        By name, as the class takes them.

    Raises
    ------
    InputError
        If an option could not have been given a value.
    """
    known, options = {f.name: _default(f) for f in fields(cls)}, declared(cls)
    values = {}
    for name, value in found.items():
        if name not in known:
            continue
        if name in options and not _fits(options[name], known[name], value):
            raise InputError(f"{name} cannot be {reprlib.repr(value)}")
        values[name] = tuple(value) if isinstance(known[name], tuple) else value
    return values


def _default(of):
    return of.default if of.default_factory is MISSING else of.default_factory()


def _fits(this, default, value):
    """Whether an option could have been given a value."""
    if value is None or default == value:
        return default == value
    if isinstance(default, dict):
        texts = value.items() if isinstance(value, dict) else [(None,)]
        return all(isinstance(text, str) for pair in texts for text in pair)
    if isinstance(default, tuple):
        several = isinstance(value, list | tuple)
        return several and all(_fits_one(this, item) for item in value)
    return _fits_one(this, value)


def _fits_one(this, value):
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    if this.choices:
        return value in this.choices
    try:
        return (this.read or str)(str(value)) == value
    except (argparse.ArgumentTypeError, ValueError):
        return False


def named(values, on_resume):
    """Return what is to be done with some options when a run is resumed.

    Parameters
    ----------
    values : object
        Of a dataclass whose fields are options.
    on_resume : OnResume

    Returns
    -------
    found : dict
        Values by name; those that something else describes are left out.
    """
    return {
        name: getattr(values, name)
        for name, this in declared(values).items()
        if this.on_resume is on_resume and not this.described_as
    }
