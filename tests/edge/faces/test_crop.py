"""Cutting a face out and bringing it to the model's size, live and in training alike."""

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.faces.crop import LEANS, crop_face, crop_upright, fit, resize, roll, to_gray


def test_a_face_of_the_models_size_is_taken_as_it_is(pixels):
    gray = pixels(100, 120)
    np.testing.assert_array_equal(crop_face(gray, (20, 10, 48, 48), (48, 48)), gray[10:58, 20:68])


def test_a_training_image_passes_unchanged(pixels):
    face = pixels(48, 48)
    np.testing.assert_array_equal(resize(face, (48, 48)), face)
    np.testing.assert_array_equal(crop_face(face, (0, 0, 48, 48), (48, 48)), face)


def test_a_face_is_reduced_in_the_same_way_live_and_in_training(pixels):
    gray = pixels(300, 300)
    face = gray[30:130, 40:140]
    np.testing.assert_array_equal(
        crop_face(gray, (40, 30, 100, 100), (48, 48)), resize(face.copy(), (48, 48))
    )


def test_shrinking_averages_so_that_no_pixel_is_lost():
    # One white pixel in each block of 4x4: picking pixels would give 0 or 255, the mean is 16.
    gray = np.zeros((192, 192), np.uint8)
    gray[1::4, 2::4] = 255
    np.testing.assert_array_equal(resize(gray, (48, 48)), 16)


def test_enlarging_interpolates_between_pixels():
    gray = np.tile(np.array([0, 200], np.uint8), (12, 6))[:, :2]
    row = resize(gray, (48, 48))[24]
    assert row[0] == 0
    assert row[-1] == 200
    assert len(np.unique(row)) > 10
    assert (np.diff(row.astype(int)) >= 0).all()


@pytest.mark.parametrize(
    "box",
    [
        (-30, -20, 100, 100),  # over the left upper corner
        (150, 110, 100, 100),  # over the right lower corner
        (-50, -50, 400, 400),  # larger than the frame
        (60, -10, 48, 48),
        (199, 159, 60, 60),  # one pixel is left
    ],
)
def test_what_of_a_box_lies_beyond_the_frame_is_left_out(pixels, box):
    gray = pixels(160, 200)
    x, y, width, height = box
    inside = gray[max(y, 0) : y + height, max(x, 0) : x + width]
    face = crop_face(gray, box, (48, 48))
    assert face.shape == (48, 48)
    assert face.dtype == np.uint8
    np.testing.assert_array_equal(face, resize(inside, (48, 48)))


def test_height_and_width_are_not_confused(pixels):
    assert crop_face(pixels(90, 120), (0, 0, 100, 80), (32, 64)).shape == (32, 64)


def test_cropping_leaves_the_frame_as_it_was(pixels):
    gray = pixels(160, 200)
    before = gray.copy()
    crop_face(gray, (20, 20, 100, 100), (48, 48))[...] = 0
    np.testing.assert_array_equal(gray, before)


def test_gray_of_every_kind_of_image(pixels):
    color = pixels(20, 30, 3)
    gray = cv2.cvtColor(color, cv2.COLOR_BGR2GRAY)
    np.testing.assert_array_equal(to_gray(gray), gray)
    np.testing.assert_array_equal(to_gray(gray[:, :, None]), gray)
    np.testing.assert_array_equal(to_gray(color), gray)
    alpha = np.dstack([color, pixels(20, 30)])
    np.testing.assert_array_equal(to_gray(alpha), gray)


def test_a_face_in_colour_is_red_green_blue(pixels):
    bgr = pixels(112, 112, 3)
    np.testing.assert_array_equal(fit(bgr, (112, 112, 3)), bgr[:, :, ::-1])


def test_a_gray_face_is_repeated_for_a_model_in_colour(pixels):
    gray = pixels(100, 90)
    face = fit(gray, (48, 48, 3))
    assert face.shape == (48, 48, 3)
    for channel in range(3):
        np.testing.assert_array_equal(face[:, :, channel], fit(gray, (48, 48)))


def test_transparency_is_left_out(pixels):
    bgra = pixels(48, 48, 4)
    np.testing.assert_array_equal(fit(bgra, (48, 48, 3)), bgra[:, :, 2::-1])
    np.testing.assert_array_equal(fit(bgra, (48, 48)), to_gray(bgra))


def test_a_box_is_cut_out_of_a_colour_frame(pixels):
    bgr = pixels(90, 120, 3)
    face = crop_face(bgr, (20, 10, 48, 48), (48, 48, 3))
    np.testing.assert_array_equal(face, bgr[10:58, 20:68, ::-1])


UPRIGHT_EYES = ((205.0, 100.0), (245.0, 100.0))


def turned(degrees):
    """Return the astronaut's portrait turned about the face, counter-clockwise, and the eyes there."""
    gray = to_gray(portrait("astronaut"))
    x, y, side, _ = FACES["astronaut"]
    matrix = cv2.getRotationMatrix2D((x + (side - 1) / 2, y + (side - 1) / 2), degrees, 1.0)
    eyes = tuple(tuple((matrix @ (*eye, 1.0)).tolist()) for eye in UPRIGHT_EYES)
    return cv2.warpAffine(gray, matrix, gray.shape[::-1], borderMode=cv2.BORDER_REPLICATE), eyes


@pytest.mark.parametrize("degrees", [-90, -45, -20, 20, 45, 90, 180])
def test_a_leaning_face_is_turned_upright(degrees):
    gray, eyes = turned(degrees)
    box = FACES["astronaut"]
    wanted = crop_face(turned(0)[0], box, (48, 48)).astype(float)
    upright = crop_upright(gray, box, eyes, (48, 48)).astype(float)
    as_it_is = crop_face(gray, box, (48, 48)).astype(float)
    assert np.abs(upright - wanted).mean() < 8
    assert np.abs(upright - wanted).mean() < 0.4 * np.abs(as_it_is - wanted).mean()


def test_a_face_that_leans_a_little_or_has_no_known_eyes_is_cut_out_as_it_is():
    gray, eyes = turned(LEANS - 2)
    box = FACES["astronaut"]
    plain = crop_face(gray, box, (48, 48))
    np.testing.assert_array_equal(crop_upright(gray, box, eyes, (48, 48)), plain)
    np.testing.assert_array_equal(crop_upright(gray, box, None, (48, 48)), plain)


@pytest.mark.parametrize("shape", [(48, 48), (96, 64), (192, 192, 3)])
@pytest.mark.parametrize(
    "box", [(-30, -20, 60, 60), (490, 500, 60, 60), (0, 0, 512, 512), (9, 9, 1, 1)]
)
def test_a_leaning_face_at_the_border_has_the_models_shape(pixels, shape, box):
    image = pixels(512, 512, 3)
    eyes = ((10.0, 10.0), (30.0, 40.0))
    assert crop_upright(image, box, eyes, shape).shape == shape


def test_roll_is_clockwise_as_it_is_seen():
    assert roll(((10, 10), (20, 20))) == pytest.approx(45)
    assert roll(((10, 10), (20, 0))) == pytest.approx(-45)
    assert roll(None) == 0
