"""Each room of the house imports only from the floors below it."""

import sys
from pathlib import Path

from importlinter import cli

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

from house import draw_house, floors, plan  # noqa: E402


def lint(monkeypatch, config):
    monkeypatch.chdir(ROOT)
    # Its settings for logging would silence the loggers of all later tests.
    monkeypatch.setattr(cli.logging_config, "dictConfig", lambda settings: None)
    return cli.lint_imports(config_filename=str(config), no_cache=True)


def test_rooms_import_only_from_floors_below(monkeypatch, capsys):
    code = lint(monkeypatch, ROOT / ".importlinter")
    assert code == 0, capsys.readouterr().out


def test_a_room_that_climbs_is_named(monkeypatch, capsys, tmp_path):
    """With two floors exchanged, the imports between them are reported."""
    text = (ROOT / ".importlinter").read_text()
    changed = tmp_path / "contracts"
    changed.write_text(
        text.replace("    network\n    equations\n", "    equations\n    network\n")
    )
    assert changed.read_text() != text
    assert lint(monkeypatch, changed) == 1
    assert "spikefa.network.check -> spikefa.equations" in capsys.readouterr().out


def test_a_room_without_a_floor_is_named(monkeypatch, capsys, tmp_path):
    text = (ROOT / ".importlinter").read_text()
    changed = tmp_path / "contracts"
    changed.write_text(text.replace("    learning\n", ""))
    assert lint(monkeypatch, changed) == 1
    assert "spikefa.learning" in capsys.readouterr().out


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


def test_the_picture_has_every_room_above_what_it_imports():
    imports = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert floors(imports) == {"c": 0, "b": 1, "a": 2}
    drawn = {text.get_text().strip("/") for text in draw_house().axes[0].texts}
    assert {name.removesuffix(".py") for name in drawn} == set(plan())
    assert {"sims", "learning", "network", "models", "errors"} <= set(plan())
