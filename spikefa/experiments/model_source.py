"""Where a run has its model from: the file that is named, or what is stored."""

import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from ..equations.model import load_model
from ..equations.stored import file_of_data

__all__ = ["ModelSource"]

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
        stored = self.meta.get("model_file")
        stored = stored if isinstance(stored, dict) else {}
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
