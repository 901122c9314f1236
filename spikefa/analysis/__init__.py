"""Measures of alignment, performance and weights, in NumPy."""

from .angles import alignment, alignment_cosines, angle, pinv_angle, row_angles
from .curve import CurvePoint, LearningCurve
from .performance import classification_error, mean_and_sem, nse, sem
from .weights import receptive_fields, weight_statistics

__all__ = [
    "CurvePoint",
    "LearningCurve",
    "alignment",
    "alignment_cosines",
    "angle",
    "classification_error",
    "mean_and_sem",
    "nse",
    "pinv_angle",
    "receptive_fields",
    "row_angles",
    "sem",
    "weight_statistics",
]
