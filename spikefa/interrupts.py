"""Ending a training cleanly when the terminal or the system asks for it."""

import signal
from contextlib import contextmanager

__all__ = ["stopping_on_signals"]


@contextmanager
def stopping_on_signals(trainer):
    """Let Ctrl-C and SIGTERM stop a trainer after its last finished chunk.

    Parameters
    ----------
    trainer : Trainer

    Yields
    ------
    received : list of int
        The signal, once it has come. A second one ends the process at once.
    """
    received = []

    def handle(number, frame):
        if received:
            raise KeyboardInterrupt
        received.append(number)
        trainer.stop()

    before = {n: signal.signal(n, handle) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
