"""What the command lines share: options, errors of one line, exit codes."""

import argparse
import logging
import math
import os
import re
import signal
import sys
import traceback
from contextlib import contextmanager

from ..devices.cache import (
    DEFAULT_SIZE,
    FOLDER_VARIABLE,
    SIZE_VARIABLE,
    cache_folder,
)
from ..errors import InputError, ProjectBuilt, SpikefaError
from ..training.stopping import Stop
from .output import lasting_output

__all__ = [
    "Parser",
    "add_build_options",
    "add_model_copy",
    "as_options",
    "checkpoint_interval",
    "device_choice",
    "fraction",
    "nonnegative",
    "nonnegative_int",
    "nonnegative_number",
    "positive_int",
    "run_command",
]

#: Exit codes: a failure of the machine or of the simulation, and of the input.
EXIT_FAILURE, EXIT_INPUT = 1, 2

_UNITS = {"s": 1, "min": 60, "h": 3600}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        self.exit(EXIT_INPUT, f"{self.prog}: error: {one_line(message)}\n")


def one_line(text):
    """Escape what would break a line, or garble the terminal."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in str(text)
    )


def positive_int(text):
    """Read an integer of 1 or more."""
    return _bounded_int(text, 1)


def nonnegative_int(text):
    """Read an integer of 0 or more."""
    return _bounded_int(text, 0)


def _bounded_int(text, least):
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer") from None
    if not least <= value < 2**63:
        raise argparse.ArgumentTypeError(
            f"must be {least} or more and fit 64 bits, got {text}"
        )
    return value


def nonnegative(text):
    """Check that a text is a finite number of 0 or more, and return the text."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"must be a number of 0 or more, got {text}")
    return repr(value)


def nonnegative_number(text):
    """Read a finite number of 0 or more."""
    return float(nonnegative(text))


def fraction(text):
    """Read a number from 0 to 1."""
    value = nonnegative_number(text)
    if value > 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, got {text}")
    return value


def checkpoint_interval(text):
    """Read ``10000`` (images) or ``30s``, ``10min``, ``2h``.

    Returns
    -------
    kind : {'images', 'seconds'}
    number : int or float
    """
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)(s|min|h|)", text, re.ASCII)
    number = float(match[1]) if match else 0.0
    if number > 0 and match[2]:
        return "seconds", number * _UNITS[match[2]]
    if number >= 1 and number == int(number):
        return "images", int(number)
    raise argparse.ArgumentTypeError(
        f"expected images such as 10000, or a time such as 30s, 10min or 2h, "
        f"got {text!r}"
    )


def assignment(text):
    """Split ``NAME=VALUE``."""
    name, separator, value = text.partition("=")
    if not separator or not name.strip().isidentifier() or not value.strip():
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    return name.strip(), value.strip()


class _CopyModels(argparse.Action):
    """Copies ``models/`` and ends, as ``--help`` does."""

    def __call__(self, parser, namespace, folder, option=None):
        from ..equations.file import copy_models

        try:
            copy_models(folder)
        except InputError as exc:
            parser.error(exc)
        print(f"change the equations in {folder} and use them with --model {folder}")
        parser.exit()


def add_model_copy(add):
    """Add the option that makes a copy of ``models/`` to be changed.

    Parameters
    ----------
    add : callable
        ``add_argument`` of a parser or a group.
    """
    add(
        "--copy-models",
        action=_CopyModels,
        metavar="DIR",
        help="copy the built-in equations to a new folder, to be changed and used with "
        "--model DIR, and end",
    )


def add_build_options(add):
    """Add the options that say how the programs of a device are built.

    Parameters
    ----------
    add : callable
        Adds an option, such as ``parser.add_argument``.
    """
    add(
        "--build-only",
        action="store_true",
        help="device cuda: compile the program (no graphics card needed), do not run",
    )
    shown = str(cache_folder() / "builds").replace("%", "%%")
    add(
        "--build-dir",
        metavar="DIR",
        help=f"where programs are built; default: the cache {shown}; "
        f"{FOLDER_VARIABLE} names another, {SIZE_VARIABLE} its largest size "
        f"(default: {DEFAULT_SIZE}); what was used last stays",
    )
    add(
        "--compute-capability",
        metavar="X.Y",
        help="device cuda: what to compile for; default: that of the card, or 8.0",
    )


def device_choice(args, name, threads=1):
    """Collect the options of `add_build_options`; refuse what cannot be used here.

    Parameters
    ----------
    args : argparse.Namespace
    name : str
        Of the device.
    threads : int, optional

    Returns
    -------
    choice : DeviceChoice
    """
    from ..devices.choice import DeviceChoice

    choice = DeviceChoice(
        name, args.build_dir, args.compute_capability, args.build_only, threads
    )
    if name == "cuda" or args.build_only or args.compute_capability:
        from ..devices.open import check_device

        check_device(choice)
    return choice


def run_command(parser, command, argv=None):
    """Parse the options, run a command, and turn errors into a line and a code.

    Parameters
    ----------
    parser : Parser
        With an option ``--debug``.
    command : callable
        Takes the parsed options, returns an exit code or None.
    argv : list of str, optional
        Default: those of the process.

    Returns
    -------
    code : int
        0; 1 for a failure of the machine or of the simulation; 2 for bad input; 128
        plus the number of the signal after an interruption.
    """
    with lasting_output():
        try:
            _refuse_bytes(parser, sys.argv[1:] if argv is None else argv)
            args = parser.parse_args(argv)
        except SystemExit as exc:
            return exc.code or 0
        return _outcome(parser, command, args)


def _refuse_bytes(parser, words):
    """Refuse names of files that are no text here; Brian2 writes down the command."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            parser.error(f"{word!r} is no text in the character set of this system")


def _outcome(parser, command, args):
    """Run a command; return the exit code."""
    os.environ["MPLBACKEND"] = "Agg"  # figures are written, whatever this says
    try:
        # It says in two lines that it cannot keep its fonts in a home of others.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        with _warnings_in_lines(parser.prog), Stop().active():
            return command(args) or 0
    except KeyboardInterrupt as exc:
        code = 128 + getattr(exc, "number", signal.SIGINT)
        return _report(parser, args, "interrupted", code)
    except ProjectBuilt as exc:
        print(as_options(parser, exc))
        return 0
    except SpikefaError as exc:
        return _report(parser, args, exc, getattr(exc, "exit_code", EXIT_INPUT))
    except MemoryError:
        return _report(parser, args, "not enough memory", EXIT_FAILURE)
    except OSError as exc:
        place = f"{exc.filename}: " if exc.filename else ""
        return _report(parser, args, f"{place}{exc.strerror or exc}", EXIT_FAILURE)


class _BesideProgress(logging.Handler):
    """Prints on standard error, and never in the line of a progress bar."""

    def emit(self, record):
        from tqdm import tqdm  # not for --help

        level = "" if record.levelno < logging.WARNING else "warning: "
        tqdm.write(f"{self.name}: {level}{self.format(record)}", file=sys.stderr)


@contextmanager
def _warnings_in_lines(prog):
    """Print what spikefa warns of, and what it says of long work, line by line."""
    logger, handler = logging.getLogger("spikefa"), _BesideProgress()
    handler.name, before = prog, logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _report(parser, args, message, code):
    if args.debug:
        traceback.print_exc()
    text = one_line(as_options(parser, message))
    print(f"{parser.prog}: error: {text}", file=sys.stderr)
    return code


def as_options(parser, text):
    """Write arguments of the library as the options that they are here.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    text : object
        Such as ``use engine='stock'``; what is no option of the parser stays.

    Returns
    -------
    text : str
        ``use --engine stock``
    """
    known = {option for action in parser._actions for option in action.option_strings}

    def option(found):
        name, value = "--" + found[1].replace("_", "-"), found[2].strip("'")
        if name not in known:
            return found[0]
        return name if value == "True" else f"{name} {value}"

    return re.sub(r"\b([a-z]\w*)=(True\b|'[^']+')", option, str(text))


def quiet_brian():
    """Stop Brian2 from logging to files and from commenting on each object."""
    import warnings

    from brian2 import BrianLogger

    BrianLogger.log_level_error()
    sys.excepthook = sys.__excepthook__  # Brian2's writes a report of every error
    logger = logging.getLogger("brian2")
    if BrianLogger.file_handler is not None:
        logger.removeHandler(BrianLogger.file_handler)
        BrianLogger.file_handler.close()
        BrianLogger.file_handler = None
    for name in ("tmp_log", "tmp_script"):
        path = getattr(BrianLogger, name, None)
        setattr(BrianLogger, name, None)
        if path and os.path.exists(path):
            os.unlink(path)
    # What libraries say to their developers, even where warnings are errors.
    warnings.simplefilter("ignore", DeprecationWarning)
    # Brian2 compares float32 variables with 1e50 after every run.
    warnings.filterwarnings("ignore", message="overflow encountered in cast")


def pairs(assignments):
    """Collect ``NAME=VALUE`` pairs; a name given twice with two values is refused."""
    values = {}
    for name, value in assignments:
        if values.setdefault(name, value) != value:
            raise InputError(f"{name} is set to {values[name]} and to {value}")
    return values
