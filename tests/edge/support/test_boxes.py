"""Boxes: how much two cover each other, and where one is in a larger picture."""

import pytest

from edge.support.boxes import iou, same_face, scaled, within


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


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 100, 100), (30, 30, 100, 100), True),  # IoU 0.32
        ((0, 0, 100, 100), (60, 60, 100, 100), False),
        ((0, 0, 100, 100), (30, 30, 30, 30), True),  # a box within a box
        ((0, 0, 100, 100), (85, 0, 30, 30), False),  # half of it within
        ((0, 0, 100, 100), (200, 0, 30, 30), False),
    ],
)
def test_boxes_on_one_face_overlap_or_lie_within_each_other(a, b, expected):
    assert same_face(a, b) is expected
    assert same_face(b, a) is expected


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 10, 20, 20), (10, 10, 20, 20)),
        ((-5, 40, 20, 20), (0, 40, 15, 10)),
        ((200, 200, 20, 20), (79, 49, 1, 1)),
    ],
)
def test_the_part_of_a_box_in_a_picture(box, expected):
    assert within(box, (50, 80)) == expected
