"""Brian2's private names, and the text that it generates, are touched in few places."""

import ast
import importlib
import inspect
import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for folder in ("spikefa", "sims", "models")
    for path in sorted((ROOT / folder).rglob("*.py"))
}


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name != "_"


@cache
def names_of_brian():
    """Names with a leading underscore in the source of Brian2 and Brian2CUDA."""
    found = set()
    for package in ("brian2", "brian2cuda"):
        if spec := find_spec(package):
            for path in Path(spec.origin).parent.rglob("*.py"):
                text = path.read_text(encoding="utf-8")
                found |= set(
                    re.findall(r"(?:\bdef |\bclass |\.|^ *)(_\w+)", text, re.M)
                )
    return {name for name in found if is_private(name)}


def reached(text):
    """List the private names of Brian2 that a module takes from other objects."""
    tree = ast.parse(text)
    own = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if ast.unparse(node.value) == "self":
                own.add(node.attr)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_itself = ast.unparse(node.value) in ("self", "cls", "super()")
            if not (of_itself and node.attr in own):
                found.append(node.attr)
        elif isinstance(node, ast.Call) and len(node.args) > 1:
            if ast.unparse(node.func) in ("getattr", "setattr", "hasattr", "delattr"):
                found.append(getattr(node.args[1], "value", ""))
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").startswith("brian2"):
                found += [alias.name for alias in node.names]
    return sorted(n for n in found if isinstance(n, str) and n in names_of_brian())


def overridden(module):
    """List the private names of Brian2's classes that classes of a module replace."""
    return sorted(
        name
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__
        for name in vars(kind)
        if is_private(name) and not name.startswith("_abc_")
        for base in kind.__mro__[1:]
        if base.__module__.startswith("brian2") and name in vars(base)
    )


def rewritten(text):
    """List the calls of a module that change text."""
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
    names = [ast.unparse(call.func).rpartition(".")[2] for call in calls]
    return [name for name in names if name in ("sub", "subn", "substituted")]


def test_nobody_else_reaches_into_brian():
    """But `spikefa.dense`, an extension of Brian2 that imports nothing of the rest."""
    found = {}
    for name, text in SOURCES.items():
        if not name.startswith("spikefa/dense/"):
            found[name] = reached(text)
        if name.startswith("spikefa/devices/") or name.startswith("spikefa/network/"):
            dotted = name.removesuffix(".py").removesuffix("/__init__")
            module = importlib.import_module(dotted.replace("/", "."))
            found[name] += overridden(module)
    assert found.pop("spikefa/brian.py")
    assert {name: names for name, names in found.items() if names} == {}


def test_nobody_else_changes_generated_text():
    found = {
        name
        for name, text in SOURCES.items()
        if name.split("/")[1] in ("network", "learning", "devices") and rewritten(text)
    }
    assert {Path(name).name for name in found} == {"generated.py"}


@pytest.mark.parametrize(
    "text",
    [
        "network._clocks",
        "self._variables",
        "getattr(variable, '_indices')",
        "from brian2.core.network import _get_all_objects",
        "class Own:\n    def run(self):\n        return self.device._last_run_time",
    ],
)
def test_a_private_name_would_be_seen(text):
    assert reached(text)


def test_names_of_our_own_are_not_meant():
    text = "class Own:\n    def __init__(self):\n        self._clocks = self._own()\n"
    assert reached(text) == []


def test_an_override_would_be_seen(tmp_path, monkeypatch):
    (tmp_path / "module_of_a_test.py").write_text(
        "from brian2 import Clock\n"
        "class Own(Clock):\n    def _calc_timestep(self, target_t):\n        pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("module_of_a_test")
    assert overridden(module) == ["_calc_timestep"]
    del sys.modules["module_of_a_test"]


def test_changed_text_would_be_seen():
    assert rewritten("import re\nre.subn('a', 'b', text)\nPATTERN.sub('', text)")
    assert rewritten("text.split('sub')") == []
