"""What counts as found, and where the reference says that faces are."""

import numpy as np
import pytest
from faces import FACES, portrait

from benchmarks.clip import Picture
from benchmarks.quality import matches, score
from benchmarks.reference import GAP_S, fill_gaps, find_faces
from edge.support.boxes import iou

A, B = (100, 100, 100, 100), (400, 100, 100, 100)


def test_each_face_is_found_once():
    assert score([[A, A]], [[A]]) == (1.0, 0.5)
    assert score([[A]], [[A, B]]) == (0.5, 1.0)
    assert score([[A], []], [[A], [B]]) == (0.5, 1.0)


def test_half_an_overlap_is_needed():
    assert matches([(120, 100, 100, 100)], [A]) == [(0, 0)]  # IoU 0.67
    assert matches([(140, 100, 100, 100)], [A]) == []  # IoU 0.43


def test_where_there_is_nothing_there_is_no_figure():
    assert all(np.isnan(value) for value in score([[]], [[]]))


def test_a_face_missed_for_a_moment_was_there_in_between():
    faces = [[A], [], [], [(130, 100, 100, 100)]]
    fill_gaps(faces, [0.0, 0.1, 0.2, 0.3])
    assert faces[1:3] == [[(110, 100, 100, 100)], [(120, 100, 100, 100)]]


@pytest.mark.parametrize("after", [(A, GAP_S + 0.1), (B, 0.2)])
def test_a_face_long_gone_or_elsewhere_is_not_filled_in(after):
    box, seconds = after
    faces = [[A], [], [box]]
    fill_gaps(faces, [0.0, seconds / 2, seconds])
    assert faces[1] == []


def test_the_reference_finds_the_portraits_faces_and_none_on_a_wall():
    pictures = [Picture(portrait(name), n, n / 25) for n, name in enumerate(FACES)]
    pictures.append(Picture(np.full((360, 640, 3), 128, np.uint8), 2, 2 / 25))
    found = find_faces(pictures, 0.1, False, lambda done, total: None)
    for boxes, truth in zip(found, FACES.values(), strict=False):
        assert len(boxes) == 1
        assert iou(boxes[0], truth) > 0.5
    assert found[2] == []
