"""A compiled network leaves little on the disk."""

import pytest
from small_task import open_compiled, small_architecture

from spikefa import load_model, open_session
from spikefa.devices.cache import disk_usage

LEFT_OVERS = {".o", ".gch"}


def test_a_build_keeps_only_what_a_run_needs(session):
    assert (session.build_dir / "main").exists()
    kept = {path.suffix for path in session.build_dir.rglob("*")}
    assert not kept & LEFT_OVERS
    assert disk_usage(session.build_dir) < 3e6


@pytest.mark.compiles
@pytest.mark.long
def test_the_same_network_is_compiled_once_and_the_header_is_shared(
    tmp_path, monkeypatch
):
    """The second of three networks is another one, the third is the first again."""
    monkeypatch.setenv("SPIKEFA_CACHE", str(tmp_path))
    made = []
    for sizes in ((5, 4), (5, 3), (5, 4)):
        architecture = small_architecture(layer_sizes=(*sizes, 3))
        with open_session(architecture, load_model()) as session:
            made.append((session.build_dir / "main").stat().st_mtime_ns)
    assert len(list(tmp_path.glob("headers/*/precompiled.h.gch"))) == 1
    assert len(list(tmp_path.glob("builds/*/main"))) == 2
    assert made[0] == made[2]


def test_the_disk_holds_no_zeros():
    with open_compiled() as session:  # that has run nothing
        arrays = session.run_dir / "static_arrays"
        assert (arrays / "images_values").stat().st_size == 30 * 20 * 4
        assert (arrays / "images_values").stat().st_blocks == 0
