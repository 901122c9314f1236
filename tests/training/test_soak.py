"""Long runs use no more memory and files than short ones."""

import os
import time

import psutil
import pytest
from small_task import small_trainer

from spikefa import NumericalGuard
from spikefa.training.checkpoint_file import RUN_KEYS
from spikefa.training.checkpoints import CheckpointCallback

MINUTES = float(os.environ.get("SPIKEFA_SOAK_MINUTES", 30))


@pytest.mark.slow
@pytest.mark.timeout(MINUTES * 60 + 600)
def test_memory_and_open_files_stay_flat(session, tmp_path):
    process = psutil.Process()
    meta = dict.fromkeys(RUN_KEYS, "")

    def train():
        small_trainer(session, epochs=5).train(
            [NumericalGuard(print), CheckpointCallback(tmp_path, meta, 20)]
        )
        return process.memory_info().rss, process.num_fds()

    for _ in range(10):  # caches fill
        memory, files = train()
    deadline = time.monotonic() + 60 * MINUTES
    samples = []
    while time.monotonic() < deadline:
        samples.append(train())
    print(f"{len(samples)} trainings; {memory / 1e6:.1f} MB, {files} files before,")
    print(f"{max(m for m, _ in samples) / 1e6:.1f} MB at most afterwards")
    assert max(m for m, _ in samples) < memory + 5e6
    assert max(f for _, f in samples) == files
    assert not psutil.Process().children()
    assert len(list(session.run_dir.iterdir())) < 20
