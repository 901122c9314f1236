"""The parts of the plan: each is a command that runs, or goes on, in a folder."""

import json
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from spikefa.sims.reproduce.plan import FIGURES

from spikefa import models
from spikefa.errors import InputError, SpikefaError
from spikefa.files import replacing

__all__ = ["ROOT", "Part", "parts_of"]

#: The scripts, and where `models/` is, in a checkout and in an installed copy.
SIMS = Path(__file__).parents[1]
ROOT = Path(models.__file__).parents[1]

#: Written to the folder of every run.
_SETTINGS = "command.txt"

#: Options that say which network it is, and not how large.
_KINDS = ("--rule", "--model", "--shuffle", "--removed", "--network")


@dataclass(frozen=True)
class Part:
    """A command in a folder of its own.

    Parameters
    ----------
    figure : str
        Key of `FIGURES`.
    folder : pathlib.Path
        Of its results.
    settings, machine : str
        The command, and its options that differ from machine to machine.
    minutes : float
        On one core.
    """

    figure: str
    folder: Path
    settings: str
    machine: str
    minutes: float

    @property
    def command(self):
        """Script and options."""
        return f"{self.settings} {self.machine}"

    @property
    def results(self):
        """What the run wrote, or None if it has not finished."""
        try:
            results = json.loads((self.folder / "results.json").read_text())
        except FileNotFoundError:
            return None
        except ValueError as exc:
            raise InputError(f"{self.folder / 'results.json'}: {exc}") from None
        return results if results.get("finished", True) else None

    @property
    def started(self):
        """Whether there is a checkpoint to go on from, or there are several runs."""
        found = self.folder.glob("checkpoint*.npz")
        return any(found) or (self.folder / "runs.json").exists()

    def check(self):
        """Refuse a folder that another command has filled."""
        try:
            settings = (self.folder / _SETTINGS).read_text()
        except FileNotFoundError:
            return
        if settings != self.settings:
            raise InputError(
                f"{self.folder} is of '{settings}', not of '{self.settings}': "
                "remove it or choose another --out"
            )

    def run(self):
        """Run it in a process of its own, or let it go on, unless it has finished."""
        if self.results:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / _SETTINGS, "w") as file:
            file.write(self.settings)
        script, *options = shlex.split(self.command)
        options = [ROOT / o if o.startswith("models/") else o for o in options]
        if self.started:
            options = ["--resume"]
        code = _wait([sys.executable, SIMS / script, *options, "--out", self.folder])
        if code in (-signal.SIGINT, 128 + signal.SIGINT):
            raise KeyboardInterrupt
        if code:
            raise SpikefaError(f"{self.command} failed (exit code {code})")


def _wait(command):
    """Run a command; it gets Ctrl-C itself, and has to end before this program."""
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def parts_of(args, out):
    """List the commands of all figures that were asked for.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``reproduce_all.py``.
    out : pathlib.Path
        Folder of the folders.

    Returns
    -------
    parts : list of Part
    """
    return [
        Part(
            figure,
            out / folder,
            _tiny(command) if args.quick else command,
            f"--threads {args.threads}"
            if command.startswith("mnist_spiking.py")
            else f"--workers {args.workers}",
            minutes,
        )
        for figure in args.only or FIGURES
        for folder, command, minutes in FIGURES[figure]
    ]


def _tiny(command):
    """Keep of the options those of `_KINDS`: ``--quick`` has its own sizes."""
    script, *options = command.split(" --")
    kept = [f"--{o}" for o in options if f"--{o.split()[0]}" in _KINDS]
    return " ".join([script, *kept, "--quick"])
