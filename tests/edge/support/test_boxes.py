"""Boxes: how much two cover each other, and where one is in a larger picture."""

import pytest

from edge.support.boxes import iou, scaled


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),
        ((0, 0, 10, 10), (2, 2, 5, 5), 0.25),
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),  # side by side
        ((0, 0, 10, 10), (20, 20, 5, 5), 0.0),
        ((-5, -5, 10, 10), (0, 0, 10, 10), 25 / 175),
    ],
)
def test_intersection_over_union(a, b, expected):
    assert iou(a, b) == pytest.approx(expected)
    assert iou(b, a) == pytest.approx(expected)


def test_a_box_in_a_larger_picture_covers_the_same_part():
    assert scaled((10, 20, 30, 40), 2) == (20, 40, 60, 80)
    assert scaled((11, 21, 31, 41), 0.5) == (6, 10, 16, 20)
