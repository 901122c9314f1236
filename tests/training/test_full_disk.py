"""A disk that is full is said in one line, and costs no result."""

import os
import shutil
import tempfile

import pytest
from small_task import fingerprint, open_compiled, small_dataset

from spikefa import SpikefaError, set_initial_state
from spikefa.devices.cpp.program import Program
from spikefa.errors import MachineError

pytestmark = pytest.mark.compiles


@pytest.fixture
def small_disk(mount_disk, monkeypatch):
    """A disk of 8 MB, on which the folders for temporary files are."""
    place = mount_disk("size=8m")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def fill(disk):
    """Leave no room on a disk; remove the file to have it again."""
    free = os.statvfs(disk)
    (disk / "filler").write_bytes(b"1" * (free.f_bavail * free.f_bsize))


def show(session, n=30):
    data = small_dataset()
    session.run(data.train_inputs.take(range(n)), data.train_labels[:n], seed=3)


def test_there_is_no_room_for_the_program(session, small_disk):
    fill(small_disk)
    with pytest.raises(SpikefaError, match=r"No space left.*TMPDIR names another"):
        open_compiled()
    assert os.listdir(small_disk) == ["filler"]


def test_a_disk_on_which_no_program_runs(mount_disk, monkeypatch):
    place = mount_disk("noexec,size=8m")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    compiled = "spikefa.devices.cpp.session.compile_project"
    monkeypatch.setattr(compiled, lambda *_: pytest.fail("it was compiled before"))
    with pytest.raises(MachineError, match=r"so that no program runs; TMPDIR names"):
        open_compiled()
    assert os.listdir(place) == []


def test_the_disk_is_filled_while_a_network_is_trained(session, small_disk):
    with open_compiled() as trained:
        set_initial_state(trained, 1)
        show(trained, 2)  # what it has recorded takes less room than of 30 images
        before = fingerprint(trained)
        fill(small_disk)
        with pytest.raises(SpikefaError, match=r"full\?|No space left") as caught:
            show(trained)
        assert "\n" not in str(caught.value)
        (small_disk / "filler").unlink()
        assert fingerprint(trained) == before
        show(trained)
        found = fingerprint(trained)
        set_initial_state(trained, 1)
        show(trained, 2)
        show(trained)
        assert fingerprint(trained) == found != before


@pytest.mark.parametrize(
    "name",
    [
        "readout.activity",
        "forward_1.W",
        "record_layer_1_h.h",
        "record_layer_1_spikes.i",
    ],
)
def test_results_that_are_cut_short_are_seen(session, monkeypatch, name):
    """Half of the outputs could pass for fewer classes."""
    set_initial_state(session, 1)
    before, request = fingerprint(session), Program.request

    def request_and_cut(program, fields):
        seconds = request(program, fields)
        (path,) = [f.split(">")[1] for f in fields if f.startswith(f"{name}>")]
        file = session.run_dir / path
        os.truncate(file, file.stat().st_size // 2)
        return seconds

    monkeypatch.setattr(Program, "request", request_and_cut)
    with pytest.raises(SpikefaError, match=rf"write all of {name} .*full\?"):
        show(session)
    assert fingerprint(session) == before


def test_files_that_are_removed_are_named(session, tmp_path, monkeypatch):
    """As by those who tidy folders of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open_compiled() as trained:
        shutil.rmtree(trained.run_dir)
        with pytest.raises(SpikefaError, match=r"spikefa_run_\w+/.* was removed while"):
            show(trained)
