"""A made case holds the face where, as large and as tilted as it says."""

import cv2
import numpy as np
import pytest

from benchmarks.faces.exam import Truth
from benchmarks.faces.stress import CASES, make_case

EYES = ((130.0, 140.0), (170.0, 140.0))  # upright
PHOTO_FACE = Truth((100, 100, 100, 120), "clear", EYES)


@pytest.fixture(scope="module")
def photo():
    """A gray photo with a white eye and a black one."""
    gray = np.full((300, 300), 128, np.uint8)
    cv2.circle(gray, (130, 140), 8, 255, -1)
    cv2.circle(gray, (170, 140), 8, 0, -1)
    return gray


def case(name):
    return next(c for c in CASES if name in c.name)


def lean(frame):
    """Return by how many degrees the line from the white eye to the black one leans."""
    (left, right) = (np.argwhere(frame == v).mean(0) for v in (frame.max(), frame.min()))
    down, across = right - left
    return np.degrees(np.arctan2(down, across))


@pytest.mark.parametrize("degrees", [15, 30, 45])
def test_a_head_leans_as_far_as_the_case_says_to_either_side(photo, degrees):
    for number in (0, 1):
        frame, _ = make_case(photo, PHOTO_FACE, None, case(f"by {degrees}"), number)
        assert lean(frame) == pytest.approx(degrees * (-1) ** number, abs=2)


def test_a_leaning_head_is_made_upright_first(photo):
    turned = cv2.getRotationMatrix2D((150, 160), 20, 1.0)
    leaning = cv2.warpAffine(photo, turned, (300, 300), borderMode=cv2.BORDER_REPLICATE)
    eyes = tuple(tuple(turned @ (*eye, 1)) for eye in EYES)
    frame, _ = make_case(leaning, Truth(PHOTO_FACE.box, "clear", eyes), None, case("upright"), 0)
    assert lean(frame) == pytest.approx(0, abs=2)


@pytest.mark.parametrize("one", CASES, ids=[c.name for c in CASES])
def test_the_face_is_in_the_frame_at_the_height_that_the_case_says(photo, one):
    for number in range(10):
        frame, truth = make_case(photo, PHOTO_FACE, None, one, number)
        x, y, width, height = truth.box
        assert frame.shape == one.size[::-1]
        assert width == one.face
        assert min(x, y) >= -1
        assert x + width <= one.size[0] + 1
        assert y + height <= one.size[1] + 1


def test_the_same_photo_and_number_make_the_same_case(photo):
    for one in CASES:
        first, again = (make_case(photo, PHOTO_FACE, None, one, 3)[0] for _ in range(2))
        np.testing.assert_array_equal(first, again)


def test_a_covered_half_is_plain_and_the_other_is_as_it_was(photo):
    plain, truth = make_case(photo, PHOTO_FACE, None, case("upright"), 2)
    x, y, width, height = (round(v) for v in truth.box)
    middle = y + height // 2
    lower, _ = make_case(photo, PHOTO_FACE, None, case("lower half"), 2)
    assert len(np.unique(lower[middle + 2 : y + height, x : x + width])) == 1
    np.testing.assert_array_equal(lower[y : middle - 2], plain[y : middle - 2])


def test_little_light_is_a_quarter_of_it(photo):
    plain, _ = make_case(photo, PHOTO_FACE, None, case("upright"), 2)
    dark, _ = make_case(photo, PHOTO_FACE, None, case("light"), 2)
    assert dark.mean() == pytest.approx(plain.mean() / 4, rel=0.05)
