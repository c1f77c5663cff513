"""Identical faces: how many, where, with which labels, and which to leave out."""

import numpy as np
import pytest

from edge.evaluation.datasets import LabelledFaces
from train.data.duplicates import face_keys, find_duplicates


@pytest.fixture
def faces(pixels):
    """Make faces from (picture, label) pairs; the same number is the same picture."""
    pictures = pixels(10, 48, 48)

    def make(*pairs):
        which, labels = zip(*pairs, strict=True)
        names = tuple(f"{place}.png" for place in range(len(pairs)))
        return LabelledFaces("train", pictures[list(which)], np.array(labels), names)

    return make


def test_different_faces_are_no_duplicates(faces):
    found = find_duplicates(faces((0, 0), (1, 0)), faces((2, 0), (3, 1)))
    assert set(found.counts().values()) == {0}


def test_training_faces_that_are_in_validation_are_found_with_their_labels(faces):
    training = faces((0, 1), (5, 2), (1, 3), (2, 6))
    found = find_duplicates(training, faces((2, 6), (1, 4), (0, 1), (0, 2)))
    assert found.across.tolist() == [0, 2, 3]
    assert found.across_other_label == 1  # 1 is labelled 3 and 4; 0 is 1 in both, once
    assert found.within.tolist() == []


def test_copies_within_training_are_all_but_the_first(faces):
    found = find_duplicates(faces((0, 1), (1, 5), (0, 1), (1, 6), (0, 1), (1, 5)), faces((9, 0)))
    assert found.within.tolist() == [2, 3, 4, 5]
    assert found.within_other_label == 2  # both copies of 1, which is labelled 5 and 6
    assert found.across.tolist() == []
    assert found.counts() == {
        "across": 0,
        "across_other_label": 0,
        "within": 4,
        "within_other_label": 2,
    }


def test_one_pixel_makes_another_face(faces):
    images = np.repeat(faces((0, 0)).images, 2, axis=0)
    images[1, 47, 47] ^= 1
    first, second = face_keys(images)
    assert first != second
