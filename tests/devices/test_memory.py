"""How much memory there is follows from whoever limits it."""

import psutil
import pytest

from spikefa.devices import memory
from spikefa.errors import InputError


@pytest.mark.parametrize(
    ("groups", "file", "size"),
    [
        ("0::/a/b\n", "unified/a/b/memory.max", 4096),
        ("0::/a/b\n", "unified/a/memory.max", 4096),  # of all that are in it
        ("0::/a/b\n", "unified/memory.max", 4096),  # as a container sees it
        ("0::/a/b\n", "unified/a/c/memory.max", None),
        ("3:cpu:/a\n2:hugetlb,memory:/a\n0::/\n", "memory/a/limit", 4096),
        ("3:cpu:/a\n0::/\n", "memory/a/limit", None),
        ("nonsense\n", "unified/memory.max", None),
        ("", "unified/memory.max", None),
    ],
)
def test_limits_of_batch_systems_and_containers(
    monkeypatch, tmp_path, groups, file, size
):
    own = tmp_path / "own"
    own.write_text(groups)
    places = {
        2: (tmp_path / "unified", "memory.max"),
        1: (tmp_path / "memory", "limit"),
    }
    monkeypatch.setattr(memory, "_OWN_GROUPS", own)
    monkeypatch.setattr(memory, "_GROUPS", places)
    before = memory.memory_here()
    assert before <= psutil.virtual_memory().total
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("max\n")
    assert memory.memory_here() == before
    (tmp_path / file).write_text("4096\n")
    assert memory.memory_here() == (size or before)


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "memory_here", lambda: 2 * 10**9)
    memory.refuse_too_large("weights", 2 * 10**9)
    with pytest.raises(
        InputError, match=r"weights need 3 GB of memory, 2 GB are there"
    ):
        memory.refuse_too_large("weights", 3 * 10**9)
