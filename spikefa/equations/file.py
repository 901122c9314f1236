"""Reading a user's model file: run it, and keep the values that it defines."""

import importlib
import runpy
import traceback
from pathlib import Path

from brian2 import Quantity
from brian2.core.functions import Function

from ..errors import ModelError

__all__ = ["one_line", "public_values", "read_model_file"]

#: What a model consists of: strings, parameters and functions for the equations
#: (`~brian2.input.timedarray.TimedArray` among them).
_KINDS = (str, int, float, bool, dict, Quantity, Function, type(None))


def one_line(exc):
    """Say what an exception says, in one line."""
    return " ".join(str(exc).split()) or type(exc).__name__


def public_values(namespace):
    """Pick what a model file defines itself, not what it imports from Brian2."""
    imported = vars(importlib.import_module("brian2"))
    return {
        name: value
        for name, value in namespace.items()
        if not name.startswith("_")
        and isinstance(value, _KINDS)
        and not (name in imported and value is imported[name])
    }


def read_model_file(path):
    """Run a model file.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    values : dict
        Strings, parameters and functions by name.
    text : str
        The source.

    Raises
    ------
    ModelError
        If the file cannot be read or run, or defines nothing.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise ModelError(f"cannot read model file {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ModelError(f"cannot read model file {path}: it is not UTF-8") from exc
    try:
        namespace = runpy.run_path(str(path))
    except (Exception, SystemExit) as exc:
        line, reason = _line_of(exc, path), one_line(exc)
        if not isinstance(exc, SyntaxError):
            reason = f"{type(exc).__name__}: {reason}"
        elif exc.msg:
            reason = exc.msg
        raise ModelError(f"{path}{line}: {reason}") from exc
    values = public_values(namespace)
    if not values:
        raise ModelError(f"{path}: defines no equation string and no parameter")
    return values, text


def _line_of(exc, path):
    """Find the line of the model file that an exception came from."""
    if isinstance(exc, SyntaxError) and exc.filename == str(path):
        return f":{exc.lineno}"
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f":{lines[-1]}" if lines else ""
