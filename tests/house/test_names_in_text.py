"""What comments, docstrings and pages call by its full name is there."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = [
    path
    for folder, pattern in (
        ("spikefa", "*.py"),
        ("sims", "*.py"),
        ("models", "*.py"),
        ("docs", "*.py"),
        ("docs", "*.rst"),
    )
    for path in sorted((ROOT / folder).rglob(pattern))
    if "_build" not in path.parts and "generated" not in path.parts
]


def found(name):
    """Whether a dotted name leads to a module or to something in one."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:n]))
        except ImportError:
            continue
        try:
            for part in parts[n:]:
                thing = getattr(thing, part)
        except AttributeError:
            return False
        return True
    return False


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_full_names_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    names = set(re.findall(r"(?<!`)`~?(spikefa(?:\.\w+)+)`", text))
    names |= set(re.findall(r"<(spikefa(?:\.\w+)+)>`", text))
    assert [name for name in sorted(names) if not found(name)] == []


def test_a_name_that_is_gone_is_seen():
    assert found("spikefa.learning.routes.Chain")
    assert not found("spikefa.projections.ENGINES")
    assert not found("spikefa.learning.routes.Chian")
