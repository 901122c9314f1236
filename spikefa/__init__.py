"""Deep networks of spiking neurons that learn by feedback alignment.

The equations are Brian2 strings in `spikefa.models`; the paper is Lillicrap et al.,
Nature Communications 7:13276 (2016), doi:10.1038/ncomms13276. A training in full::

    from spikefa import Architecture, Trainer, load_dataset, load_model, open_session

    data = load_dataset("mnist")
    sizes = Architecture((784, 500, 500, 500, 1000))
    with open_session(sizes, load_model(), rule="fa", device="cpp") as session:
        trainer = Trainer(session, data, seed=1, epochs=1)
        trainer.train()
        print(trainer.evaluation.error_percent)
"""

import importlib
from importlib import metadata
from pathlib import Path

# `models/` and `sims/` are top-level folders of the checkout, because they are what
# people open first; installed, they are the subpackages of the same name. This lets a
# program that is started in the checkout find them there.
_CHECKOUT = Path(__file__).resolve().parent.parent
if not (Path(__file__).parent / "models").exists():
    __path__.append(str(_CHECKOUT))

_HOMES = {
    "Architecture": "network.architecture",
    "Callback": "training.callbacks",
    "Checkpoint": "training.checkpoint_file",
    "CheckpointCallback": "training.checkpoints",
    "ChunkResult": "devices.session",
    "DataError": "errors",
    "Dataset": "datasets",
    "Evaluation": "training.evaluation",
    "InputError": "errors",
    "Model": "equations.model",
    "ModelError": "errors",
    "NumericalGuard": "training.guards",
    "ProgressBar": "training.progress",
    "ProgressFile": "training.progress",
    "RULES": "rules",
    "RunInterrupted": "devices.session",
    "Session": "devices.session",
    "SpikefaError": "errors",
    "Trainer": "training.trainer",
    "evaluate": "training.evaluation",
    "get_rule": "rules",
    "load_dataset": "datasets",
    "load_model": "equations.model",
    "open_session": "devices.open",
    "set_initial_state": "training.initial_state",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name == "__version__":
        return metadata.version("spikefa")
    # Brian2 takes seconds to import, which a command line's --help need not wait for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
