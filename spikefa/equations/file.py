"""Reading a user's model file: run it, and keep the values that it defines."""

import ast
import importlib
import runpy
import sys
import tempfile
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from brian2 import DEFAULT_FUNCTIONS, defaultclock, get_device, prefs
from brian2.devices.device import reset_device

from ..errors import InputError, ModelError
from .values import is_model_value, normalized

_DEFINITIONS = (ast.FunctionDef, ast.ClassDef)

__all__ = [
    "BASE_MODULES",
    "ModelFile",
    "builtin_file",
    "copy_models",
    "one_line",
    "read_model_file",
    "stored_file",
]


#: The files in ``models/`` that make up the spiking model, in this order.
BASE_MODULES = ("psp", "delta", "three_factor", "feedback", "readout", "signals")


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    Attributes
    ----------
    values : dict
        Strings, parameters and functions by name.
    others : dict
        Objects of other types, which no equation can use.
    text : str
        The source.
    modules : dict
        Sources of the files below the same folder that it imported, by their paths
        from there.
    """

    values: dict = field(default_factory=dict)
    others: dict = field(default_factory=dict)
    text: str = ""
    modules: dict = field(default_factory=dict)

    @property
    def _nodes(self):
        """What the file consists of, and others that it takes all names from."""
        nodes = list(ast.walk(ast.parse(self.text)))
        for node in list(nodes):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                source = self.modules.get(f"{node.module}.py", "")
                nodes += ast.walk(ast.parse(source))
        return nodes

    @property
    def assigned(self):
        """Names that the file gives a value itself, rather than importing them."""
        nodes = self._nodes
        defined = {node.name for node in nodes if isinstance(node, _DEFINITIONS)}
        return defined | {
            node.id
            for node in nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }

    @property
    def read(self):
        """Names whose values the Python code of the file reads."""
        return {
            node.id
            for node in self._nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }

    @property
    def _tree(self):
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])  # that of a checkpoint, which nobody has run


def one_line(exc):
    """Say what an exception says, in one line."""
    return " ".join(str(exc).split()) or type(exc).__name__


def _sorted_values(namespace):
    """Pick what a file defines itself, not what it imports from Brian2."""
    imported = vars(importlib.import_module("brian2"))
    values, others = {}, {}
    for name, value in namespace.items():
        if name.startswith("_") or isinstance(value, ModuleType):
            continue
        if name in imported and value is imported[name]:
            continue
        if name in DEFAULT_FUNCTIONS and value is getattr(np, name, None):
            continue  # Brian2 takes NumPy's exp for its own
        value = normalized(name, value)
        (values if is_model_value(name, value) else others)[name] = value
    return values, others


@cache
def builtin_file(module_name):
    """Run one of the files in ``models/``.

    Parameters
    ----------
    module_name : str

    Returns
    -------
    file : ModelFile

    Raises
    ------
    ModelError
        If it cannot be run: people change these files too.
    """
    return _read(
        Path(_models_folder(), f"{module_name}.py"), f"models/{module_name}.py"
    )


def _models_folder():
    return Path(importlib.import_module("spikefa.models").__file__).parent


def copy_models(folder):
    """Copy ``models/`` to a folder where they can be changed.

    Parameters
    ----------
    folder : str or path
        Is made; whatever takes a model file takes it in the place of ``models/``.

    Raises
    ------
    InputError
        If there is something of this name.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InputError(f"cannot copy models to {folder}: {reason}") from exc
    for path in sorted(_models_folder().glob("*.py")):
        text = path.read_text(encoding="utf-8")
        # They follow each other, not those that they are copies of.
        text = text.replace("from spikefa.models.", "from ")
        if path.stem != "__init__":
            (folder / path.name).write_text(text, encoding="utf-8")


def read_model_file(path, modules=BASE_MODULES):
    """Run a model file.

    Parameters
    ----------
    path : str or path
        Of a file, or of a folder with files in the place of those in ``models/``.
    modules : sequence of str, optional
        Names of the files that are looked for in a folder.

    Returns
    -------
    file : ModelFile

    Raises
    ------
    ModelError
        If the file cannot be read or run, or defines nothing.
    """
    path = Path(path)
    if path.is_dir():
        there = {f"{n}.py": path / f"{n}.py" for n in modules}
        there = {name: file for name, file in there.items() if file.is_file()}
        if not there:
            raise ModelError(
                f"{path}: a folder of models has one or more of {', '.join(modules)}"
            )
        text = "".join(f"from {file.stem} import *\n" for file in there.values())
        sources = {
            file.name: file.read_text(encoding="utf-8") for file in path.glob("*.py")
        }
        return stored_file(path, text, sources)
    return _read(path, path)


def _read(path, shown):
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise ModelError(f"cannot read model file {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ModelError(f"cannot read model file {path}: it is not UTF-8") from exc
    except ValueError as exc:  # a name that no file can have
        raise ModelError(f"cannot read model file {str(path)!r}: {exc}") from exc
    return _run(path, text, shown)


def stored_file(path, text, modules):
    """Run a model file whose text was kept, wherever it is now.

    Parameters
    ----------
    path : str or path
        Where it was, for messages.
    text : str
    modules : dict
        Sources of the files it imports, by their paths.

    Returns
    -------
    file : ModelFile

    Raises
    ------
    ModelError
        If it cannot be run, or if a path leaves the folder of the file.
    """
    own = Path(path).resolve().name
    sources = {**modules, own: text}
    for name in sources:
        if not {"", ".", ".."}.isdisjoint(name.split("/")):  # "" is that of the root
            raise ModelError(f"{path}: holds a file {name!r} outside of its folder")
    with tempfile.TemporaryDirectory() as folder:
        for name, source in sources.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(source, encoding="utf-8")
        return _run(Path(folder, own), text, path)


def _run(path, text, shown):
    try:
        with _importing_from(path.absolute().parent) as modules, _brian2_kept(shown):
            namespace = runpy.run_path(str(path))
    except ModelError:
        raise
    except (Exception, SystemExit) as exc:
        line, reason = _line_of(exc, path), one_line(exc)
        if not isinstance(exc, SyntaxError):
            reason = f"{type(exc).__name__}: {reason}"
        elif exc.msg:
            of_other = "" if line else f"{Path(exc.filename).name}:{exc.lineno}: "
            reason = f"{of_other}{exc.msg}"
        raise ModelError(f"{shown}{line}: {reason}") from exc
    values, others = _sorted_values(namespace)
    if not values and not others:
        raise ModelError(f"{shown}: defines no equation string and no parameter")
    return ModelFile(values, others, text, modules)


@contextmanager
def _brian2_kept(shown):
    """Refuse a file that changes what holds for all of Brian2, and put that back.

    Raises
    ------
    ModelError
        If it does: the network would not follow.
    """
    device, dt, preferences = get_device(), defaultclock.dt, dict(prefs)
    try:
        yield
        if get_device() is not device:
            raise ModelError(f"{shown}: sets the device; use device='cpp' instead")
        if defaultclock.dt != dt:
            raise ModelError(
                f"{shown}: sets defaultclock.dt; write dt = {defaultclock.dt!r} instead"
            )
        for name, value in prefs.items():
            if value != preferences[name]:
                raise ModelError(
                    f"{shown}: sets prefs.{name}, which a model file cannot choose"
                )
    finally:
        if get_device() is not device:
            reset_device(device)
        if defaultclock.dt != dt:
            defaultclock.dt = dt
        for name, value in preferences.items():
            if prefs[name] != value:
                prefs[name] = value


@contextmanager
def _importing_from(folder):
    """Let a file import those beside it, and forget them afterwards.

    Yields
    ------
    modules : dict
        At the end, the sources that were imported, by their paths from the folder.
    """
    modules, before = {}, dict(sys.modules)
    for path in folder.glob("*.py"):  # another module of this name is not meant
        if path.stem not in sys.stdlib_module_names:
            sys.modules.pop(path.stem, None)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield modules
        for path in _imported(folder, before).values():
            name = path.relative_to(folder).as_posix()
            modules[name] = path.read_text(encoding="utf-8")
    finally:
        sys.path.remove(str(folder))
        for name in _imported(folder, before):
            del sys.modules[name]
        for name, module in before.items():
            sys.modules.setdefault(name, module)


def _imported(folder, before):
    """Files of the modules below a folder that have been imported since, by name.

    Packages that are installed there, such as in ``.venv``, are none of the user's.
    """
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file or module is before.get(name):
            continue
        path = Path(file)
        if path.suffix == ".py" and path.is_relative_to(folder):
            parts = path.relative_to(folder).parts
            if not any(p.startswith(".") or p == "site-packages" for p in parts):
                found[name] = path
    return found


def _line_of(exc, path):
    """Find the line of the model file that an exception came from."""
    if isinstance(exc, SyntaxError) and exc.filename == str(path):
        return f":{exc.lineno}"
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f":{lines[-1]}" if lines else ""
