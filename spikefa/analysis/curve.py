"""Learning curves: what was measured after how many images."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields

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
    ms_per_step : float or None
        Milliseconds per time step.
    test_nse : float or None
        Normalized squared error of vectors, see `nse`.
    """

    images_seen: int
    online_error_percent: float | None = None
    test_error_percent: float | None = None
    test_error_last_step_percent: float | None = None
    feedback_angles: list = field(default_factory=list)
    ms_per_step: float | None = None
    test_nse: float | None = None
    validation_error_percent: float | None = None
    validation_error_last_step_percent: float | None = None

    @property
    def tested(self):
        """Whether there was a test."""
        measures = "test_error_percent", "test_nse", "validation_error_percent"
        return any(getattr(self, name) is not None for name in measures)


class LearningCurve(Sequence):
    """The points of a training, in order.

    Parameters
    ----------
    points : iterable of CurvePoint, optional
    angles_at_start : sequence of float, optional
        Feedback angles before the first image.
    """

    def __init__(self, points=(), angles_at_start=()):
        self._points = list(points)
        self.angles_at_start = list(angles_at_start)

    def __len__(self):
        return len(self._points)

    def __getitem__(self, index):
        return self._points[index]

    def __repr__(self):
        seen = self[-1].images_seen if self else 0
        return f"<LearningCurve: {len(self)} points, {seen} images>"

    def add(self, point):
        """Append a point."""
        self._points.append(point)

    def column(self, name):
        """List one measure of all points."""
        return [getattr(point, name) for point in self]

    @property
    def tested(self):
        """The points at which there was a test, as a curve."""
        return LearningCurve((p for p in self if p.tested), self.angles_at_start)

    @property
    def tested_images(self):
        """What was tested with, the first word of the measures.

        Returns
        -------
        images : {'test', 'validation'}
        """
        values = self.column("validation_error_percent")
        return "validation" if any(v is not None for v in values) else "test"

    @property
    def aligned(self):
        """Whether feedback angles were measured."""
        return any(self.column("feedback_angles"))

    @property
    def angles(self):
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

    def to_json(self):
        """List the points as plain dictionaries; measures that few have only if set."""
        other = "test" if self.tested_images == "validation" else "validation"
        optional = {"test_nse", *(f"{other}_error{kind}_percent" for kind in _KINDS)}
        return [
            {k: v for k, v in asdict(p).items() if k not in optional or v is not None}
            for p in self
        ]

    @classmethod
    def from_json(cls, entries, angles_at_start=()):
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
