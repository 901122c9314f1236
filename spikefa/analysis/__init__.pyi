"""What type checkers, and imports on demand, find where."""

from .angles import (
    alignment as alignment,
    alignment_cosines as alignment_cosines,
    angle as angle,
    pinv_angle as pinv_angle,
    row_angles as row_angles,
)
from .curve import CurvePoint as CurvePoint, LearningCurve as LearningCurve
from .performance import (
    classification_error as classification_error,
    mean_and_sem as mean_and_sem,
    nse as nse,
    sem as sem,
)
from .weights import (
    receptive_fields as receptive_fields,
    weight_statistics as weight_statistics,
)
