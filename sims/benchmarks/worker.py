"""The process in which ``benchmark.py`` measures one configuration, a run at a time.

Its argument describes the task (JSON). It opens a session, then makes a run for every
line of its standard input and answers with a line of JSON, so that runs of several
configurations can take turns. At the end of its input it tells what they had in common.
"""

import contextlib
import json
import sys
import threading
import time


class PeakMemory:
    """Largest resident memory of this process and the program it runs, sampled."""

    def __init__(self):
        self.peak = 0

    def __enter__(self):
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def __exit__(self, *exc):
        self._done.set()
        self._thread.join()

    def _watch(self):
        import psutil

        this = psutil.Process()
        done = False
        while not done:
            done = self._done.wait(0.02)
            total = this.memory_info().rss
            for child in this.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if child.exe() != this.exe():  # else still this process's memory
                        total += child.memory_info().rss
            self.peak = max(self.peak, total)


class Measured:
    """An open session, and what its runs cost.

    Parameters
    ----------
    task : dict
        As `Configuration` of ``benchmark.py`` makes it.
    """

    def __init__(self, task):
        from spikefa import load_model, open_session, set_initial_state
        from spikefa.datasets import load_mnist

        settings = dict(task["settings"])
        threads = settings.pop("threads", 1)
        self.task, self.threads = task, threads
        self.data = load_mnist()
        rate = task["kind"] == "rate"
        model = load_model(rate=True).replace(gamma=1e-6) if rate else load_model()
        start = time.perf_counter()
        self.session = open_session(
            self._architecture(rate, settings),
            model,
            device=task["device"],
            threads=threads,
            build_dir=task["build_dir"],
        )
        self.start_seconds = time.perf_counter() - start
        set_initial_state(self.session, 1)
        self.memory = PeakMemory()
        self.runs = 0

    def _architecture(self, rate, settings):
        from spikefa import Architecture

        sizes, images = tuple(self.task["sizes"]), self.task["images"]
        if rate:
            settings = settings | {"steps_per_image": 1}
        return Architecture(sizes, chunk_images=images, **settings)

    def run(self):
        """Present the next images; the first run, which does not count, is watched."""
        n, data = self.task["images"], self.data
        first = self.runs * n % (len(data.train_labels) - n + 1)
        part = slice(first, first + n)
        # Watching takes a part of a core.
        watch = contextlib.nullcontext() if self.runs else self.memory
        start = time.perf_counter()
        with watch:
            result = self.session.run(
                data.train_inputs[part], data.train_labels[part], seed=self.runs
            )
        wall = time.perf_counter() - start
        self.runs += 1
        steps = n * self.session.network.architecture.steps_per_image
        found = {
            "ms_per_step": 1e3 * result.seconds / steps,
            "images_per_second": n / wall,
        }
        if self.task["kind"] == "spiking":
            found |= self._floor(found["ms_per_step"])
        return found

    def _floor(self, ms_per_step):
        """Compare with copies right beside the run: other guests come and go."""
        bandwidth = self._bandwidth()
        if not bandwidth:
            return {}
        floor = 1e3 * self._bytes()["total"] / bandwidth
        found = {
            "copy_gb_per_s": bandwidth / 1e9,
            "floor_ms": floor,
            "times_floor": ms_per_step / floor,
        }
        on_cpu = self.task["device"] != "cuda"
        if on_cpu:
            from spikefa.sims.benchmarks.floor import read_bandwidth

            read = read_bandwidth(self.task["working_set"], self.threads, repeats=7)
            found["read_gb_per_s"] = read / 1e9
        architecture = self.session.network.architecture
        if architecture.engine == "dense" and not architecture.sparse:
            moved = self._bytes(
                feedback_bytes=architecture.feedback_bits // 8,
                put_off=architecture.put_off,
                weight_bytes=architecture.weight_bits // 8,
            )["total"]
            found["moved_gb_per_s"] = moved / (1e6 * ms_per_step)
        return found

    def _bandwidth(self):
        """Bytes a second: of copies, or as the driver of a card tells (0: unknown)."""
        if self.task["device"] == "cuda":
            from spikefa.devices.cuda.driver import ask_driver

            return ask_driver().card.bandwidth
        from spikefa.sims.benchmarks.floor import copy_bandwidth

        return copy_bandwidth(self.task["working_set"], self.threads, repeats=7)

    def _bytes(self, **kwds):
        import numpy as np
        from spikefa.sims.benchmarks.floor import bytes_per_step

        session = self.session
        # Plain subexpressions are not kept; about half of the neurons spike.
        names = [f"layer_{n}.phi" for n in range(1, session.network.n_layers)]
        phi = [
            float(session.get_state([name])[name].mean())
            if name in session.variables
            else 0.5
            for name in names
        ]
        shown = self.data.train_inputs[: self.task["images"]]
        pixels = float(np.clip(shown, 0, 0.95).mean())
        return bytes_per_step(self.task["sizes"], [pixels, *phi], **kwds)

    def summary(self):
        found = {"peak_mb": self.memory.peak / 2**20}
        if self.task["kind"] == "spiking":
            found["bytes_per_step"] = self._bytes()
        return found


def answer(found):
    print(json.dumps(found), flush=True)


def main():
    from spikefa.experiments.command_line import quiet_brian

    quiet_brian()
    measured = Measured(json.loads(sys.argv[1]))
    with measured.session:
        answer({"start_seconds": measured.start_seconds})
        for _ in sys.stdin:
            answer(measured.run())
        answer(measured.summary())


if __name__ == "__main__":
    main()
