"""Learning curves: what was measured after how many images."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, SupportsIndex, overload

from ..errors import InputError

__all__ = ["CurvePoint", "LearningCurve"]

#: Errors by the sum over the steps of an image, and by the last of them.
_KINDS = "", "_last_step"


@dataclass
class CurvePoint:
    """What was measured after so many images or examples.

    Attributes
    ----------
    images_seen : int
    online_error_percent : float or None
        Of the images since the point before, while they were learned: weights change
        during a presentation, the more the larger eta, so it flatters. Compare
        settings by errors of images that are not learned from.
    test_error_percent, test_error_last_step_percent : float or None
        See `Evaluation`; None where nothing was tested.
    validation_error_percent, validation_error_last_step_percent : float or None
        The same, if training images were held out and tested with.
    feedback_angles : list of float
        See `FeedbackAngles`; empty where nothing was measured.
    delta_angles, teaching_percent, teaching_cosines : list of float
        See `DeltaAlignment`; empty where nothing was measured.
    ms_per_step : float or None
        Milliseconds per time step.
    test_nse : float or None
        Normalized squared error of vectors, see `nse`.
    averaged_error_percent, averaged_error_last_step_percent : float or None
        The same of weights that are averaged over passes, see `WeightAverage`.
    averaged_nse : float or None
    n_tested : int or None
        Images that were tested, if they are a part only of those that there are: the
        errors of an interim test.
    """

    images_seen: int
    online_error_percent: float | None = None
    test_error_percent: float | None = None
    test_error_last_step_percent: float | None = None
    feedback_angles: list[float] = field(default_factory=list)
    delta_angles: list[float] = field(default_factory=list)
    teaching_percent: list[float] = field(default_factory=list)
    teaching_cosines: list[float] = field(default_factory=list)
    ms_per_step: float | None = None
    test_nse: float | None = None
    validation_error_percent: float | None = None
    validation_error_last_step_percent: float | None = None
    averaged_error_percent: float | None = None
    averaged_error_last_step_percent: float | None = None
    averaged_nse: float | None = None
    n_tested: int | None = None

    @property
    def tested(self) -> bool:
        """Whether there was a test of all images."""
        measures = "test_error_percent", "test_nse", "validation_error_percent"
        measured = any(getattr(self, name) is not None for name in measures)
        return measured and self.n_tested is None

    def to_json(self, optional: Collection[str] = ("n_tested",)) -> dict[str, Any]:
        """Return a plain dictionary.

        Parameters
        ----------
        optional : collection of str, optional
            Measures that are left out if they are not set.
        """
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in optional or value not in (None, [])
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "CurvePoint":
        """Read what `to_json` wrote; what it does not know is left out.

        Raises
        ------
        InputError
            If a measure is no number, or no list of numbers.
        """
        known = {f.name: f.default_factory is list for f in fields(cls)}
        found = {name: value for name, value in entry.items() if name in known}
        for name, value in found.items():
            if isinstance(value, list) != known[name] or not _are_numbers(value):
                raise InputError(f"{name} of a learning curve cannot be {value!r}")
        return cls(**found)


def _are_numbers(value):
    """Whether one, or each of a list, is a number or None."""
    values = value if isinstance(value, list) else [value]
    return all(v is None or isinstance(v, int | float) for v in values)


#: Measures that few have.
_RARE = {
    "test_nse",
    "n_tested",
    "delta_angles",
    "teaching_percent",
    "teaching_cosines",
    "averaged_error_percent",
    "averaged_error_last_step_percent",
    "averaged_nse",
}


class LearningCurve(Sequence[CurvePoint]):
    """The points of a training, in order.

    Parameters
    ----------
    points : iterable of CurvePoint, optional
    at_start : CurvePoint, optional
        What was measured of the feedback before the first image.
    """

    def __init__(
        self, points: Iterable[CurvePoint] = (), at_start: CurvePoint | None = None
    ) -> None:
        self._points = list(points)
        self.at_start = at_start or CurvePoint(0)

    def __len__(self) -> int:
        return len(self._points)

    @overload
    def __getitem__(self, index: SupportsIndex) -> CurvePoint: ...

    @overload
    def __getitem__(self, index: slice) -> list[CurvePoint]: ...

    def __getitem__(self, index):
        return self._points[index]

    def __repr__(self) -> str:
        seen = self[-1].images_seen if self else 0
        return f"<LearningCurve: {len(self)} points, {seen} images>"

    def add(self, point: CurvePoint) -> None:
        """Append a point."""
        self._points.append(point)

    def column(self, name: str) -> list[Any]:
        """List one measure of all points."""
        return [getattr(point, name) for point in self]

    @property
    def tested(self) -> "LearningCurve":
        """The points at which all images were tested, as a curve."""
        return LearningCurve((p for p in self if p.tested), self.at_start)

    @property
    def interim(self) -> "LearningCurve":
        """The points at which a part of the images was tested, as a curve."""
        points = (p for p in self if p.n_tested is not None)
        return LearningCurve(points, self.at_start)

    @property
    def tested_images(self) -> str:
        """What was tested with, the first word of the measures.

        Returns
        -------
        images : {'test', 'validation'}
        """
        values = self.column("validation_error_percent")
        return "validation" if any(v is not None for v in values) else "test"

    @property
    def aligned(self) -> bool:
        """Whether feedback was compared with backpropagation in any way."""
        return self.measures("feedback_angles") or self.measures("delta_angles")

    def measures(self, name: str) -> bool:
        """Whether there is a measure of each hidden layer, see `of_layers`."""
        return bool(self.of_layers(name)[0])

    def of_layers(self, name: str) -> tuple[list[int], list[list[float]]]:
        """List a measure that each hidden layer has, that at the start included.

        Parameters
        ----------
        name : str
            Such as ``"feedback_angles"``.

        Returns
        -------
        seen : list of int
            Images seen where it was measured.
        measured : list of list of float
        """
        points = [p for p in (self.at_start, *self) if getattr(p, name)]
        return [p.images_seen for p in points], [getattr(p, name) for p in points]

    def to_json(self) -> list[dict[str, Any]]:
        """List the points as plain dictionaries; measures that few have only if set."""
        other = "test" if self.tested_images == "validation" else "validation"
        optional = {f"{other}_error{kind}_percent" for kind in _KINDS}
        return [point.to_json(_RARE | optional) for point in self]

    @classmethod
    def from_json(
        cls,
        entries: list[dict[str, Any]],
        at_start: dict[str, Any] | None = None,
    ) -> "LearningCurve":
        """Read what `to_json` wrote.

        Parameters
        ----------
        entries : list of dict
            ``learning_curve`` of ``results.json``, or of a checkpoint.
        at_start : dict, optional
            ``at_start`` there; runs of earlier versions have none.

        Returns
        -------
        curve : LearningCurve

        Raises
        ------
        InputError
            If the entries are no list, or a measure is no number.
        """
        if not isinstance(entries, list):
            raise InputError(f"a learning curve cannot be {entries!r}")
        points = [CurvePoint.from_json(entry) for entry in entries]
        return cls(points, CurvePoint.from_json(at_start or {"images_seen": 0}))
