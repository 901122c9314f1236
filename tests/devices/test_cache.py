"""The cache of compiled programs: small, shared, never in the way of a run."""

import os
import subprocess
import sys

import pytest

from spikefa.devices.cache import cache_limit, disk_usage, trim, using
from spikefa.errors import InputError, SpikefaError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of 1 MB."""
    monkeypatch.setenv("SPIKEFA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SPIKEFA_CACHE_SIZE", "1MB")
    return tmp_path / "cache"


def put(folder, size, used):
    """Make a build of a size that was last used at a time."""
    with using(folder):
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "main").write_bytes(b"1" * size)
    os.utime(folder.with_name(f"{folder.name}.use"), (used, used))


@pytest.fixture
def builds(cache):
    """Four builds of 400 kB; the names tell in which order they were used."""
    folders = [cache / "builds" / f"used-{n}" for n in range(3)]
    folders.append(cache / "headers" / "used-3")
    for n, folder in enumerate(folders):
        put(folder, 400_000, 1000 + n)
    return folders


def test_what_was_not_used_for_longest_goes(builds):
    assert trim() == builds[:2]
    assert [folder.exists() for folder in builds] == [False, False, True, True]
    assert sorted(os.listdir(builds[0].parent)) == ["used-2", "used-2.use"]


def test_using_a_build_makes_it_the_newest(builds):
    with using(builds[0]):
        pass
    assert trim() == builds[1:3]


def test_a_build_in_use_stays(builds, monkeypatch):
    monkeypatch.setenv("SPIKEFA_CACHE_SIZE", "0")
    with using(builds[1]), using(builds[1]):
        assert trim() == [builds[0], *builds[2:]]
        assert (builds[1] / "code" / "main").exists()
    assert trim() == [builds[1]]


def test_a_build_in_use_by_another_process_stays(builds, monkeypatch):
    monkeypatch.setenv("SPIKEFA_CACHE_SIZE", "0")
    source = (
        "import sys\nfrom pathlib import Path\n"
        "from spikefa.devices.cache import using\n"
        f"with using(Path({str(builds[0])!r})): print(flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    other.stdout.readline()
    assert trim() == builds[1:]
    other.communicate()
    assert trim() == [builds[0]]


def test_a_clock_that_was_set_back_does_no_harm(builds):
    os.utime(builds[0].with_name("used-0.use"), (2e9, 2e9))
    put(builds[0].with_name("now"), 400_000, 500)
    assert builds[0].with_name("now") in trim()
    assert builds[0].exists()


def test_a_cache_that_is_deleted_in_use_is_made_again(builds):
    with using(builds[0]):
        subprocess.run(["rm", "-r", builds[0].parent], check=True)
        with using(builds[0]):
            assert builds[0].parent.exists()
    assert trim() == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SpikefaError, match=r"cannot write to .*SPIKEFA_CACHE names"):
        with using(tmp_path / "file" / "builds" / "name"):
            pass


@pytest.mark.parametrize(
    ("text", "size"), [("", 1e9), ("500MB", 5e8), ("1.5 GB", 1.5e9), ("20", 20)]
)
def test_sizes(monkeypatch, text, size):
    monkeypatch.setenv("SPIKEFA_CACHE_SIZE", text)
    assert cache_limit() == size


@pytest.mark.parametrize("text", ["much", "-1GB", "1gb", "1e9", "GB", "1GB\n"])
def test_what_is_no_size_is_refused(monkeypatch, text):
    monkeypatch.setenv("SPIKEFA_CACHE_SIZE", text)
    with pytest.raises(InputError, match="SPIKEFA_CACHE_SIZE must be a size"):
        cache_limit()


def test_holes_take_no_space(tmp_path):
    with open(tmp_path / "zeros", "wb") as file:
        file.truncate(10**7)
    assert disk_usage(tmp_path) == 0
