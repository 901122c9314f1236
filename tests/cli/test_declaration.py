"""From the declaration of an option follows all that is done with it."""

import argparse
import json
from dataclasses import dataclass

import pytest
from spikefa.sims import mnist_spiking

from spikefa.errors import InputError
from spikefa.experiments import settings
from spikefa.experiments.command_line import nonnegative_int, positive_int
from spikefa.experiments.declaration import (
    OnResume,
    add_options,
    as_dict,
    declared,
    from_dict,
    given_options,
    named,
    option,
)


@dataclass(frozen=True)
class Some:
    """Options of every kind."""

    size: int = option(3, "how large", group="a", read=positive_int, metavar="N")
    parts: tuple = option((1, 2), "several", group="a", read=nonnegative_int)
    way: str = option(
        "up", "where to", choices=("up", "down"), on_resume=OnResume.REFUSED
    )
    share: float = option(0.5, "100 % of it", read=float, on_resume=OnResume.WARNED)
    limit: int | None = option(None, "how far", read=positive_int, unset="the end")
    values: dict = option({}, "by name", flag=False)
    whole: int = option(
        1, "made into another", on_resume=OnResume.REFUSED, described_as="sum"
    )


def parser():
    made = argparse.ArgumentParser()
    add_options(made, Some, {"large": {"size": 9, "parts": (7, 8)}})
    return made


def test_help_says_every_default():
    text = " ".join(parser().format_help().split())
    assert "how large; default: 3, 9 with --preset large" in text
    assert "several; default: 1 2, 7 8 with --preset large" in text
    assert "{up,down} where to; default: up" in text
    assert "100 % of it; default: 0.5" in text
    assert "how far; default: the end" in text
    assert "--values" not in text


def test_only_what_was_given_is_collected():
    assert given_options(parser().parse_args([]), Some) == {}
    words = ["--size", "4", "--parts", "0", "5", "--way", "down", "--limit", "2"]
    given = given_options(parser().parse_args(words), Some)
    assert given == {"size": 4, "parts": [0, 5], "way": "down", "limit": 2}


def test_what_is_stored_is_read_again():
    some = Some(size=4, parts=(5,), values={"eta": "1"})
    stored = json.loads(json.dumps(as_dict(some)))
    assert Some(**from_dict(Some, stored | {"of another version": 1})) == some


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("size", value) for value in (0, "x", 2.5, None, [3], 10**30)],
        *[("parts", value) for value in (1, "12", [-1], [[1]], [None], {"a": 1})],
        *[("way", value) for value in ("left", None, ["up"], 1)],
        *[("share", value) for value in ("x", [], None)],
        *[("limit", value) for value in (0, "x", [])],
        *[("values", value) for value in ("x", [1], {"eta": 1}, {"eta": ["1"]}, None)],
    ],
)
def test_what_could_not_have_been_given_is_not_read_again(name, value):
    with pytest.raises(InputError, match=f"^{name} cannot be "):
        from_dict(Some, {name: value})


def test_what_is_checked_on_resume():
    assert named(Some(), OnResume.REFUSED) == {"way": "up"}
    assert named(Some(), OnResume.WARNED) == {"share": 0.5}


@pytest.mark.parametrize("name", [*settings.PRESETS, "quick"])
def test_presets_name_settings(name):
    values = settings.QUICK if name == "quick" else settings.PRESETS[name]
    assert values.keys() <= declared(settings.Settings).keys()


def test_a_setting_that_is_declared_is_an_option(monkeypatch):
    """Nothing else has to be edited before the trainer can use it."""

    @dataclass(frozen=True)
    class More(settings.Settings):
        warm_up: int = option(
            0, "images that are not learned", group="training", read=nonnegative_int
        )

    for module in (settings, mnist_spiking.training_parser.__globals__):
        scope = module if isinstance(module, dict) else vars(module)
        monkeypatch.setitem(scope, "Settings", More)
    args = mnist_spiking.build_parser().parse_args(["--warm-up", "7"])
    made = settings.settings_of(settings.given_settings(args))
    assert made.warm_up == 7
    again = settings.settings_of({}, stored=json.loads(json.dumps(made.to_dict())))
    assert again == made
