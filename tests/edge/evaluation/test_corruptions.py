"""Faces spoilt as cameras spoil them: the same each time, worse with strength, whole."""

import numpy as np
import pytest

from edge.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from edge.evaluation.datasets import load_split

EVERY = pytest.mark.parametrize("name", CORRUPTIONS)


@pytest.fixture
def faces(labelled_folder_once):
    """Return a few faces, uint8 `[21, 48, 48]`."""
    return load_split(labelled_folder_once, "test").images


@EVERY
def test_a_corrupted_face_has_the_shape_and_type_of_a_face(faces, name):
    for strength in STRENGTHS:
        spoilt = corrupt(faces, name, strength)
        assert spoilt.shape == faces.shape
        assert spoilt.dtype == np.uint8


@EVERY
def test_the_same_seed_corrupts_alike(faces, name):
    np.testing.assert_array_equal(corrupt(faces, name, 2, 7), corrupt(faces, name, 2, 7))


@EVERY
def test_more_strength_corrupts_more(faces, name):
    far = [
        np.abs(corrupt(faces, name, strength).astype(int) - faces).mean() for strength in STRENGTHS
    ]
    assert 0 < far[0] < far[1] < far[2]


def test_faces_of_other_sizes_are_corrupted_too(faces):
    large = np.repeat(np.repeat(faces[:2], 2, axis=1), 2, axis=2)
    for name in CORRUPTIONS:
        assert corrupt(large, name, 3).shape == large.shape


@EVERY
def test_colour_faces_are_corrupted_as_gray_ones(faces, name):
    color = np.repeat(faces[:2, :, :, None], 3, axis=3)
    spoilt = corrupt(color, name, 2)
    assert spoilt.shape == color.shape
    assert not np.array_equal(spoilt, color)
