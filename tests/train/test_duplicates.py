"""Faces that are there twice: counted, told apart by their labels, left out when asked."""

import cv2
import numpy as np
import pytest

from edge.datasets import load_split
from train.duplicates import find_duplicates
from train.splits import training_and_validation


@pytest.fixture
def copied(labelled_folder):
    """Copy a face of the data set to another place in it."""

    def copy(origin, to):
        (labelled_folder / to).write_bytes((labelled_folder / origin).read_bytes())

    return copy


def both(data):
    return load_split(data, "train"), load_split(data, "test")


def test_copies_in_the_test_and_within_training_are_counted(labelled_folder, copied):
    before = find_duplicates(*both(labelled_folder))
    copied("test/happy/0.png", "train/happy/x.png")
    copied("test/happy/1.png", "train/sad/x.png")
    copied("train/fear/0.png", "train/angry/x.png")
    faces, test = both(labelled_folder)
    found = find_duplicates(faces, test)
    assert found.across == before.across + 2
    assert found.across_other_label == before.across_other_label + 1
    assert found.within == before.within + 1
    assert found.within_other_label == before.within_other_label + 1
    left = faces.select(found.kept)
    assert len(left) == len(faces) - found.across
    assert not {"train/happy/x.png", "train/sad/x.png"} & set(left.names)
    assert find_duplicates(left, test).across == 0


def test_a_face_that_differs_by_one_gray_level_is_no_copy(labelled_folder):
    before = find_duplicates(*both(labelled_folder))
    face = cv2.imread(str(labelled_folder / "test" / "happy" / "0.png"), cv2.IMREAD_GRAYSCALE)
    face[20, 20] ^= 1
    cv2.imwrite(str(labelled_folder / "train" / "happy" / "x.png"), face)
    assert find_duplicates(*both(labelled_folder)).across == before.across


def test_all_copies_of_a_face_come_on_one_side_of_a_held_out_part(labelled_folder, copied):
    for emotion in ("happy", "sad", "fear"):
        for number in range(6):
            copied(f"train/{emotion}/0.png", f"train/{emotion}/copy{number}.png")
    faces, held, name = training_and_validation(
        labelled_folder / "train", seed=1, progress=lambda *_: None
    )
    assert name == "held-out"
    assert np.bincount(held.labels, minlength=7).min() >= 1
    assert find_duplicates(faces, held).across == 0
