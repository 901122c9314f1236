"""The command line of a training: options, folder, checkpoints, exit codes."""

import logging
import shlex
import sys
from functools import partial
from pathlib import Path

from ..errors import InputError
from .command_line import (
    Parser,
    add_build_options,
    add_model_copy,
    assignment,
    checkpoint_interval,
    device_choice,
    nonnegative,
    quiet_brian,
)
from .declaration import add_options
from .folder import locked_folder, unused_folder
from .results import summary
from .settings import PRESETS, Settings, given_settings, settings_of
from .study import add_run_options

__all__ = ["run_training", "training_parser"]


def training_parser(script, description):
    """Describe the options; those not given are left to the preset.

    Parameters
    ----------
    script : str
        Name of the script.
    description : str
        One line.

    Returns
    -------
    parser : Parser
    """
    parser = Parser(
        prog=script,
        description=description,
        epilog="Results go to --out: results.json, figure.png, records.npz, and "
        "checkpoint.npz to resume from.",
    )
    groups = add_options(parser, Settings, PRESETS)
    add = groups["network"]
    add("--quick", action="store_true", help="a tiny network on few images")
    _add_parameters(groups["model and data"])
    _add_machine_options(groups["how it is run"])
    add_run_options(parser.add_argument_group("several runs").add_argument, 1)
    _add_output_options(parser.add_argument_group("results and checkpoints"))
    return parser


def _add_parameters(add):
    """Add the options that replace parameters of the model."""
    for name, what in (
        ("eta", "learning rate"),
        ("gamma", "weight decay, times eta a step"),
    ):
        add(
            f"--{name}",
            dest="parameters",
            action="append",
            type=partial(_assigned, name),
            metavar="X",
            help=f"{what}; default: that of the model",
        )
    add(
        "--set",
        dest="parameters",
        action="append",
        type=assignment,
        metavar="NAME=VALUE",
        help="any parameter of the model, such as tau_m=0.4*ms",
    )
    add_model_copy(add)


def _assigned(name, text):
    """Read the number of ``--eta X``, which is ``--set eta=X``."""
    return name, nonnegative(text)


def _add_machine_options(add):
    add_build_options(add)
    add(
        "--quiet",
        action="store_true",
        help="say nothing but the result, warnings and errors; progress.jsonl in the "
        "output folder says how far it is",
    )
    add("--debug", action="store_true", help="show the traceback of an error")


def _add_output_options(group):
    add = group.add_argument
    add("--out", metavar="DIR", help="default: a new folder in runs/")
    add(
        "--checkpoint-every",
        type=checkpoint_interval,
        nargs="+",
        metavar="WHEN",
        help="images (10000), time (10min) or both; default: 5min, with --resume as "
        "before",
    )
    add("--resume", action="store_true", help="go on from the checkpoint in --out")
    add(
        "--trust-model",
        action="store_true",
        help="let --resume and --evaluate run Python code that a checkpoint holds, for "
        "a model with functions of its own: as dangerous as any program of whoever "
        "wrote it",
    )
    add(
        "--evaluate",
        metavar="DIR",
        help="train nothing: test the weights in the newest checkpoint of a run, which "
        "may be running",
    )
    add(
        "--keep-weights",
        metavar="DIR",
        help="write the final weights to a new folder in 16 bits, the averaged ones if "
        "there are any; --evaluate tests them",
    )


def run_training(args, experiment):
    """Train and write the results.

    Parameters
    ----------
    args : argparse.Namespace
        Options of `training_parser`.
    experiment : callable
        Takes `Settings` and a `Run`; trains and tests a network.

    Returns
    -------
    code : int or None
        Exit code.
    """
    from .many_runs import read_plan

    plan = read_plan(args.out) if args.resume and args.out else None
    if plan or (args.runs or 1) > 1:
        return _run_many(args, plan, experiment)
    if args.workers > 1 or args.cluster:
        option = "--cluster" if args.cluster else "--workers"
        raise InputError(f"{option} is for several runs: --runs N")
    settings, _ = _settle(args)
    device = device_choice(args, settings.device, settings.threads)
    if device.build_only:
        if args.keep_weights:
            raise InputError("--build-only trains nothing: no --keep-weights, please")
        return _build_only(settings, device, experiment)
    kind = "quick" if args.quick else settings.preset
    name = f"{kind}-{settings.rule}{'-evaluation' if args.evaluate else ''}"
    out = Path(args.out) if args.out else unused_folder("runs", name)
    with locked_folder(out) as folder:
        # Again, now that no other run can replace the checkpoint.
        settings, checkpoint = _settle(args)
        if not args.resume:
            _refuse_used(folder)
        if args.keep_weights:
            _make_another(Path(args.keep_weights), folder)
        return _run_one(settings, folder, device, checkpoint, args, experiment)


def _settle(args):
    """Find the settings and, to go on or to evaluate, the checkpoint."""
    given = given_settings(args)
    if not (args.resume or args.evaluate):
        return settings_of(given, quick=args.quick), None
    option = "--resume" if args.resume else "--evaluate"
    if args.resume and args.evaluate:
        raise InputError("--evaluate DIR trains nothing: no --resume, please")
    if args.resume and not args.out:
        raise InputError("--resume needs the folder of the run: --out DIR")
    if args.quick or args.preset:
        raise InputError(f"{option} takes all settings from the run: no preset, please")
    from ..training.checkpoint_file import newest_checkpoint

    warn = logging.getLogger("spikefa").warning
    checkpoint = newest_checkpoint(args.evaluate or args.out, warn)
    return settings_of(given, stored=checkpoint.meta["settings"]), checkpoint


def _build_only(settings, device, experiment):
    """Compile the program; what comes out is where it is, see `run_command`."""
    from .run import Run

    quiet_brian()
    print("generating and compiling the program", file=sys.stderr)
    experiment(settings, Run(settings, None, device))


def _refuse_used(folder):
    """Refuse a folder that another run goes on from, or others."""
    from ..training.checkpoint_file import holds_checkpoint
    from .many_runs import PLAN

    if (folder / PLAN).exists():
        raise InputError(
            f"{folder} holds other runs: go on with them with --resume, or give "
            "another --out"
        )
    if holds_checkpoint(folder):
        raise InputError(
            f"{folder} holds the checkpoint of another run: go on from it with "
            "--resume, or give another --out"
        )


def _make_another(kept, folder):
    """Make the folder for weights, which is not that of the run."""
    from ..training.kept_weights import make_folder

    if kept.resolve() == Path(folder).resolve():
        raise InputError(f"--keep-weights {kept} is the folder of the run itself")
    make_folder(kept)


def _run_one(settings, folder, device, checkpoint, args, experiment):
    """Train or test in a locked folder; say how it ended, return the exit code."""
    from .run import Run, Stopped

    quiet_brian()
    if not args.quiet:
        print(f"writing to {folder}; preparing the network", file=sys.stderr)
    run = Run(
        settings,
        folder,
        device,
        checkpoint,
        _source(args, checkpoint and checkpoint.meta),
        trains=not args.evaluate,
        kept=args.keep_weights and Path(args.keep_weights),
        every=_checkpoint_intervals(args, checkpoint and checkpoint.meta, folder),
        show_progress=not args.quiet,
    )
    try:
        experiment(settings, run)
    except Stopped as stopped:
        where = f"stopped after {stopped.images_seen} images"
        again = "" if args.evaluate else f"; to go on: {_again(args, folder)}"
        print(f"{where}{again}", file=sys.stderr)
        return 128 + stopped.number
    print(summary(run.results, folder))
    return 0


def _source(args, meta):
    """Say where the model comes from: a file that is named, or a description."""
    from .model_source import ModelSource

    return ModelSource(None if args.model else meta, args.trust_model)


def _checkpoint_intervals(args, meta, folder):
    """Say when to write checkpoints: as given, as before, or every five minutes."""
    from ..training.checkpoint_file import making_sense

    given = args.checkpoint_every or (meta or {}).get("checkpoint_every")
    with making_sense(folder):
        return {kind: n for kind, n in given or [("seconds", 300.0)] if n > 0}


def _run_many(args, plan, experiment):
    """Train with several seeds; each has a folder of its own in that of --out."""
    from .many_runs import train_all, write_results

    for name in ("evaluate", "build_only", "keep_weights"):
        if getattr(args, name):
            option = f"--{name.replace('_', '-')} is for a single run"
            raise InputError(f"{option}, not for --runs {args.runs}")
    if plan and (args.quick or args.preset):
        raise InputError("--resume takes all settings from the run: no preset, please")
    if args.resume and not plan:
        raise InputError(
            "--resume --runs N needs the folder of several runs: --out DIR"
        )
    stored = plan and plan["settings"]
    settings = settings_of(given_settings(args), quick=args.quick, stored=stored)
    runs = args.runs or plan["runs"]
    if plan and runs < plan["runs"]:
        raise InputError(
            f"{args.out} holds {plan['runs']} runs: --runs {runs} would leave some out"
        )
    name = f"{'quick' if args.quick else settings.preset}-{settings.rule}-{runs}-runs"
    with locked_folder(args.out or unused_folder("runs", name)) as folder:
        if not plan:
            _refuse_used(folder)
        quiet_brian()
        if not args.quiet:
            print(f"writing to {folder}", file=sys.stderr)
        results, stopped_by = train_all(
            settings,
            runs,
            folder,
            experiment,
            before=plan and plan["run"],
            source=_source(args, plan and plan["run"]),
            device=device_choice(args, settings.device, settings.threads),
            workers=args.workers,
            cluster=args.cluster,
            every=_checkpoint_intervals(args, plan and plan["run"], folder),
            quiet=args.quiet,
        )
        if stopped_by:
            print(f"stopped; to go on: {_again(args, folder)}", file=sys.stderr)
            return 128 + stopped_by
        print(summary(write_results(results, folder), folder))
        return 0


def _again(args, folder):
    """The command that goes on, with the Python that is used here."""
    trust = ["--trust-model"] if args.trust_model else []
    kept = ["--keep-weights", args.keep_weights] if args.keep_weights else []
    options = ["--resume", *trust, *kept, "--out", str(folder)]
    return shlex.join([sys.executable or "python", sys.argv[0], *options])
