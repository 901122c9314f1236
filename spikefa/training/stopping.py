"""Stopping runs: at a signal, or because those who have started them ask for it.

A run stops after its last finished chunk and writes a checkpoint. What is under way
before it trains, such as a compilation, has nothing to save and is given up at once.
"""

import signal
import threading
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["SIGNALS", "Interrupted", "Stop", "blocked", "stopping_on_signals"]

#: Ctrl-C; what ``kill`` and batch systems send; what comes when a terminal is closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal has ended what was under way.

    Attributes
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number):
        super().__init__(f"stopped by signal {int(number)}")
        self.number = int(number)


class Stop:
    """Whether runs are to stop: the one that is under way, and those after it.

    Parameters
    ----------
    patient : bool, optional
        Take no notice of a second signal, which otherwise ends the process at once: for
        workers, which may be told several times.

    Attributes
    ----------
    number : int or None
        The signal that asks for it.
    """

    def __init__(self, patient=False):
        self.number, self.patient, self._stop_run = None, patient, None
        self._of = None

    def renew(self, of):
        """Forget a signal that was meant for others; workers are used again."""
        if self._of != of:
            self._of, self.number = of, None

    def __call__(self, number):
        """Stop; safe in a signal handler, and from other threads."""
        if self.number is None:
            self.number = int(number)
        if self._stop_run:
            self._stop_run()

    def check(self):
        """Raise `Interrupted` if a run that would start now is to stop."""
        if self.number is not None:
            raise Interrupted(self.number)

    @contextmanager
    def stopping(self, stop_run):
        """Let a function stop the run of the ``with`` block."""
        self._stop_run = stop_run
        try:
            if self.number is not None:
                stop_run()
            yield self
        finally:
            self._stop_run = None

    @contextmanager
    def active(self):
        """Stop all runs of the ``with`` block together, at a signal too."""
        before = _active.set(self)
        try:
            with _handling(self._handle):
                yield self
        finally:
            _active.reset(before)

    def _handle(self, number, frame):
        again = self.number is not None
        self(number)
        if not (again and self.patient) and (again or self._stop_run is None):
            raise Interrupted(self.number)


#: What stops the runs of this thread, if there may be several.
_active: ContextVar[Stop | None] = ContextVar("stop", default=None)


@contextmanager
def stopping_on_signals(trainer):
    """Let Ctrl-C, SIGTERM and SIGHUP stop a trainer after its last finished chunk.

    Parameters
    ----------
    trainer : Trainer

    Yields
    ------
    stop : Stop
        Its number is that of the signal, once it has come. A second one ends the
        process at once.
    """
    if (stop := _active.get()) is not None:
        with stop.stopping(trainer.stop):
            yield stop
        return
    with Stop().active() as stop, stop.stopping(trainer.stop):
        yield stop


@contextmanager
def _handling(handler):
    """Call a handler for the signals; only the main thread gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [n for n in SIGNALS if n != signal.SIGHUP or not _ignored(n)]  # nohup
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _ignored(number):
    return signal.getsignal(number) == signal.SIG_IGN


@contextmanager
def blocked():
    """Let signals wait, here and in processes that are started meanwhile.

    These get them once they unblock them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
