"""Checkpoint files: complete or not there, and never trusted blindly."""

import io
import json
import os
import resource
import signal
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from numpy.lib import format as npy

from spikefa.errors import InputError
from spikefa.training import checkpoint_file as module
from spikefa.training.checkpoint_file import (
    NAME,
    PREVIOUS,
    RUN_KEYS,
    Checkpoint,
    CheckpointError,
    making_sense,
    newest_checkpoint,
    write_checkpoint,
)
from spikefa.training.resume import check_same_run

META = dict.fromkeys(RUN_KEYS, 1) | {"note": "Grüße, 世界"}
ARRAYS = {
    "state/forward_1.W": np.arange(6, dtype=np.float32).reshape(2, 3),
    "state/layer_0.not_refractory": np.array([True, False]),
    "state/layer_1.lastspike": np.array([-1e4]),
    "record/layer_0.spikes/i": np.array([], dtype=np.int32),
}


def write(folder, number=1):
    write_checkpoint(folder, META | {"number": number}, ARRAYS.items())
    return folder / NAME


def no_warning(text):
    raise AssertionError(text)


def test_what_is_written_is_read(tmp_path):
    checkpoint = Checkpoint(write(tmp_path))
    assert checkpoint.meta == META | {"number": 1, "format": module.FORMAT}
    for prefix in ("state/", "record/"):
        read = dict(checkpoint.arrays(prefix))
        expected = {
            name.removeprefix(prefix): array
            for name, array in ARRAYS.items()
            if name.startswith(prefix)
        }
        assert read.keys() == expected.keys()
        for name, array in read.items():
            assert array.dtype == expected[name].dtype
            assert array.shape == expected[name].shape
            assert (array == expected[name]).all()


def test_numpy_opens_it_too(tmp_path):
    with np.load(write(tmp_path), allow_pickle=False) as file:
        assert (file["state/forward_1.W"] == ARRAYS["state/forward_1.W"]).all()


def test_equal_runs_write_equal_files(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    assert write(tmp_path / "a").read_bytes() == write(tmp_path / "b").read_bytes()


def test_two_are_kept(tmp_path):
    for number in range(4):
        write(tmp_path, number)
    assert sorted(os.listdir(tmp_path)) == sorted([NAME, PREVIOUS])
    assert Checkpoint(tmp_path / NAME).meta["number"] == 3
    assert Checkpoint(tmp_path / PREVIOUS).meta["number"] == 2


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_changed_byte_is_noticed_or_harmless(tmp_path, data):
    """Harmless: bytes of the container that say nothing about the content."""
    path = write(tmp_path)
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    refusal = None
    try:
        checkpoint = Checkpoint(path)
        read = dict(checkpoint.arrays(""))
    except CheckpointError as exc:
        refusal = str(exc)
    if refusal is None:
        assert checkpoint.meta["number"] == 1
        for name, array in ARRAYS.items():
            assert (read[name] == array).all()
    else:
        assert "\n" not in refusal
        assert str(path) in refusal
    (tmp_path / PREVIOUS).unlink(missing_ok=True)


def test_any_truncation_is_noticed(tmp_path):
    path = write(tmp_path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError):
            Checkpoint(path)


@pytest.mark.parametrize("damage", ["corrupt", "truncate", "empty", "remove"])
def test_the_previous_one_steps_in(tmp_path, damage):
    write(tmp_path, 1)
    path = write(tmp_path, 2)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged = {"corrupt": content, "truncate": content[:500], "empty": b""}
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(damaged[damage])
    warnings = []
    assert newest_checkpoint(tmp_path, warnings.append).meta["number"] == 1
    assert len(warnings) == 1
    assert NAME in warnings[0]
    assert f"going on from {PREVIOUS}" in warnings[0]


def test_without_a_sound_one_there_is_one_line(tmp_path):
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        newest_checkpoint(tmp_path, no_warning)
    for name in (NAME, PREVIOUS):
        (tmp_path / name).write_bytes(b"PK nonsense")
    with pytest.raises(CheckpointError, match=PREVIOUS) as refusal:
        newest_checkpoint(tmp_path, no_warning)
    assert "\n" not in str(refusal.value)


class Trap:
    """Leaves a file behind when it is unpickled."""

    path = None

    def __reduce__(self):
        return os.mkdir, (Trap.path,)


@pytest.mark.parametrize("member", ["meta", "state/forward_1.W", "checksum", "extra"])
def test_pickled_objects_are_never_loaded(tmp_path, member):
    Trap.path = str(tmp_path / "sprung")
    path = write(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    pickled = io.BytesIO()
    npy.write_array(pickled, np.array([Trap()], dtype=object), allow_pickle=True)
    members[f"{member}.npy"] = pickled.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(CheckpointError, match="cannot be read"):
        Checkpoint(path)
    assert not os.path.exists(Trap.path)


def test_numbers_of_a_network_that_diverged_are_kept(tmp_path):
    write_checkpoint(tmp_path, META | {"curve": [{"test_nse": float("nan")}]}, [])
    (point,) = Checkpoint(tmp_path / NAME).meta["curve"]
    assert np.isnan(point["test_nse"])


def test_meta_data_that_are_nested_too_deeply(tmp_path):
    content = np.frombuffer(b'{"format": 1, "x": ' + b"[" * 10**5, np.uint8)
    np.savez(tmp_path / NAME, meta=content)
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        Checkpoint(tmp_path / NAME)


def test_arrays_that_claim_to_be_huge_take_no_memory(tmp_path):
    path = write(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    for shape in ((10**13,), (2**31, 2**31), (-1, 5)):
        header = io.BytesIO()
        npy.write_array_header_2_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": shape}
        )
        members["state/forward_1.W.npy"] = header.getvalue() + b"1" * 48
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        with pytest.raises(CheckpointError, match="cannot be read"):
            Checkpoint(path)


def test_a_link_in_the_place_of_a_partial_file_is_not_followed(tmp_path):
    (tmp_path / "mine").write_text("all that I have")
    (tmp_path / f"{NAME}.partial").symlink_to(tmp_path / "mine")
    write(tmp_path)
    assert (tmp_path / "mine").read_text() == "all that I have"


@pytest.mark.parametrize(
    "wrong",
    [KeyError("x"), TypeError("\n"), OverflowError(), AttributeError("a\nb")],
)
def test_what_makes_no_sense_is_said_in_a_line(wrong):
    with pytest.raises(CheckpointError, match="^x: what it says makes no") as caught:
        with making_sense("x"):
            raise wrong
    assert str(caught.value).isprintable()
    with pytest.raises(InputError, match="^as it is$"), making_sense("x"):
        raise InputError("as it is")


def test_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FORMAT", 99)
    path = write(tmp_path)
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="has format 99, this version reads 1"):
        Checkpoint(path)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    write_checkpoint(tmp_path, {"position": 1}, [])
    with pytest.raises(CheckpointError, match="says nothing about identity"):
        newest_checkpoint(tmp_path, no_warning)
    np.savez(tmp_path / NAME, meta=np.frombuffer(json.dumps([1]).encode(), np.uint8))
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        newest_checkpoint(tmp_path, no_warning)


def test_what_only_one_of_two_runs_says_is_a_difference():
    """Neither a default nor silence stands for what a checkpoint does not say."""
    says = {"identity": {"seed": 1, "shuffle": "every"}, "model": {}}
    silent = {"identity": {"seed": 1}, "model": {}}
    check_same_run(says, says, "x")
    for stored, now, words in (
        (silent, says, "shuffle (unknown there, every here)"),
        (says, silent, "shuffle (every there, unknown here)"),
    ):
        with pytest.raises(InputError) as caught:
            check_same_run(stored, now, "x")
        assert str(caught.value) == f"x is of another run; these differ: {words}"


def test_a_run_did_without_options_that_are_younger():
    now = {"identity": {"seed": 1, "rotate": 0.0}, "model": {}}
    old = {"identity": {"seed": 1}, "model": {}}
    check_same_run(old, now, "x", before={"rotate": 0.0})
    rotated = now | {"identity": now["identity"] | {"rotate": 5.0}}
    for stored, current in ((old, rotated), (rotated, now)):
        with pytest.raises(InputError, match="these differ: rotate"):
            check_same_run(stored, current, "x", before={"rotate": 0.0})


def in_child(task):
    """Run a task in a fork; return its exit code, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(task() or 0)
        except BaseException:  # noqa: BLE001, RUF100
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_full_disk_leaves_the_old_checkpoints(tmp_path):
    write(tmp_path, 1)
    size = write(tmp_path, 2).stat().st_size

    def fill(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            write(tmp_path, 3)
        except CheckpointError as refusal:
            return 5 if refusal.exit_code == 1 and "\n" not in str(refusal) else 6
        return 7

    for limit in range(0, size, 97):
        assert in_child(lambda limit=limit: fill(limit)) == 5
        assert sorted(os.listdir(tmp_path)) == sorted([NAME, PREVIOUS])
        assert Checkpoint(tmp_path / NAME).meta["number"] == 2
        assert Checkpoint(tmp_path / PREVIOUS).meta["number"] == 1


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_killed_at_any_system_call_a_checkpoint_remains(tmp_path, monkeypatch):
    """SIGKILL before the n-th fsync, rename or write, for every n there is."""
    for name in ("fsync", "replace", "open"):
        original = getattr(os, name)

        def wrapped(*args, original=original, **kwargs):
            calls[0] += 1
            if calls[0] == deadly[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        monkeypatch.setattr(os, name, wrapped)
    calls, deadly = [0], [None]
    write(tmp_path, 1)
    write(tmp_path, 2)
    for n in range(1, 100):
        calls[0], deadly[0] = 0, n
        code = in_child(lambda: write(tmp_path, 3) and 0)
        found = newest_checkpoint(tmp_path, lambda text: None)
        assert found.meta["number"] in (1, 2, 3)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        deadly[0] = None
        for number in (1, 2):
            write(tmp_path, number)
    assert n >= 6


def test_nothing_is_written_into_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="Not a directory"):
        write(tmp_path / "file")
