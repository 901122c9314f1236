"""Errors that name their culprit.

Everything a user can get wrong (an option, a file, an equation) raises a
`SpikefaError` whose text is one line. The command lines print that line and end
with exit code 2; ``--debug`` shows the traceback too.
"""

__all__ = [
    "DataError",
    "InputError",
    "MachineError",
    "ModelError",
    "ProjectBuilt",
    "SpikefaError",
]


class SpikefaError(Exception):
    """Base class of the errors that a user can cause and mend."""


class InputError(SpikefaError, ValueError):
    """An option or argument has a value that makes no sense."""


class DataError(SpikefaError, ValueError):
    """A data file is missing, truncated or not what it claims to be."""


class ModelError(SpikefaError, ValueError):
    """A model file, or one of its equations, cannot be used."""


class MachineError(SpikefaError):
    """Something outside has failed: a disk, a process, a cluster. No input is wrong."""

    exit_code = 1


class ProjectBuilt(SpikefaError):
    """Not an error: a program is compiled that was not to be run; says where it is."""
