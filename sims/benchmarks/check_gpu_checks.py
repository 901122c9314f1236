"""The checks of ``check_gpu.py``: each returns a line and what it found, or fails."""

import os
import re
import shutil
import subprocess
import time
from contextlib import ExitStack
from statistics import median

import numpy as np
from spikefa.sims.benchmarks.check_gpu_bench import ETA, QUICK, Left
from spikefa.sims.benchmarks.check_gpu_numpy import (
    deviation,
    replay,
    spike_deviations,
    spikes_as_matrix,
)
from spikefa.sims.benchmarks.floor import bytes_per_step

import spikefa
from spikefa.devices.cuda.driver import ask_driver
from spikefa.errors import InputError, SpikefaError

__all__ = ["CHECKS"]

#: Deviation of single precision that sums of thousands of numbers leave room for.
TOLERANCE = 1e-4

#: Standard deviations: one run in a million has more.
UNLIKELY = 5


def environment(bench):
    """What is found before anything is compiled."""
    from spikefa.devices.cuda.session import check_machine

    try:
        machine = check_machine(
            bench.choice.compute_capability, build_dir=bench.choice.build_dir
        )
    except InputError as exc:  # without what this command has no options for
        text = re.split(r"[;,] (?:build_only|device)=", str(exc))[0]
        raise SpikefaError(text) from exc
    card, toolkit = machine.driver.card, machine.toolkit
    free = ask_driver(memory=True).free_bytes
    sizes = bench.scale.sizes
    needed = 4 * sum(a * b for a, b in zip(sizes, sizes[1:], strict=False)) * 2
    needed += len(sizes) * 50 * 2**20  # buffers of random numbers
    if free is not None and free < needed:
        raise SpikefaError(f"{free / 1e9:.1f} GB are free of {needed / 1e9:.1f} needed")
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True)
    found = {
        "card": card.name,
        "capability": card.capability,
        "driver_cuda": machine.driver.cuda,
        "nvcc": toolkit and toolkit.version,
        "curand": toolkit and str(toolkit.libraries[0]),
        "host_compiler": compiler.stdout.partition("\n")[0],
        "memory_bytes": card.memory_bytes,
        "free_bytes": free,
        "roofline_gb_per_s": card.bandwidth / 1e9,
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }
    text = f"{card.name} ({card.capability}), driver for CUDA {machine.driver.cuda}, "
    text += f"nvcc {toolkit.version}" if toolkit else "no nvcc"
    return text + f"; {found['host_compiler']}", found


def build(bench):
    """The program is compiled, and the loader finds what it needs."""
    start = time.perf_counter()
    session = bench.session
    seconds = time.perf_counter() - start
    listed = subprocess.run(
        ["ldd", "main"],
        cwd=session.build_dir,
        env=session.environment(),
        capture_output=True,
        text=True,
    ).stdout
    missing = [line.split()[0] for line in listed.splitlines() if "not found" in line]
    if missing:
        raise SpikefaError(f"the loader does not find {', '.join(missing)}")
    libraries = dict(
        (line.split(" => ")[0].strip(), line.split(" => ")[1].split()[0])
        for line in listed.splitlines()
        if " => " in line
    )
    bench.start()
    bench.show(1)
    found = {"seconds": seconds, "folder": str(session.build_dir)}
    return f"{seconds:.0f} s, {session.build_dir}", found | {"libraries": libraries}


def kernels(bench):
    """A run agrees with NumPy, which is given its spikes."""
    bench.start()
    session, n = bench.session, bench.scale.replayed
    arch, dt = session.network.architecture, float(session.network.model["dt"])
    before = session.get_state()
    result = bench.show(n, record=True)
    steps = n * arch.steps_per_image
    spikes = [
        spikes_as_matrix(result.records[f"layer_{layer}.spikes"], dt, steps, size)
        for layer, size in enumerate(arch.layer_sizes[:-1])
    ]
    labels = bench.data.train_labels[:n].repeat(arch.steps_per_image)
    expected = replay(before, spikes, labels, ETA, arch.n_classes)
    after, found = session.get_state(), {}
    for name, value in expected.items():
        variable = name.split(".")[1]
        if variable in ("h", "delta", "b"):
            found[name] = deviation(after[name], value)
        elif variable == "W":  # what was learned, which is small beside a weight
            learned, expected_change = after[name] - before[name], value - before[name]
            found[name] = deviation(learned, expected_change)
    worst = max(found, key=found.get)
    # A change of 1e-3 in a weight of 0.05 is known to 1e-5 of it.
    limits = {name: 100 * TOLERANCE if ".W" in name else TOLERANCE for name in found}
    wrong = [name for name, value in found.items() if not value < limits[name]]
    if wrong:
        listed = ", ".join(f"{name} by {found[name]:.1e}" for name in wrong)
        raise SpikefaError(f"differs from NumPy: {listed}")
    return f"{steps} steps differ from NumPy by {found[worst]:.0e} ({worst})", found


def reference(bench):
    """Without chance, the card and the reference go the same way."""
    model = spikefa.load_model().replace(
        eta=ETA, spike="h > 0", input_spike="pixel > 0.5"
    )
    sizes = (784, 60, 40, 50) if bench.scale != QUICK else (784, 9, 10)
    n, states = 6, []
    bench.leave_the_card()
    for choice in (bench.choice, bench.reference):
        arch = spikefa.Architecture(sizes, chunk_images=n)
        with spikefa.open_session(arch, model, device=choice) as session:
            spikefa.set_initial_state(session, 1)
            images, labels = bench.data.train_inputs[:n], bench.data.train_labels[:n]
            session.run(images, labels, seed=1)
            states.append(session.get_state())
    found = {name: deviation(states[0][name], states[1][name]) for name in states[0]}
    worst = max(found, key=found.get)
    if not found[worst] < TOLERANCE:
        raise SpikefaError(
            f"{worst} differs by {found[worst]:.1e} of its largest value"
        )
    return f"agrees with {bench.reference} to {found[worst]:.0e} ({worst})", found


def same_bits(bench):
    """One seed gives the same bits twice, and another one others."""
    n, seen = min(bench.scale.images, 20), []
    for seed in (1, 1, 2):
        bench.start()
        bench.show(n, seed)
        seen.append(bench.session.get_state())
    once, twice, other = seen
    different = [name for name in once if not np.array_equal(once[name], twice[name])]
    if different:
        raise SpikefaError(f"not the same twice: {', '.join(different)}")
    if np.array_equal(once["layer_1.h"], other["layer_1.h"]):
        raise SpikefaError("another seed changes nothing")
    return f"{len(once)} variables after {n} images", {}


def resuming(bench):
    """Two runs, a checkpoint and two runs are four runs."""
    from spikefa.training.checkpoint_file import RUN_KEYS, newest_checkpoint
    from spikefa.training.resume import CheckpointCallback, restore

    class StopAfterTwo(spikefa.Callback):
        def on_chunk(self, trainer, point, guessed):
            if trainer.chunk == 2:
                trainer.stop()

    images, session = 4 * max(1, bench.scale.images // 5), bench.session
    bench.start()
    bench.trainer(session, images).train()
    expected = session.get_state()
    folder = bench.folder / "resumed"
    folder.mkdir(parents=True, exist_ok=True)
    meta = dict.fromkeys(RUN_KEYS, "")
    bench.start()
    bench.trainer(session, images).train(
        [StopAfterTwo(), CheckpointCallback(folder, meta)]
    )
    session.restart()
    trainer = bench.trainer(session, images)
    restore(trainer, newest_checkpoint(folder, lambda text: None))
    if trainer.chunk != 2:
        raise SpikefaError(f"the checkpoint is of run {trainer.chunk}, not 2")
    trainer.train()
    shutil.rmtree(folder)
    found = session.get_state()
    wrong = [name for name in found if not np.array_equal(found[name], expected[name])]
    if wrong:
        raise SpikefaError(f"not what it would have been: {', '.join(wrong)}")
    return f"2 + 2 runs are 4 runs of {images // 4} images, bit for bit", {}


def sanitizer(bench):
    """compute-sanitizer has nothing to say of the kernels."""
    tool = shutil.which("compute-sanitizer")
    if tool is None:
        raise Left("compute-sanitizer is not installed")
    session, log = bench.session, bench.session.run_dir / "sanitizer"
    session.restart(tool, "--error-exitcode", "9", "--log-file", str(log))
    try:
        bench.start()
        bench.show(1, record=True)
        session.restart()  # it writes its summary when the program ends
        said = log.read_text() if log.exists() else ""
    finally:
        session.restart()
    summary = said.strip().splitlines()[-1:] or ["no summary"]
    if "ERROR SUMMARY: 0 errors" not in said:
        raise SpikefaError(summary[0].strip("= "))
    return summary[0].strip("= "), {}


def spikes(bench):
    """Neurons spike as often as their probability says, each by itself."""
    bench.start()
    session, n = bench.session, bench.scale.images
    arch, dt = session.network.architecture, float(session.network.model["dt"])
    records = bench.show(n, record=True).records
    found = {}
    for layer in (0, 1):
        phi = records[f"layer_{layer}.phi"].values.astype(float)
        drawn = spikes_as_matrix(records[f"layer_{layer}.spikes"], dt, *phi.shape)
        for name, value in spike_deviations(drawn, phi).items():
            found[f"layer_{layer}, {name}"] = float(value)
    worst = max(found, key=lambda name: np.nan_to_num(abs(found[name]), nan=np.inf))
    if not abs(found[worst]) < UNLIKELY:
        raise SpikefaError(f"{worst}: {found[worst]:.1f} standard deviations")
    steps = n * arch.steps_per_image
    return f"{steps} steps, within {abs(found[worst]):.1f} standard deviations", found


def speed(bench):
    """Time a step takes, with and without records, and a run beside its steps."""
    bench.start()
    n, arch = bench.scale.images, bench.session.network.architecture
    found = {}
    for name, record in (("without records", False), ("with records", True)):
        walls, inside = [], []
        for seed in range(4):
            start = time.perf_counter()
            inside.append(bench.show(n, seed, record).seconds)
            walls.append(time.perf_counter() - start)
        steps = n * arch.steps_per_image
        found[name] = {
            "ms_per_step": 1e3 * median(inside[1:]) / steps,
            "ms_beside_steps": 1e3
            * median(
                wall - seconds
                for wall, seconds in zip(walls[1:], inside[1:], strict=True)
            ),
        }
    plain, recorded = found["without records"], found["with records"]
    half = [0.13, *[0.5] * (arch.n_layers - 1)]  # pixels and hidden neurons that spike
    bandwidth = ask_driver().card.bandwidth
    if bandwidth:
        floor = 1e3 * bytes_per_step(arch.layer_sizes, half)["total"] / bandwidth
        found["floor_ms"], share = floor, 100 * (1 - floor / plain["ms_per_step"])
        found["percent_not_memory"] = share
    text = f"{plain['ms_per_step']:.3f} ms a step, {recorded['ms_per_step']:.3f} with "
    text += f"records; {plain['ms_beside_steps']:.0f} ms a run of {n} images beside"
    if bandwidth:
        text += f"; memory needs {floor:.3f} ms, {share:.0f} % are launches and waiting"
    return text, found


def training(bench):
    """A training ends where that of the reference does."""
    found = {}
    for name, session in (("cuda", bench.session), (str(bench.reference), None)):
        with ExitStack() as stack:
            here = session or stack.enter_context(bench.open(bench.reference))
            start = time.perf_counter()
            trainer = bench.trainer(here, bench.scale.trained)
            trainer.train()
            found[name] = {
                "test_error_percent": trainer.evaluation.error_percent,
                "seconds": time.perf_counter() - start,
            }
    errors = [run["test_error_percent"] for run in found.values()]
    text = " and ".join(
        f"{error:.1f} % on {name}" for error, name in zip(errors, found, strict=True)
    )
    text = f"{bench.scale.trained} images: {text}"
    if not abs(errors[0] - errors[1]) <= bench.scale.points:
        raise SpikefaError(f"{text}, more than {bench.scale.points} points apart")
    return text, found


def second_start(bench):
    """The next start compiles nothing."""
    program = bench.session.build_dir / "main"
    bench.leave_the_card()
    before, start = program.stat().st_mtime_ns, time.perf_counter()
    with bench.open(bench.choice) as session:
        seconds = time.perf_counter() - start
        same = session.build_dir == bench.session.build_dir
    if not same or program.stat().st_mtime_ns != before:
        raise SpikefaError("it was compiled again")
    return f"{seconds:.0f} s, nothing compiled", {"seconds": seconds}


#: In this order; what comes first is the cheapest to fail.
CHECKS = {
    "environment": environment,
    "build": build,
    "kernels": kernels,
    "same-bits": same_bits,
    "resuming": resuming,
    "sanitizer": sanitizer,
    "spikes": spikes,
    "second-start": second_start,
    "speed": speed,
    "reference": reference,
    "training": training,
}
