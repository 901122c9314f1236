"""Each room of the house imports only from the rooms below it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: What each room may import of spikefa, from the top floor to the ground.
MAY_IMPORT = {
    "sims": "experiments training devices figures rules network equations analysis "
    "datasets models dense files errors spikefa sims",
    "experiments": "training devices figures network equations analysis datasets rules "
    "files seeds errors",
    "training": "devices network equations analysis datasets rules files seeds errors",
    "devices": "rules network equations dense files errors",
    "figures": "rules analysis files errors",
    "rules": "network errors",
    "network": "equations dense errors",
    "equations": "models errors",
    "analysis": "errors",
    "datasets": "seeds errors",
    "models": "",
    "dense": "",
    "files": "",
    "seeds": "",
    "errors": "",
}


def rooms():
    """Yield each source file with the name of its room."""
    for path in sorted((ROOT / "spikefa").rglob("*.py")):
        inside = path.relative_to(ROOT / "spikefa")
        if len(inside.parts) > 1 or inside.stem != "__init__":
            yield path, inside.parts[0].removesuffix(".py")
    for folder in ("models", "sims"):
        for path in sorted((ROOT / folder).glob("*.py")):
            yield path, folder


def imported_rooms(path, room):
    """List the rooms that a file imports from, other than its own.

    Imports inside functions count; ``from spikefa import x`` is the room ``spikefa``,
    the package's face.
    """
    depth = len(path.relative_to(ROOT).parts) - 1
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            if node.level:
                assert node.level <= depth, f"{path}:{node.lineno} leaves the package"
                if node.level == depth:  # the folder of the package itself
                    found |= {parts[0]} if node.module else {a.name for a in node.names}
                continue
            names = [".".join(parts)]
            if parts == ["spikefa"]:
                names = [f"spikefa.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "spikefa":
                first = rest.partition(".")[0]
                found.add(first if first in MAY_IMPORT else "spikefa")
    return found - {room}


@pytest.mark.parametrize(
    ("path", "room"),
    [pytest.param(*pair, id=str(pair[0].relative_to(ROOT))) for pair in rooms()],
)
def test_a_room_imports_only_from_rooms_below_it(path, room):
    assert room in MAY_IMPORT, f"{path} is in no room of the house"
    assert imported_rooms(path, room) <= set(MAY_IMPORT[room].split())


def test_the_table_itself_has_no_circle():
    order = list(MAY_IMPORT)
    for room, allowed in MAY_IMPORT.items():
        below = set(order[order.index(room) + 1 :])
        assert set(allowed.split()) - {room, "spikefa"} <= below


def test_every_room_is_installed():
    """An editable install hides a package that setup.cfg forgets; a wheel does not."""
    text = (ROOT / "setup.cfg").read_text()
    listed = set(text.split("packages =")[1].split("python_requires")[0].split())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "spikefa").rglob("__init__.py")
    }
    assert listed == there | {"spikefa.models", "spikefa.sims"}
