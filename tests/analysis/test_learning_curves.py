"""Learning curves are read again as they were written; what is none is refused."""

import json
import math

import pytest

from spikefa.analysis import CurvePoint, LearningCurve
from spikefa.errors import InputError

POINTS = [
    CurvePoint(10, 90.0, feedback_angles=[89.5, None], ms_per_step=0.5),
    CurvePoint(20, 80, 70.0, 71.0, delta_angles=[1.5], n_tested=5),
    CurvePoint(30, test_nse=math.inf, validation_error_percent=3.0),
]


def test_a_curve_comes_back():
    curve = LearningCurve(POINTS, CurvePoint(0, delta_angles=[90.0]))
    entries, start = json.loads(json.dumps([curve.to_json(), curve.at_start.to_json()]))
    again = LearningCurve.from_json(entries, start)
    assert list(again) == POINTS
    assert again.at_start == curve.at_start


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("images_seen", "10"),
        ("images_seen", [10]),
        ("online_error_percent", "x"),
        ("online_error_percent", {}),
        ("test_nse", [1.0]),
        ("feedback_angles", 1.0),
        ("feedback_angles", None),
        ("feedback_angles", [[1.0]]),
        ("delta_angles", ["x"]),
    ],
)
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(InputError, match=f"^{name} of a learning curve cannot be"):
        CurvePoint.from_json({"images_seen": 10} | {name: value})
