"""A compiled network as a process that answers requests, see ``requests.h``."""

import os
import signal
import subprocess
from contextlib import suppress

from ...errors import MachineError

__all__ = ["Program"]


class Program:
    """The process of a compiled network.

    It is out of reach of the terminal's Ctrl-C, and dies with this process, however
    that ends.

    Parameters
    ----------
    folder : pathlib.Path
        Where ``main`` is, and where it runs.
    environment : dict
        Its environment variables.
    complaint : callable
        Takes what it has printed and what it has written to standard error; returns
        what is wrong, the empty string if nothing is.
    launcher : sequence of str, optional
        A command that runs it, such as a debugger.
    """

    def __init__(self, folder, environment, complaint, launcher=()):
        self._complaint, self._owner = complaint, os.getpid()
        self._logs = [folder / "said", folder / "errors"]
        self._logs[0].write_bytes(b"")  # of an earlier one
        with open(self._logs[1], "wb") as errors:
            self._process = subprocess.Popen(
                [*launcher, "./main"],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def alive(self):
        """Whether it can be asked; a fork of the process that started it cannot."""
        return os.getpid() == self._owner and self._process.poll() is None

    def request(self, fields):
        """Ask for a run.

        Parameters
        ----------
        fields : iterable of str

        Returns
        -------
        seconds : float
            That the time steps took.

        Raises
        ------
        MachineError
            If it has died or stopped, or says that something is wrong; then it is gone.
        """
        try:
            answer = self._ask("\t".join(fields))
            complaint = self._complaint(*self._said(), bool(answer))
            if not answer or complaint:
                raise MachineError(self._what_failed(complaint))
            return float(answer)
        except BaseException:
            self.kill()
            raise

    def _ask(self, line):
        """Send a line, return the answer, or nothing if there is none."""
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return b""
        answer = self._process.stdout.readline().strip()
        return b"" if answer == b"stopped" else answer

    def _what_failed(self, complaint):
        self._close()
        code = self._process.wait()
        nothing = "no message" if code else "it was stopped"
        if code == -signal.SIGKILL:
            nothing = "it was killed; perhaps there was no memory left"
        last = complaint.splitlines()[-1] if complaint else nothing
        return f"the compiled network failed (exit code {code}): {last}"

    def _said(self):
        return [log.read_text(errors="replace") for log in self._logs]

    def kill(self):
        """End it; safe in a signal handler, and if it has ended."""
        if os.getpid() == self._owner:
            self._process.kill()

    def close(self, seconds=0):
        """End it, and wait until it has.

        Parameters
        ----------
        seconds : float, optional
            How long it may take to end by itself.
        """
        if seconds and self.alive:
            self._close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()
        self._close()
        if os.getpid() == self._owner:
            self._process.wait()

    def _close(self):
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()
