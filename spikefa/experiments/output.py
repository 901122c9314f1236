"""Standard output and standard error: no run ends because nobody reads what it says."""

import os
import sys
from contextlib import contextmanager, suppress

__all__ = ["lasting_output"]


class _Lasting:
    """A stream that says nothing any more once it cannot be written to.

    Parameters
    ----------
    stream : file or None
    """

    def __init__(self, stream):
        self._stream = stream or open(os.devnull, "w")
        with suppress(AttributeError, ValueError, OSError):
            self._stream.reconfigure(errors="backslashreplace")

    def write(self, text):
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            self._lose()
            return len(text)

    def flush(self):
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._lose()

    def _lose(self):
        """Let what is written from now on go nowhere, what waits in buffers too."""
        nowhere = open(os.devnull, "w")
        with suppress(OSError, ValueError):
            os.dup2(nowhere.fileno(), self._stream.fileno())
        self._stream = nowhere

    def __getattr__(self, name):
        return getattr(self._stream, name)


@contextmanager
def lasting_output():
    """Let the reader of the output end, its disk be full or its terminal be closed.

    What is written then is lost. In a stream for few characters the others are escaped.
    """
    _open_all()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_Lasting, before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _open_all():
    """Keep files from getting the number of a standard stream that is closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number
