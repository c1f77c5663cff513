"""A frame at any size: what is cut out lies where it was asked for."""

import cv2
import numpy as np
import pytest

from edge.faces.pyramid import Pyramid


@pytest.fixture
def smooth():
    """A picture of 360 x 641 whose brightness tells the place: columns / 4 + rows / 8."""
    rows, columns = np.mgrid[0:360, 0:641]
    return np.round(columns / 4 + rows / 8).astype(np.uint8)


@pytest.mark.parametrize("scale", [1.0, 0.6, 0.5, 0.3, 0.1])
def test_the_whole_frame_is_reduced(smooth, scale):
    small = Pyramid(smooth).reduced(scale)
    expected = cv2.resize(smooth, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert small.shape == (round(360 * scale), round(641 * scale))
    np.testing.assert_allclose(small.astype(int), expected.astype(int), atol=2)


@pytest.mark.parametrize("side", [24.0, 30.5, 97.3, 200.0])
@pytest.mark.parametrize("centre", [(320.0, 180.0), (150.25, 120.75)])
def test_a_patch_shows_the_square_asked_for_at_any_reduction(smooth, centre, side):
    patch = Pyramid(smooth).patch(centre, side, 24)
    assert patch.shape == (24, 24)
    # A pixel's middle is half a pixel from its edge.
    steps = (np.arange(24) + 0.5) / 24 * side - side / 2 - 0.5
    expected = (centre[0] + steps)[None, :] / 4 + (centre[1] + steps)[:, None] / 8
    np.testing.assert_allclose(patch, expected, atol=1.5)


@pytest.mark.parametrize("lean", [-90, -30, 45])
def test_a_patch_is_turned_upright(smooth, lean):
    patch = Pyramid(smooth).patch((320.0, 180.0), 97.0, 24, lean)
    x, y = np.meshgrid(*[(np.arange(24) + 0.5) / 24 * 97 - 97 / 2] * 2)
    cosine, sine = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    columns, rows = 319.5 + cosine * x - sine * y, 179.5 + sine * x + cosine * y
    np.testing.assert_allclose(patch, columns / 4 + rows / 8, atol=1.5)


@pytest.mark.parametrize("centre", [(0.0, 0.0), (641.0, 360.0), (-300.0, 100.0), (900.0, 900.0)])
def test_a_patch_of_the_square_alone_is_that_of_the_whole_frame(smooth, centre):
    alone, whole = Pyramid(smooth), Pyramid(smooth)
    whole.reduced(0.1)
    a, b = (p.patch(centre, 200.0, 24, 20).astype(int) for p in (alone, whole))
    np.testing.assert_allclose(a, b, atol=2)


def test_beyond_the_frame_its_edge_is_repeated():
    picture = np.full((48, 64), 9, np.uint8)
    assert (Pyramid(picture).patch((0.0, 0.0), 60.0, 24) == 9).all()


def test_a_picture_of_one_pixel_is_no_trouble():
    assert Pyramid(np.full((1, 1), 7, np.uint8)).patch((0.5, 0.5), 100.0, 8)[4, 4] == 7
