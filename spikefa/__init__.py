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

from importlib import metadata
from pathlib import Path

import lazy_loader

# `models/` and `sims/` are top-level folders of the checkout, because they are what
# people open first; installed, they are the subpackages of the same name. This lets a
# program that is started in the checkout find them there.
_CHECKOUT = Path(__file__).resolve().parent.parent
if not (Path(__file__).parent / "models").exists():
    __path__ = [*__path__, str(_CHECKOUT)]  # the list itself belongs to the import spec

# Brian2 takes seconds to import, which a command line's --help need not wait for: names
# are imported when they are used, from where ``__init__.pyi`` says.
_imported, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name):
    return metadata.version("spikefa") if name == "__version__" else _imported(name)
