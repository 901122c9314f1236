"""Deeper and wider networks: each training is kept, and gone on with."""

import math

import pytest
from spikefa.sims import depth

import spikefa
from spikefa.training.checkpoint_file import NAME
from spikefa.training.resume import describe_run, train_with_checkpoints

FEW = "--quick --device numpy --images 20 --test-images 10 --angle-images 3".split()
FEW += ["--depths", "2", "--widths", "--rules", "fa", "bp"]


@pytest.mark.parametrize(
    "network", ["spiking", pytest.param("rate", marks=pytest.mark.slow)]
)
def test_finished_trainings_are_used_again(script, monkeypatch, network):
    options = (*FEW, "--network", network)
    first = script("depth", *options)
    assert first.code == 0, first.stderr
    rows = first.results["sweeps"]["depth"]
    assert {rule: list(row) for rule, row in rows.items()} == {"fa": ["2"], "bp": ["2"]}
    assert len(rows["fa"]["2"]["delta_angles"]) == 2
    assert "delta_angles" not in rows["bp"]["2"]
    assert (first.out / "figure.png").exists()
    assert not list(first.out.glob("checkpoints/*"))
    monkeypatch.setattr(spikefa, "open_session", None)  # nothing is trained again
    again = script("depth", *options, "--resume")
    assert again.code == 0, again.stderr
    assert again.results["sweeps"] == first.results["sweeps"]


@pytest.mark.parametrize(
    ("best", "first", "tried"),
    [
        (0.01, 0.01, [0.01, 0.005, 0.02]),
        (0.05, 0.01, [0.01, 0.005, 0.02, 0.04, 0.08]),
        (0.002, 0.01, [0.01, 0.005, 0.02, 0.0025, 0.00125]),
    ],
)
def test_a_search_goes_on_until_the_best_one_has_worse_neighbours(best, first, tried):
    errors = {}
    while new := depth.next_etas(errors, first):
        errors |= {eta: abs(math.log(eta / best)) for eta in new}
    assert list(errors) == tried


def test_learning_rates_are_found_on_held_out_images(script):
    options = [*FEW, "--search", "--runs", "2"]
    first = script("depth", *options)
    assert first.code == 0, first.stderr
    found = first.results["held_out_error_percent"]
    settings = first.results["settings"]
    assert found.keys() == settings.keys() == {"fa-2x20", "bp-2x20"}
    for name, errors in found.items():
        tried = {float(eta): error for eta, error in errors.items()}
        best = settings[name]["eta"]
        assert tried[best] == min(tried.values())
        assert {best / 2, best * 2} <= tried.keys()
        assert settings[name]["validation"] == 0
    # Each with the first seed only; the networks themselves with both.
    searched = sum(map(len, found.values()))
    assert len(list(first.out.glob("runs/*.npz"))) == searched + 4
    again = script("depth", *options, "--resume")
    assert again.results["sweeps"] == first.results["sweeps"]
    assert again.results["held_out_error_percent"] == found


class StopAfter(spikefa.Callback):
    """Stops a training after some chunks."""

    def __init__(self, chunks):
        self.left = chunks

    def on_chunk(self, trainer, point, guessed):
        self.left -= 1
        if not self.left:
            trainer.stop()


class Seen(spikefa.Callback):
    """Notes the images seen after each chunk."""

    def __init__(self, seen):
        self.seen = seen

    def on_chunk(self, trainer, point, guessed):
        self.seen.append(trainer.images_seen)


def test_an_interrupted_training_goes_on(tmp_path):
    data = spikefa.load_dataset("mnist")
    sizes = spikefa.Architecture((784, 5, 20), chunk_images=10, engine="stock")
    built = sizes, spikefa.load_model(), spikefa.get_rule("fa")
    session = spikefa.open_session(*built, device="numpy")
    meta = describe_run(*built, data, seed=1)

    def train(folder, callbacks=()):
        trainer = spikefa.Trainer(session, data, images=40, test_images=10)
        train_with_checkpoints(trainer, tmp_path / folder, meta, callbacks)
        return [p | {"ms_per_step": 0} for p in trainer.curve.to_json()]

    at_once = train("at once")
    with pytest.raises(KeyboardInterrupt):
        train("later", [StopAfter(2)])
    assert (tmp_path / "later" / NAME).exists()
    seen = []
    assert train("later", [Seen(seen)]) == at_once
    assert seen == [30, 40]
    assert not (tmp_path / "later").exists()
