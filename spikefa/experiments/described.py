"""What a run is: its network, model, data and numbers, before anything is compiled.

One description serves a run and several of one folder. What goes on in a folder is what
its description says; anything else is refused before something is written.
"""

import math
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from stat import S_ISREG

import psutil

from ..datasets import load_dataset
from ..equations.model import load_model
from ..equations.parameters import replace_parameters
from ..equations.stored import file_of_data
from ..errors import InputError
from ..files import package_versions
from ..learning.rules import get_rule
from ..training.data import check_test_images, hold_out
from ..training.resume import check_same_run, describe_run
from ..training.schedule import Schedule
from .declaration import OnResume, named

__all__ = ["Described", "ModelSource"]

#: Bytes of a model file that is compared with a stored one.
_LONGEST = 10**6


@dataclass(frozen=True)
class ModelSource:
    """Where a run that goes on has its model from.

    Parameters
    ----------
    meta : dict or None
        Description of the run; its model is taken, whatever the file holds now. None:
        the file, which the user has named.
    trusted : bool
        Run Python code that is stored with the model.
    """

    meta: dict | None = None
    trusted: bool = False

    def load(self, path, warn):
        """Load the model.

        Parameters
        ----------
        path : str or None
            The model file in the settings.
        warn : callable
            Called with a line of text.

        Returns
        -------
        model : Model
        """
        if self.meta is None or not path:
            return load_model(path)
        # Never the file that a description names: whoever wrote it may name any.
        stored = self.meta.get("model_file") or {}
        now = _text(path)
        unchanged = now is not None and now == stored.get("text")
        file = file_of_data(path, stored, self.trusted, in_place=unchanged)
        if now is not None and not unchanged:
            warn(
                f"{path} is not what this run was started with; going on with the "
                "model that is stored"
            )
        return load_model(path, stored=file)


def _text(path):
    """The text of a file; None for what is none, such as a device or a pipe."""
    try:
        found = os.stat(path)
        if S_ISREG(found.st_mode) and found.st_size < _LONGEST:
            return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        pass  # in another folder there may be no such file
    return None


class Described:
    """A run, as far as it can be known without its network.

    Parameters
    ----------
    settings : Settings
    network : callable
        See `Experiment`.
    warn : callable
        Called with a line of text.
    source : ModelSource, optional

    Attributes
    ----------
    architecture, model, rule, dataset
        What the network is made from.
    images, chunk : int
        Of a pass, and of one run of the network.
    meta : dict
        For checkpoints, see `describe_run`.

    Raises
    ------
    SpikefaError
        If the settings make no network, or if data or model cannot be used.
    """

    def __init__(self, settings, network, warn, source=None):
        self.settings, self.rule = settings, get_rule(settings.rule)
        model = (source or ModelSource()).load(settings.model, warn)
        self.model = replace_parameters(model, settings.parameters)
        self.dataset = load_dataset(settings.dataset, settings.data)
        learned = self.dataset
        if settings.validation:
            learned = hold_out(learned, settings.validation)
        self.images = settings.images or len(learned.train_labels)
        self.chunk = min(settings.chunk_images, self.images)
        self._schedule = Schedule(
            len(learned.train_labels),
            self.images,
            settings.epochs,
            self.chunk,
            settings.seed,
            settings.shuffle,
        )
        if settings.test_images is not None:
            check_test_images(learned, settings.test_images)
        self.architecture = network(
            settings, self.dataset, **_how(settings, self.chunk)
        )
        _check_memory(self.architecture)
        self.meta = self._describe()

    def _describe(self):
        settings = self.settings
        same = named(settings, OnResume.REFUSED)
        resolved = {"images": self.images, "chunk_images": self.chunk}
        meta = describe_run(
            self.architecture, self.model, self.rule, self.dataset, **same | resolved
        )
        circumstances = named(settings, OnResume.WARNED) | package_versions()
        return meta | {
            "circumstances": circumstances,
            "settings": settings.to_dict(),
            "wall_seconds": 0.0,
        }

    def check_same(self, stored, path):
        """Refuse to go on as another run, see `check_same_run`."""
        check_same_run(stored, self.meta, path)

    def check_learned(self, stored, path):
        """Refuse to end before what has been learned already.

        Parameters
        ----------
        stored : dict
            Of the checkpoint.
        path : path

        Raises
        ------
        InputError
        """
        chunk = stored["position"]["chunk"]
        if chunk > self._schedule.n_chunks:
            passes = chunk / self._schedule.n_chunks * self.settings.epochs
            raise InputError(
                f"{path} has learned {passes:.3g} passes: --epochs "
                f"{self.settings.epochs} is too few"
            )


def _how(settings, chunk):
    """Arguments of `Architecture` that say how a network is run."""
    # Images are shown in units of steps that divide both N and M.
    tests = settings.test_steps, *settings.evaluation_steps
    unit = math.gcd(settings.steps, *tests)
    most_steps = max(chunk * settings.steps, *tests)
    return {
        "steps_per_image": unit,
        "chunk_images": most_steps // unit,
        "engine": settings.engine,
        "feedback_bits": settings.feedback_bits,
        "weight_bits": settings.weight_bits,
        "sparse": settings.removed > 0,
        "precision": settings.precision,
    }


def _check_memory(architecture):
    """Refuse sizes whose weights alone do not fit the machine."""
    sizes = architecture.layer_sizes
    needed = 4 * sum(n_pre * n_post for n_pre, n_post in pairwise(sizes))
    there = psutil.virtual_memory().total
    if needed > there:
        raise InputError(
            f"the weights of layers {list(sizes)} need {needed / 1e9:.0f} GB, this "
            f"machine has {there / 1e9:.0f} GB"
        )
