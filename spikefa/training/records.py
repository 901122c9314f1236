"""Windows of a training in which is recorded, and what was recorded in them."""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..network.records import Recording

__all__ = ["Records", "Windows", "windows_by_name"]

#: Parts of a recording, and how they are called in files.
_PARTS = ("t", "i", "j", "unit")


@dataclass(frozen=True)
class Windows:
    """The chunks of a training in which a record is open.

    Parameters
    ----------
    when : tuple, optional
        ``"first"``, ``"last"`` or ``"all"`` chunks, or n for every n-th one, from the
        first on.
    images : int, optional
        Images of each window that are kept: the first ones, and the last ones of the
        window ``"last"``; default: all.

    Raises
    ------
    InputError
        If there is no such window.
    """

    when: tuple = ("all",)
    images: int | None = None

    def __post_init__(self):
        for window in self.when:
            counted = isinstance(window, int) and not isinstance(window, bool)
            if not (window in ("first", "last", "all") or (counted and window > 0)):
                raise InputError(
                    f"there is no window {window!r} to record in, windows are first, "
                    "last, all, or a number n for every n-th chunk"
                )
        if self.images is not None and self.images < 1:
            raise InputError(f"a window needs an image, got {self.images}")

    def __or__(self, other):
        """Open where one of the two is."""
        both = None not in (self.images, other.images)
        images = max(self.images, other.images) if both else None
        return Windows(tuple(dict.fromkeys(self.when + other.when)), images)

    def open_in(self, chunk, n_chunks):
        """Whether they are open in chunk 0, 1, ..."""
        return any(self._opens(window, chunk, n_chunks) for window in self.when)

    @staticmethod
    def _opens(window, chunk, n_chunks):
        if window == "last":
            return chunk == n_chunks - 1
        every = {"first": n_chunks, "all": 1}.get(window, window)
        return chunk % every == 0

    def cut(self, recording, image_seconds, borders):
        """Keep what was recorded while they were open.

        Parameters
        ----------
        recording : Recording
            With times from the start of the training.
        image_seconds : float
            Simulated time of an image.
        borders : numpy.ndarray
            Images seen before each chunk, and at the end of the training.

        Returns
        -------
        recording : Recording
        """
        # Synapses are read at the end of a chunk, the others within a step.
        end = 0.5 if recording.of_synapses else -1e-6
        image = np.floor(recording.t / image_seconds - end).astype(np.int64)
        chunk = np.searchsorted(borders, image, side="right") - 1
        chunk = np.clip(chunk, 0, len(borders) - 2)
        limit = None if recording.of_synapses else self.images
        kept = np.zeros(len(image), dtype=bool)
        for window in self.when:
            inside = self._opens(window, chunk, len(borders) - 1)
            if limit is not None and window == "last":
                inside &= image >= borders[chunk + 1] - limit
            elif limit is not None:
                inside &= image < borders[chunk] + limit
            kept |= inside
        return recording.only(kept)


class Records:
    """What a training has recorded, by the names given to `open_session`.

    ``records["layer_2.h"]`` is a `Recording` whose times are counted from the start of
    the training.
    """

    def __init__(self):
        self._parts = {}

    def __contains__(self, name):
        return name in self._parts

    def __iter__(self):
        return iter(self._parts)

    def __len__(self):
        return len(self._parts)

    def __getitem__(self, name):
        parts = self._parts[name]
        if len(parts) > 1:
            whole = parts[0]
            for part in parts[1:]:
                whole = whole.followed_by(part)
            parts[:] = [whole]
        return parts[0]

    def add(self, name, recording):
        """Append what was recorded."""
        self._parts.setdefault(name, []).append(recording)

    def cut(self, cut):
        """Replace each recording.

        Parameters
        ----------
        cut : callable
            Takes the name and the recording, returns a recording.
        """
        self._parts = {name: [cut(name, self[name])] for name in self}

    def arrays(self):
        """Return all as arrays for an ``.npz`` file.

        Returns
        -------
        arrays : dict of numpy.ndarray
            ``"layer_2.h"``: the values (of spikes there are none); ``"layer_2.h/t"``:
            their times in seconds from the start of the training; ``"layer_2.h/i"``
            and, of synapses, ``/j``: the indices; ``"layer_2.h/unit"``: the base unit
            of the SI that the values are in, ``1`` if there is none.
        """
        found = {}
        for name in self:
            recording = self[name]
            if recording.values is not None:
                found[name] = recording.values
            for part in _PARTS:
                value = getattr(recording, part)
                if value is not None:
                    found[f"{name}/{part}"] = np.asarray(value)
        return found

    @classmethod
    def from_arrays(cls, arrays):
        """Read what `arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray

        Returns
        -------
        records : Records
        """
        records = cls()
        for name in [key[:-2] for key in arrays if key.endswith("/t")]:
            parts = {part: arrays.get(f"{name}/{part}") for part in _PARTS}
            parts["unit"] = str(np.ravel(parts["unit"])[0])  # checkpoints have no 0-d
            records.add(name, replace(Recording(**parts), values=arrays.get(name)))
        return records


def windows_by_name(windows, records):
    """Return the windows of each record.

    Parameters
    ----------
    windows : Windows or dict of Windows or None
        For all, or by name; default: all chunks.
    records : iterable of str
        What is recorded.

    Returns
    -------
    windows : dict of Windows

    Raises
    ------
    InputError
        If something is named that is not recorded.
    """
    if not isinstance(windows, dict):
        return dict.fromkeys(records, windows or Windows())
    for name in windows:
        if name not in records:
            there = ", ".join(records) or "nothing"
            raise InputError(f"{name} is not recorded here; recorded is {there}")
    return dict.fromkeys(records, Windows()) | windows
