"""Long runs use no more memory and files than short ones."""

import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from small_task import small_trainer

from spikefa import NumericalGuard
from spikefa.devices.cache import cache_folder, disk_usage
from spikefa.devices.cpp.session import _PREFIX
from spikefa.training.checkpoint_file import RUN_KEYS
from spikefa.training.resume import CheckpointCallback

MINUTES = float(os.environ.get("SPIKEFA_SOAK_MINUTES", 30))


class Use(NamedTuple):
    """What a process holds."""

    memory: int
    descriptors: int
    run_files: int
    temporary: int
    cache: int


@pytest.mark.slow
@pytest.mark.timeout(MINUTES * 60 + 600)
def test_memory_and_files_stay_flat(session, tmp_path):
    process = psutil.Process()
    meta = dict.fromkeys(RUN_KEYS, "")

    def train():
        small_trainer(session, epochs=5).train(
            [NumericalGuard(print), CheckpointCallback(tmp_path, meta, 20)]
        )
        return Use(
            process.memory_info().rss,
            process.num_fds(),
            sum(path.is_file() for path in session.run_dir.rglob("*")),
            len(list(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"))),
            disk_usage(cache_folder()),
        )

    for _ in range(10):  # caches fill
        before = train()
    programs = process.children()
    deadline = time.monotonic() + 60 * MINUTES
    samples = []
    while time.monotonic() < deadline:
        samples.append(train())
    most = Use(*map(max, zip(*samples, strict=True)))
    print(f"{len(samples)} trainings\nbefore  {before}\nat most {most}")
    assert most.memory < before.memory + 5e6
    # Others may use the folders of the cache and of temporary files too.
    assert most[1:3] == before[1:3]
    assert samples[-1].temporary <= before.temporary
    assert samples[-1].cache <= before.cache
    assert process.children() == programs  # the one that stays
    assert len(programs) == 1
    assert len(list(tmp_path.iterdir())) == 2
