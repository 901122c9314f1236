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

_HOMES = {
    "Architecture": "architecture",
    "Callback": "training",
    "Checkpoint": "checkpoint",
    "CheckpointCallback": "checkpointing",
    "ChunkResult": "session",
    "DataError": "errors",
    "Dataset": "datasets",
    "Evaluation": "evaluation",
    "InputError": "errors",
    "Model": "model",
    "ModelError": "errors",
    "NumericalGuard": "guards",
    "ProgressBar": "progress",
    "RULES": "rules",
    "RunInterrupted": "session",
    "Session": "session",
    "SpikefaError": "errors",
    "Trainer": "training",
    "evaluate": "evaluation",
    "get_rule": "rules",
    "load_dataset": "datasets",
    "load_model": "model",
    "open_session": "devices",
    "set_initial_state": "initial",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    # Brian2 takes seconds to import, which a command line's --help need not wait for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
