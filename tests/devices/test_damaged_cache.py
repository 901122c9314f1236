"""What is in the cache is verified, and made anew if it is not as it was left."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from spikefa import Architecture, SpikefaError, load_model, open_session
from spikefa.devices.cpp import project as cpp_project

pytestmark = [pytest.mark.compiles, pytest.mark.long]

SIZES = Architecture((4, 3, 4), n_classes=2, chunk_images=2)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of its own, with a name that make and the shell would read otherwise."""
    folder = tmp_path_factory.mktemp('12" disk of $HOME')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPIKEFA_CACHE", str(folder))
        patch.setenv("MAKEFLAGS", "CXXFLAGS=-nonsense")
        patch.setenv("OMP_DISPLAY_ENV", "true")
        yield folder


def output():
    """Open a session, show it something, return what it says."""
    with open_session(SIZES, load_model()) as session:
        images = np.full((2, 4), 0.5)
        session.set_state({"forward_1.W": np.ones((4, 3))})
        return session.run(images, np.array([0, 1]), seed=1).output.tobytes()


@pytest.fixture
def main(cache):
    """The program in the cache."""
    output()
    (found,) = cache.glob("builds/*/main")
    return found


def rewritten(path):
    """Whether a file is not that of an hour ago."""
    return path.stat().st_mtime > time.time() - 1800


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a bit flipped": lambda path: flip(path),
    "gone": lambda path: path.unlink(),
    "another folder's": lambda path: shutil.copy("/bin/true", path),
}


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture
def compiled(monkeypatch):
    """Programs that have been compiled, without a compiler: the one that there was."""
    made, kept = [], []

    def compile_again(project, *_):
        made.append(project)
        (project / "main").write_bytes(kept[0])
        (project / "main").chmod(0o755)

    def use(main):
        kept.append(main.read_bytes())
        monkeypatch.setattr(cpp_project, "_compile", compile_again)
        monkeypatch.setattr(cpp_project, "_precompiled_header", lambda *_: None)
        return made

    return use


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_program_is_made_again(damage, main, compiled):
    expected, made = output(), compiled(main)
    DAMAGES[damage](main)
    assert output() == expected
    assert len(made) == 1
    assert output() == expected
    assert len(made) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"made_from": "x"}', "old digest"])
def test_a_note_that_says_something_else_is_not_believed(text, main, compiled):
    expected, made = output(), compiled(main)
    (main.parent / "complete").write_text(text)
    assert output() == expected
    assert len(made) == 1


def test_dates_do_not_matter(main, compiled):
    expected, made = output(), compiled(main)
    for path in main.parent.rglob("*"):
        os.utime(path, (4e9, 4e9))
    assert output() == expected
    assert not made
    shutil.copy("/bin/true", main)
    os.utime(main, (4e9, 4e9))
    assert output() == expected
    assert len(made) == 1


def test_what_a_killed_build_has_left_goes(main):
    left = main.parent.with_name(f"{main.parent.name}.abc.partial")
    left.mkdir()
    output()
    assert not left.exists()


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["empty", "cut", "a bit flipped", "gone"])
def test_a_damaged_header_is_made_again(damage, main, cache):
    (header,) = cache.glob("headers/*/*.gch")
    expected = output()
    shutil.rmtree(main.parent)
    DAMAGES[damage](header)
    assert output() == expected
    assert header.stat().st_size > 10**6


def test_a_failure_leaves_what_says_why(cache, monkeypatch):
    broken = SIZES.__class__((4, 2, 4), n_classes=2, chunk_images=2)
    write = cpp_project.write_bundles

    def write_mistake(project, sources):
        for name in sources:
            (project / name).write_text("mistake")
        return write(project, sources)

    monkeypatch.setattr(cpp_project, "write_bundles", write_mistake)
    monkeypatch.setattr(cpp_project, "_precompiled_header", lambda *_: None)
    monkeypatch.setattr(cpp_project, "_HEADER", os.devnull)
    with pytest.raises(SpikefaError, match="does not compile") as raised:
        open_session(broken, load_model())
    folder = Path(str(raised.value).split("project in ")[1].split(" does not")[0])
    assert "mistake" in (folder / "make.log").read_text()
    assert not (folder / "complete").exists()
