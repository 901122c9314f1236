"""A pytest plugin that gives Brian2's own tests `DenseSynapses` for `Synapses`.

Of the tests, those are run that connect all pairs and nothing else, as far as their
source says. Each passes, fails, or is refused: it ends in a `NotImplementedError` that
names `Synapses`. What became of each is written to the file ``--peer-report``.
"""

import ast
import inspect
import json
import textwrap
from pathlib import Path

import pytest

#: What `connect` may be given for all pairs.
ALL = {"condition": (True, "True", None), "p": (1, 1.0), "n": (1,)}


def pytest_addoption(parser):
    parser.addoption("--peer-report", type=Path)
    parser.addoption("--peer-target", default="numpy")


def pytest_configure(config):
    """Set what the configuration of Brian2's tests expects."""
    config.fail_for_not_implemented = True
    config.brian_prefs, config.device_options = {}, {}
    config.device = "runtime"
    target = config.getoption("--peer-target")
    if target == "cpp_standalone":
        config.device = target
        config.device_options = {"directory": None, "with_output": False}
    else:
        config.brian_prefs = {"codegen.target": target}
    config.outcomes = {}


def connects_all_pairs(function):
    """Whether a test calls ``connect``, and always for all pairs."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "connect"
    ]
    return bool(calls) and all(_all_pairs(call) for call in calls)


def _all_pairs(call):
    given = dict(zip(("condition", "i", "j", "p", "n"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    return all(
        name in ALL and isinstance(value, ast.Constant) and value.value in ALL[name]
        for name, value in given.items()
    )


def pytest_collection_modifyitems(config, items):
    """Keep the tests that are meant."""
    kept = []
    for item in items:
        function = getattr(item, "function", None)
        if not connects_all_pairs(function):
            continue
        if config.device == "cpp_standalone":
            if item.get_closest_marker("standalone_compatible") is None:
                continue
            if item.get_closest_marker("multiple_runs") is not None:
                continue
        elif item.get_closest_marker("standalone_only") is not None:
            continue
        kept.append(item)
    items[:] = kept


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Run a test with the other class."""
    from spikefa.dense import DenseSynapses

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(item.module, "Synapses", DenseSynapses, raising=False)
        outcome = yield
    name = f"{item.module.__name__.rpartition('.')[2]}::{item.name}"
    if outcome.excinfo is None:
        became = "passed"
    elif issubclass(outcome.excinfo[0], pytest.skip.Exception):
        became = "skipped"
    else:
        became = _refusal(outcome.excinfo[1])
    item.config.outcomes[name] = became
    if became.startswith("refused"):
        outcome.force_result(None)


def _refusal(error):
    said = error
    while error is not None:
        if isinstance(error, NotImplementedError) and "Synapses" in str(error):
            return f"refused: {error}"
        said, error = error, error.__cause__ or error.__context__
    return f"failed: {type(said).__name__}: {str(said)[:300]}"


def pytest_sessionfinish(session):
    path = session.config.getoption("--peer-report")
    if path is not None:
        path.write_text(json.dumps(session.config.outcomes, indent=1))
