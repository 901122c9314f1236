"""Each room of the house imports only from the rooms below it."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

from house import draw_house, floors, imported_rooms, rooms  # noqa: E402

#: What each room may import of spikefa, from the top floor to the ground.
MAY_IMPORT = {
    "sims": "experiments training devices figures learning network equations analysis "
    "datasets models dense files errors spikefa sims",
    "experiments": "training devices figures learning network equations analysis "
    "datasets files seeds errors",
    "training": "devices learning network equations analysis datasets files seeds "
    "errors",
    "devices": "learning network equations datasets dense brian files errors",
    "figures": "learning analysis files errors",
    "learning": "network errors",
    "network": "equations datasets dense brian errors",
    "equations": "models brian errors",
    "analysis": "errors",
    "datasets": "seeds errors",
    "models": "",
    "dense": "",
    "brian": "errors",
    "files": "",
    "seeds": "",
    "errors": "",
}


@pytest.mark.parametrize(
    ("path", "room"),
    [pytest.param(*pair, id=str(pair[0].relative_to(ROOT))) for pair in rooms()],
)
def test_a_room_imports_only_from_rooms_below_it(path, room):
    assert room in MAY_IMPORT, f"{path} is in no room of the house"
    found = imported_rooms(path, room, MAY_IMPORT)
    assert found <= set(MAY_IMPORT[room].split())


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
    assert listed == there | {"spikefa.models"} | {
        "spikefa." + ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "sims").rglob("__init__.py")
    }


def test_a_forbidden_import_would_be_seen(tmp_path, monkeypatch):
    """In every form that Python has."""
    import house

    monkeypatch.setattr(house, "ROOT", tmp_path)
    folder = tmp_path / "spikefa" / "network"
    folder.mkdir(parents=True)
    path = folder / "bad.py"
    for text in (
        "from ..training.trainer import Trainer",
        "from .. import training",
        "from spikefa.training import trainer",
        "from spikefa import training",
        "import spikefa.training.trainer",
        "def late():\n    from ..training import trainer",
    ):
        path.write_text(text)
        assert imported_rooms(path, "network", MAY_IMPORT) == {"training"}, text


def test_the_picture_has_every_room_above_what_it_imports():
    imports = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert floors(imports) == {"c": 0, "b": 1, "a": 2}
    drawn = {text.get_text().strip("/") for text in draw_house().axes[0].texts}
    assert {name.removesuffix(".py") for name in drawn} == set(MAY_IMPORT)
