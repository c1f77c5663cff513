"""A frozen or black picture is told after its time; a working sensor's noise is neither."""

import numpy as np
import pytest

from edge.sources.frozen import FrozenPicture


@pytest.fixture
def look():
    return FrozenPicture(limit_s=5)


def said(look, pictures, every_s=1.0):
    """Return what is said of pictures that come one after the other."""
    return [look.wrong_with(picture, i * every_s) for i, picture in enumerate(pictures)]


def test_pictures_that_differ_are_sound(look, pixels):
    assert said(look, [pixels(48, 64) for _ in range(20)]) == [None] * 20
    assert look.sound


def test_one_picture_for_too_long_is_frozen(look, pixels):
    picture = pixels(48, 64)
    complaints = said(look, [picture] * 7)
    assert complaints == [None] * 5 + ["gave the same picture for 5 s"] * 2
    assert not look.sound


def test_one_pixel_of_noise_is_not_frozen(look, pixels):
    pictures = [pixels(48, 64)] * 20
    for place, picture in enumerate(pictures):
        pictures[place] = picture.copy()
        pictures[place][0, place] ^= 1
    assert said(look, pictures) == [None] * 20


@pytest.mark.parametrize("level", [0, 16])
def test_black_with_a_little_noise_is_black(look, pixels, level):
    pictures = [level + pixels(48, 64) % 3 for _ in range(7)]
    assert said(look, pictures)[-1] == "gave only black pictures for 5 s"
    assert not look.sound


def test_a_dark_room_with_a_light_in_it_is_not_black(look, pixels):
    pictures = [pixels(48, 64) % 8 for _ in range(10)]
    for picture in pictures:
        picture[:8, :8] = 200
    assert said(look, pictures) == [None] * 10


def test_a_plane_within_a_wider_buffer_can_be_looked_at(look, pixels):
    assert said(look, [pixels(48, 128)[:, :64] for _ in range(10)]) == [None] * 10


def test_0_never_complains(pixels):
    assert said(FrozenPicture(0), [np.zeros((4, 4), np.uint8)] * 100) == [None] * 100
