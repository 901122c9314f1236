"""Learning curves: what was measured after how many images."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, SupportsIndex, overload

__all__ = ["CurvePoint", "LearningCurve"]


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
    feedback_angles : list of float
        See `FeedbackAngles`; empty where nothing was measured.
    ms_per_step : float or None
        Milliseconds per time step.
    test_nse : float or None
        Normalized squared error of vectors, see `nse`.
    """

    images_seen: int
    online_error_percent: float | None = None
    test_error_percent: float | None = None
    test_error_last_step_percent: float | None = None
    feedback_angles: list[float] = field(default_factory=list)
    ms_per_step: float | None = None
    test_nse: float | None = None

    @property
    def tested(self) -> bool:
        """Whether there was a test."""
        return self.test_error_percent is not None or self.test_nse is not None


class LearningCurve(Sequence[CurvePoint]):
    """The points of a training, in order.

    Parameters
    ----------
    points : iterable of CurvePoint, optional
    angles_at_start : sequence of float, optional
        Feedback angles before the first image.
    """

    def __init__(
        self, points: Iterable[CurvePoint] = (), angles_at_start: Iterable[float] = ()
    ) -> None:
        self._points = list(points)
        self.angles_at_start = list(angles_at_start)

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
        """The points at which there was a test, as a curve."""
        return LearningCurve((p for p in self if p.tested), self.angles_at_start)

    @property
    def aligned(self) -> bool:
        """Whether feedback angles were measured."""
        return any(self.column("feedback_angles"))

    @property
    def angles(self) -> tuple[list[int], list[list[float]]]:
        """Images seen and feedback angles, those before the first image included.

        Returns
        -------
        seen : list of int
        angles : list of list of float
        """
        points = [(p.images_seen, p.feedback_angles) for p in self if p.feedback_angles]
        if self.angles_at_start:
            points.insert(0, (0, self.angles_at_start))
        return [seen for seen, _ in points], [angles for _, angles in points]

    def to_json(self) -> list[dict[str, Any]]:
        """List the points as plain dictionaries; measures that few have only if set."""
        return [
            {k: v for k, v in asdict(point).items() if k != "test_nse" or v is not None}
            for point in self
        ]

    @classmethod
    def from_json(
        cls, entries: Iterable[dict[str, Any]], angles_at_start: Iterable[float] = ()
    ) -> "LearningCurve":
        """Read what `to_json` wrote; what it does not know is left out.

        Parameters
        ----------
        entries : list of dict
            ``learning_curve`` of ``results.json``, or of a checkpoint.
        angles_at_start : sequence of float, optional
            ``feedback_angles_at_start`` there; runs of earlier versions have none.

        Returns
        -------
        curve : LearningCurve
        """
        known = {f.name for f in fields(CurvePoint)}
        points = [
            CurvePoint(**{k: v for k, v in entry.items() if k in known})
            for entry in entries
        ]
        return cls(points, angles_at_start)
