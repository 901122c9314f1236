"""Caches and homes that are full, removed, shared, read-only or from the future."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

NUMPY = ("--quick", "--device", "numpy", "--engine", "stock", "--out", "x")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def wait_for(condition, seconds=200):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(running):
    """Wait for a process; return its code and the lines of errors but the first."""
    _, err = running.communicate(timeout=400)
    first, *lines = err.splitlines()
    assert first.endswith("preparing the network")
    return running.returncode, lines


def assert_refused(running, words):
    code, lines = ended(running)
    assert code == 2
    assert len(lines) == 1, lines
    assert lines[0].startswith("mnist_spiking.py: error: ")
    assert words in lines[0]


@pytest.mark.long
def test_a_home_that_is_read_only_has_no_cache(process, mount_disk):
    home = mount_disk("ro,size=1m")
    environment = {"HOME": str(home), "SPIKEFA_CACHE": "", "XDG_CACHE_HOME": ""}
    words = "Read-only file system; SPIKEFA_CACHE names another folder"
    assert_refused(process("--quick", "--out", "x", **environment), words)


@pytest.mark.slow
def test_a_home_that_is_read_only_or_none(process, mount_disk, tmp_path):
    for home in (str(mount_disk("ro,size=1m")), ""):
        shutil.rmtree(tmp_path / "x", ignore_errors=True)
        code, lines = ended(process(*NUMPY, HOME=home))
        assert code == 0
        assert "matplotlib" not in "".join(lines)
        assert (tmp_path / "x" / "results.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("size", ["100k", "20m"])
def test_a_cache_on_a_full_disk(process, mount_disk, size):
    place = mount_disk(f"size={size}")
    running = process("--quick", "--out", "x", SPIKEFA_CACHE=str(place))
    assert_refused(running, "free on its disk")


@pytest.mark.slow
def test_two_runs_that_compile_the_same_network(process, cache, tmp_path):
    names = ("a", "b")
    options = ("--quick", "--out")
    both = [process(*options, name, SPIKEFA_CACHE=str(cache)) for name in names]
    for running in both:
        assert ended(running)[0] == 0
    assert len(list(cache.glob("builds/*/main"))) == 1
    found = [json.loads((tmp_path / n / "results.json").read_text()) for n in names]
    assert found[0]["test_error_percent"] == found[1]["test_error_percent"]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["headers/*/*/precompiled.h", "builds/*/*/*.o"])
def test_a_cache_that_is_removed_while_it_is_filled(process, cache, what):
    running = process("--quick", "--out", "x", SPIKEFA_CACHE=str(cache))
    wait_for(lambda: list(cache.glob(what)))
    shutil.rmtree(cache, ignore_errors=True)
    assert_refused(running, "was removed while a program was being compiled there")


@pytest.mark.slow
def test_a_cache_that_is_removed_while_a_network_learns(process, cache, tmp_path):
    options = ("--quick", "--images", 20000, "--chunk-images", 500, "--out", "x")
    running = process(*options, SPIKEFA_CACHE=str(cache))
    progress = tmp_path / "x" / "progress.jsonl"
    wait_for(lambda: progress.exists() and '"chunk"' in progress.read_text())
    shutil.rmtree(cache)
    assert ended(running)[0] == 0


@pytest.mark.slow
def test_files_of_the_future(process, cache, tmp_path):
    """The clock was set back after the first run."""

    def run(name, *options):
        command = ("--quick", "--out", name, *options)
        assert ended(process(*command, SPIKEFA_CACHE=str(cache)))[0] == 0

    def built(pattern):
        return {path: path.stat().st_ino for path in cache.glob(pattern)}

    run("first")
    for path in Path(cache).rglob("*"):
        os.utime(path, (2.2e9, 2.2e9))
    programs, headers = built("builds/*/main"), built("headers/*/*.gch")
    run("again")
    assert built("builds/*/main") == programs
    run("other", "--layers", 21)
    assert built("headers/*/*.gch") == headers
    for path in cache.glob("builds/*/complete"):
        path.unlink()
    run("built again")
    first, last = (
        json.loads((tmp_path / name / "results.json").read_text())
        for name in ("first", "built again")
    )
    assert first["test_error_percent"] == last["test_error_percent"]
