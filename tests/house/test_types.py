"""Type checkers know what the public names take and return."""

import inspect

import pytest
from mypy import api

import spikefa
from spikefa import analysis, datasets, dense
from spikefa.dense.matrix_group import MatrixGroup

PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (spikefa, analysis, datasets, dense)
    for name in module.__all__
    if callable(getattr(module, name))
} | {"MatrixGroup": MatrixGroup}  # what `DenseSynapses` inherits of our own


def untyped(thing):
    """List what has no annotation of a function, or of the methods of a class."""
    if not inspect.isclass(thing):
        return _untyped(thing)
    found = []
    for name, member in vars(thing).items():
        overrides = any(name in vars(base) for base in thing.__mro__[1:-1])
        if overrides or (name.startswith("_") and name != "__init__"):
            continue
        function = getattr(member, "fget", getattr(member, "func", member))
        function = inspect.unwrap(getattr(function, "__func__", function))
        if inspect.isfunction(function) and function.__module__ == thing.__module__:
            found += [f"{name}: {lack}" for lack in _untyped(function)]
    return found


def _untyped(function):
    signature = inspect.signature(function)
    lacks = [
        name
        for name, parameter in signature.parameters.items()
        if name not in ("self", "cls") and parameter.annotation is parameter.empty
    ]
    returns = "return" in function.__annotations__ or function.__name__ == "__init__"
    return lacks if returns else [*lacks, "return"]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_have_types(name):
    assert untyped(PUBLIC[name]) == []


def test_a_missing_type_would_be_seen():
    class Half:
        def method(self, a: int, b):
            """Half of it."""

        @property
        def size(self):
            """Nothing of it."""

    assert untyped(Half) == ["method: b", "method: return", "size: return"]


@pytest.mark.slow
def test_mistakes_of_a_program_are_found(tmp_path):
    """The names are imported on demand, and checkers know them all the same."""
    program = tmp_path / "program.py"
    program.write_text(
        "from spikefa import Architecture, load_dataset, load_model, open_session\n"
        "data = load_dataset(3)\n"
        "session = open_session(Architecture((784, 10)), load_model(), threads='2')\n"
        "error: str = session.run(data.train_inputs[:2], [1, 2], seed=1)\n"
    )
    said, problems, code = api.run(["--ignore-missing-imports", str(program)])
    assert not problems
    assert code == 1
    lines = [line.split(":")[1] for line in said.splitlines() if ": error:" in line]
    assert lines == ["2", "3", "4"]
