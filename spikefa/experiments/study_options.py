"""Options of the scripts of the rate figures, and settings that follow from them."""

from dataclasses import fields

from ..datasets import DATASETS
from ..devices.choice import DEVICES
from ..errors import InputError
from .command_line import (
    Parser,
    add_build_options,
    assignment,
    nonnegative,
    nonnegative_int,
    pairs,
    positive_int,
)
from .study import add_run_options

__all__ = ["add_image_options", "etas", "given", "nonnegative_float", "rate_parser"]


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
    add("--model", metavar="FILE", help="Python file with equations that you changed")
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


def add_image_options(parser, passes):
    """Add the options of networks that learn images.

    Parameters
    ----------
    parser : Parser
    passes : str
        How many there are by default.

    Returns
    -------
    add : callable
        Adds further options to the same group.
    """
    add = parser.add_argument_group("network and data").add_argument
    add("--passes", type=positive_int, metavar="N", help=f"default: {passes}")
    add("--images", type=positive_int, metavar="N", help="images per pass")
    add("--test-images", type=positive_int, metavar="N", help="images per evaluation")
    add("--dataset", choices=DATASETS, default="mnist", help="default: mnist")
    add("--data", metavar="DIR", help="folder (or .npz file) of other images")
    return add


def given(args, run, quick):
    """Collect the settings of a run that were given, or are those of ``--quick``.

    Parameters
    ----------
    args : argparse.Namespace
        None where nothing was given.
    run : type
        A dataclass; its fields are the settings.
    quick : dict
        By name of the setting.

    Returns
    -------
    settings : dict
    """
    values = {field.name: getattr(args, field.name, None) for field in fields(run)}
    values = {name: value for name, value in values.items() if value is not None}
    return (quick if args.quick else {}) | values


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
