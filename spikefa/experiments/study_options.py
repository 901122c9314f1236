"""Options of the scripts of the rate figures, and settings that follow from them."""

from dataclasses import dataclass
from functools import partial

from ..datasets import DATASETS
from ..devices.choice import DEVICES
from ..errors import InputError
from .command_line import (
    Parser,
    add_build_options,
    add_model_copy,
    assignment,
    nonnegative,
    nonnegative_int,
    pairs,
    positive_int,
)
from .declaration import option
from .study import add_run_options

__all__ = [
    "COUNT",
    "ImageRun",
    "etas",
    "nonnegative_float",
    "rate_parser",
    "run_option",
]


def rate_parser(script, description, *, runs, quick_runs=2):
    """Describe the options that all rate figures have.

    Parameters
    ----------
    script : str
        Name of the script.
    description : str
        One line.
    runs, quick_runs : int
        Independent runs, and those of ``--quick``.

    Returns
    -------
    parser : Parser
    """
    parser = Parser(
        prog=script,
        description=description,
        epilog="Results go to --out: results.json, arrays.npz, figure.png.",
    )
    parser.set_defaults(default_runs=runs, quick_runs=quick_runs)
    add = parser.add_argument
    add("--quick", action="store_true", help="few examples and runs: a minute at most")
    add("--seed", type=nonnegative_int, default=1, metavar="N", help="of the first run")
    add("--eta", type=_eta, action="append", default=[], metavar="LEARNER=VALUE")
    add(
        "--model",
        metavar="FILE",
        help="Python file, or folder, with equations that you changed",
    )
    add_model_copy(add)
    add("--device", choices=DEVICES, default="cpp", help="default: cpp")
    add_build_options(add)
    add_run_options(add, runs)
    add("--out", metavar="DIR", help="default: a new folder in runs/")
    add(
        "--resume",
        action="store_true",
        help="do not run again what has been run with the same settings in --out",
    )
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def nonnegative_float(text):
    """Read a finite number of 0 or more."""
    return float(nonnegative(text))


def _eta(text):
    name, value = assignment(text)
    return name, nonnegative_float(value)


def etas(args, defaults):
    """Merge the learning rates that were given with those by default.

    Raises
    ------
    InputError
        If one is given for a rule that the script does not use.
    """
    given = pairs(args.eta)
    for name in given:
        if name not in defaults:
            known = ", ".join(defaults)
            raise InputError(f"--eta {name}: no such learner here (known: {known})")
    return defaults | given


#: `option`, in the group of the networks and of what they learn.
run_option = partial(option, group="network and data")

#: How an option is read that counts something.
COUNT = {"read": positive_int, "metavar": "N"}


@dataclass(frozen=True, kw_only=True)
class ImageRun:
    """What networks that learn images are trained with.

    Scripts derive a class from it, with options of their own from `run_option`.
    """

    passes: int = run_option(1, "passes over the training images", **COUNT)
    images: int | None = run_option(None, "images per pass", unset="all", **COUNT)
    test_images: int | None = run_option(
        None, "images per evaluation", unset="all", **COUNT
    )
    dataset: str = run_option("mnist", "data set", choices=DATASETS)
    data: str | None = run_option(
        None, "folder (or .npz file) of other images", metavar="DIR"
    )
