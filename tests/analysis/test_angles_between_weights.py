"""Angles and alignment: hand-made cases, and properties that must always hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst

from spikefa.analysis import alignment, alignment_cosines, angle, pinv_angle, row_angles
from spikefa.errors import InputError

QUICK = settings(max_examples=60, deadline=None)
MATRIX = npst.arrays(
    np.float64,
    (3, 4),
    elements=st.floats(-10, 10).filter(lambda x: x == 0 or abs(x) > 1e-3),
).filter(np.any)


@pytest.mark.parametrize(
    ("a", "b", "degrees"),
    [
        ([1, 0], [3, 0], 0),
        ([1, 0], [1, 1], 45),
        ([1, 0, 0], [1, math.sqrt(3), 0], 60),
        ([1, 0], [0, -2], 90),
        ([1, 2, 3], [-1, -2, -3], 180),
        ([[1, 0], [0, 1]], [[1, 0], [0, 0]], 45),
        ([[1, 2], [3, 4]], [[4, 3], [2, 1]], math.degrees(math.acos(20 / 30))),
        (5, -0.1, 180),
    ],
)
def test_known_angles(a, b, degrees):
    assert angle(a, b) == pytest.approx(degrees, abs=3e-6)
    assert isinstance(angle(a, b), float)


def test_parallel_vectors_do_not_leave_the_domain_of_acos():
    rng = np.random.default_rng(0)
    for _ in range(200):
        a = rng.normal(size=7)
        assert 0 <= angle(a, 3 * a) < 1e-5
        assert 180 - 1e-5 < angle(a, -a / 3) <= 180


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_no_direction_gives_nan_without_a_warning(bad):
    assert math.isnan(angle([bad, bad], [1, 2]))
    assert math.isnan(angle([1, 2], [bad, bad]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-300, 5e-324, 1e300])
def test_tiny_and_huge_vectors_have_angles(scale):
    assert angle([scale, 0], [scale, scale]) == pytest.approx(45)


def test_single_precision_is_not_summed_in_single_precision():
    a = np.full(1 << 20, 0.1, dtype=np.float32)
    assert angle(a, a) < 1e-5


@pytest.mark.parametrize(
    ("a", "b"), [(np.ones((3, 4)), np.ones((4, 3))), ([1, 2], [1]), (1, [1]), ([], [])]
)
def test_shapes_that_do_not_match(a, b):
    with pytest.raises(InputError, match="no angle between"):
        angle(a, b)


def test_a_shape_error_is_a_value_error():
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        angle(np.ones(2), np.ones(3))


@QUICK
@given(a=MATRIX, b=MATRIX, factor=st.floats(0.1, 100))
def test_angle_ignores_length_and_order(a, b, factor):
    degrees = angle(a, b)
    assert 0 <= degrees <= 180
    assert angle(b, a) == pytest.approx(degrees, abs=1e-5)
    assert angle(factor * a, b) == pytest.approx(degrees, abs=1e-5)
    assert angle(-a, b) == pytest.approx(180 - degrees, abs=1e-5)
    assert angle(a.T, b.T) == pytest.approx(degrees, abs=1e-5)
    rotation, _ = np.linalg.qr(np.arange(16.0).reshape(4, 4) ** 2 % 7 + np.eye(4))
    assert angle(a @ rotation, b @ rotation) == pytest.approx(degrees, abs=1e-4)


def test_row_angles_of_known_rows():
    a = [[1, 0], [1, 0], [0, 0], [2, 2]]
    b = [[0, 1], [-1, 0], [1, 0], [1, 0]]
    found = row_angles(a, b)
    assert found.shape == (4,)
    np.testing.assert_allclose(found, [90, 180, np.nan, 45])


@QUICK
@given(a=MATRIX, b=MATRIX)
def test_each_row_has_its_own_angle(a, b):
    expected = [angle(x, y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(row_angles(a, b), expected, atol=1e-5)


def test_hidden_units_of_figure_5a():
    # The paper's matrices: its W maps hidden to output, its B maps errors back.
    rng = np.random.default_rng(5)
    paper_W, paper_B = rng.normal(size=(2, 6)), rng.normal(size=(6, 2))
    expected = [
        math.degrees(
            math.acos(
                paper_W[:, j]
                @ paper_B[j]
                / np.linalg.norm(paper_W[:, j])
                / np.linalg.norm(paper_B[j])
            )
        )
        for j in range(6)
    ]
    W, B = paper_W.T, paper_B.T  # the project's arrays: (6, 2) and (2, 6)
    np.testing.assert_allclose(row_angles(W, B.T), expected)


@pytest.mark.parametrize(
    ("a", "b"), [(np.ones(3), np.ones(3)), (np.ones((2, 3)), np.ones((3, 2)))]
)
def test_row_angles_needs_two_like_matrices(a, b):
    with pytest.raises(InputError):
        row_angles(a, b)


def test_alignment_of_one_error():
    # By hand, with the paper's W = [1 2] and B = [3 4]^T: 2 * (1*3 + 2*4) * 2 = 44.
    W, B = np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]])
    assert alignment([2.0], W, B) == 44
    assert alignment([[2.0], [0.0]], W, B) == 22


def test_alignment_is_the_papers_expression():
    rng = np.random.default_rng(2)
    paper_W, paper_B = rng.normal(size=(3, 5)), rng.normal(size=(5, 3))
    errors = rng.normal(size=(7, 3))
    expected = np.mean([e @ paper_W @ paper_B @ e for e in errors])
    assert alignment(errors, paper_W.T, paper_B.T) == pytest.approx(expected)


@QUICK
@given(W=MATRIX, e=npst.arrays(np.float64, (5, 4), elements=st.floats(-10, 10)))
def test_backpropagation_is_aligned(W, e):
    power = np.mean(np.sum((e @ W.T) ** 2, axis=1))
    assert alignment(e, W, W.T) == pytest.approx(power)
    assert alignment(e, W, -W.T) == pytest.approx(-power)


def test_the_alignment_of_each_error():
    W, B = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [1.0, -1.0]])
    cosines = alignment_cosines([[2.0, 0.0], [0.0, 3.0], [0.0, 0.0]], W, B)
    np.testing.assert_allclose(cosines, [1, -math.sqrt(0.5), math.nan])


@pytest.mark.parametrize(
    ("e", "W", "B"),
    [
        (np.ones(2), np.ones((3, 2)), np.ones((3, 2))),
        (np.ones(3), np.ones((3, 2)), np.ones((2, 3))),
        (np.ones((4, 3)), np.ones((3, 2)), np.ones((2, 3))),
        (np.ones((0, 2)), np.ones((3, 2)), np.ones((2, 3))),
        (np.ones((1, 1, 2)), np.ones((3, 2)), np.ones((2, 3))),
        (np.ones(2), np.ones(2), np.ones(2)),
    ],
)
def test_alignment_of_what_does_not_fit(e, W, B):
    with pytest.raises(InputError):
        alignment(e, W, B)
    with pytest.raises(InputError):
        alignment_cosines(e, W, B)


def test_pinv_angle_of_known_matrices():
    B = np.diag([1.0, 2.0])  # its inverse is diag(1, 1/2)
    assert pinv_angle(np.diag([2.0, 1.0]), B) == pytest.approx(0, abs=3e-6)
    assert pinv_angle(B, B) == pytest.approx(math.degrees(math.acos(0.8)))
    assert pinv_angle(np.array([[0.0, 1], [1, 0]]), B) == pytest.approx(90)
    # pinv([3 4]) = [3 4]^T / 25
    assert pinv_angle([[3.0], [4.0]], [[3.0, 4.0]]) == pytest.approx(0, abs=3e-6)


@QUICK
@given(B=MATRIX)
def test_the_pseudoinverse_itself_is_at_no_angle(B):
    # Moore and Penrose by the normal equations, where B has full rank.
    if np.linalg.cond(B) < 1e3:
        inverse = B.T @ np.linalg.inv(B @ B.T)
        assert pinv_angle(7 * inverse, B) < 1e-4


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_pinv_angle_is_nan_without_a_direction(bad):
    assert math.isnan(pinv_angle(np.ones((3, 2)), np.full((2, 3), bad)))
    assert math.isnan(pinv_angle(np.full((3, 2), bad), np.ones((2, 3))))


@pytest.mark.parametrize("shape", [(3, 2), (3,), (2, 4)])
def test_pinv_angle_of_what_does_not_fit(shape):
    with pytest.raises(InputError, match="transposed shape"):
        pinv_angle(np.ones((3, 2)), np.ones(shape))


def test_pinv_angle_of_nothing():
    with pytest.raises(InputError, match="empty"):
        pinv_angle(np.ones((0, 2)), np.ones((2, 0)))
