"""What a training records: windows, times, and files that hold it all."""

import numpy as np
import pytest
from small_task import fingerprint, small_trainer

from spikefa import Callback
from spikefa.errors import InputError
from spikefa.network.records import Recording
from spikefa.training.records import Records, Windows

#: Seconds of an image of `small_trainer`: 4 steps. Its chunks have 10 images but for
#: the last one of each of the two passes, which has 7.
IMAGE = 4e-3
CHUNKS = [10, 10, 10, 10, 7] * 2
STARTS = np.cumsum([0, *CHUNKS])


def trained(session, **windows):
    trainer = small_trainer(session, windows=Windows(**windows))
    trainer.train()
    return trainer


@pytest.mark.parametrize(
    ("when", "chunks"),
    [
        (("first",), [0]),
        (("last",), [9]),
        (("first", "last"), [0, 9]),
        ((4,), [0, 4, 8]),
        ((4, "last"), [0, 4, 8, 9]),
        (("all",), range(10)),
    ],
)
def test_records_are_open_in_their_windows_only(session, when, chunks):
    records = trained(session, when=when).records
    steps = [np.arange(4 * STARTS[c], 4 * STARTS[c + 1]) for c in chunks]
    expected = np.concatenate(steps) * 1e-3
    for name in ("layer_1.h", "delta_1.delta"):
        np.testing.assert_allclose(records[name].t, expected, atol=1e-9)
        assert records[name].values.shape == (len(expected), 1)
        assert (records[name].i == [0]).all()
    # Input pixels are not 0 everywhere: in every image something spikes.
    spikes = records["layer_0.spikes"]
    found = np.unique(np.floor(spikes.t / IMAGE + 1e-6))
    images = np.concatenate([np.arange(STARTS[c], STARTS[c + 1]) for c in chunks])
    np.testing.assert_array_equal(found, images)
    # Synapses once for each chunk, at its end.
    W = records["forward_2.W"]
    ends = np.array([STARTS[c + 1] for c in chunks]) * IMAGE
    np.testing.assert_allclose(W.t, ends, atol=1e-9)
    assert (W.i.tolist(), W.j.tolist()) == ([0, 30], [1, 14])
    assert W.values.shape == (len(ends), 2)


def test_the_last_record_of_synapses_is_the_state(session):
    W = trained(session, when=("last",)).records["forward_2.W"]
    state = session.get_state(["forward_2.W"])["forward_2.W"]
    np.testing.assert_array_equal(W.values[-1], state[[0, 30], [1, 14]])


def test_images_at_the_ends_of_windows(session):
    records = trained(session, when=("first", "last"), images=3).records
    steps = [*range(3 * 4), *range(4 * 91, 4 * 94)]
    np.testing.assert_allclose(records["layer_1.h"].t, np.multiply(steps, 1e-3))
    images = np.unique(np.floor(records["layer_0.spikes"].t / IMAGE + 1e-6))
    assert images.tolist() == [0, 1, 2, 91, 92, 93]


def test_what_is_recorded_does_not_change_what_is_learned(session):
    prints = set()
    for when in ((), ("first",), ("all",)):
        trained(session, when=when)
        prints.add(fingerprint(session))
    assert len(prints) == 1


def test_nothing_is_recorded_in_evaluations(session, monkeypatch):
    opened = []
    run = session.run

    def watched(*args, record=True, **kwds):
        opened.append((kwds["gates"].any(), record))
        return run(*args, record=record, **kwds)

    monkeypatch.setattr(session, "run", watched)
    trained(session, when=("all",))
    assert {learning for learning, _ in opened} == {True, False}
    assert all(bool(record) == learning for learning, record in opened)


def test_a_closed_monitor_holds_nothing(session, monkeypatch):
    """It is not asked for what it holds; here it is."""
    opened = session._opened
    monkeypatch.setattr(session, "_opened", lambda gates: opened(gates | True))
    trainer = small_trainer(session)
    trainer.initialize()
    data = trainer.dataset
    result = session.run(
        data.train_inputs[:5], data.train_labels[:5], seed=1, record=["layer_1.h"]
    )
    assert list(result.records) == ["layer_1.h"]
    monitors = session.network.monitors.items()
    held = {n: len(session._from_results(m, "t")) for n, m in monitors}
    assert held.pop("layer_1.h") == 5 * 2
    assert set(held.values()) == {0}


def test_arrays_of_a_file_hold_it_all(session):
    records = trained(session, when=("first", "last")).records
    arrays = records.arrays()
    assert arrays["layer_1.h/unit"] == "1"
    assert "layer_1.spikes" not in arrays
    again = Records.from_arrays(arrays)
    assert set(again) == set(records)
    for name in records:
        for part in ("t", "i", "j", "values"):
            np.testing.assert_array_equal(
                getattr(again[name], part), getattr(records[name], part)
            )


def test_a_longer_training_has_another_last_chunk(session):
    """What a shorter one recorded at its end is not what a longer one records."""
    records = []
    for epochs in ((1, 2), (2,)):
        trainer = None
        for n in epochs:
            earlier, trainer = (
                trainer,
                small_trainer(session, epochs=n, windows=Windows(("first", "last"))),
            )
            if earlier:
                trainer.position, trainer.records = earlier.position, earlier.records
            trainer.train()
        records.append(trainer.records)
    for name in records[1]:
        np.testing.assert_array_equal(records[0][name].t, records[1][name].t)


def test_a_stopped_chunk_is_recorded_once(session):
    class Stop(Callback):
        def on_chunk(self, trainer, point, guessed):
            if point.images_seen == 20:
                trainer.stop()

    trainer = small_trainer(session, windows=Windows(("all",)))
    assert not trainer.train([Stop()])
    assert trainer.train()
    assert len(trainer.records["layer_1.h"].t) == 94 * 4


@pytest.mark.parametrize("when", [("middle",), (0,), (-2,), (True,), (2.5,)])
def test_windows_that_there_are_not_are_refused(when):
    with pytest.raises(InputError, match="there is no window"):
        Windows(when)


def test_windows_of_no_record_are_refused(session):
    with pytest.raises(InputError, match="layer_7.h is not recorded here; recorded is"):
        small_trainer(session, windows={"layer_7.h": Windows()})
    with pytest.raises(InputError, match="layer_7.h is not recorded here; recorded is"):
        session.run(np.zeros((1, 20)), [0], seed=1, record=["layer_7.h"])


def test_values_keep_their_unit():
    recording = Recording(np.zeros(1), np.zeros(1), None, np.zeros((1, 1)), "V")
    records = Records()
    records.add("layer_1.v", recording)
    arrays = records.arrays()
    assert Records.from_arrays(arrays)["layer_1.v"].unit == "V"
    # As checkpoints give them back.
    arrays = {name: np.atleast_1d(array) for name, array in arrays.items()}
    assert Records.from_arrays(arrays)["layer_1.v"].unit == "V"
