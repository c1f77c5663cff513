"""Which faces are learnt from and which are measured on."""

import shutil

import numpy as np
import pytest

from edge.support.errors import DatasetError
from edge.support.labels import EMOTIONS
from train.data.duplicates import face_keys
from train.data.splits import training_and_validation


def split(data, seed=1):
    return training_and_validation(data, seed, lambda *told: None)


@pytest.fixture
def unsplit(labelled_folder):
    """A folder per emotion, 20 files in each: ten faces, each there twice."""
    for emotion in EMOTIONS:
        folder = labelled_folder / "train" / emotion
        for number in range(2):
            shutil.copy(
                labelled_folder / "test" / emotion / f"{number}.png", folder / f"t{number}.png"
            )
        for path in sorted(folder.iterdir()):
            shutil.copy(path, folder / f"copy-{path.name}")
    return labelled_folder / "train"


def test_the_validation_split_goes_before_the_test_split(labelled_folder):
    assert split(labelled_folder)[2] == "test"
    (labelled_folder / "test").rename(labelled_folder / "validation")
    faces, validation, held = split(labelled_folder)
    assert held == "validation"
    assert (len(faces), len(validation)) == (56, 21)


def test_without_a_split_of_its_own_a_tenth_of_each_emotion_is_held_out(unsplit):
    faces, validation, held = split(unsplit)
    assert held == "held-out"
    assert validation.counts() == dict.fromkeys(EMOTIONS, 2)
    assert faces.counts() == dict.fromkeys(EMOTIONS, 18)
    assert not set(faces.names) & set(validation.names)


def test_no_copy_of_a_held_out_face_is_learnt(unsplit):
    faces, validation, _ = split(unsplit)
    assert not np.isin(face_keys(faces.images), face_keys(validation.images)).any()


def test_what_is_held_out_follows_from_the_seed(unsplit):
    assert split(unsplit, 3)[1].names == split(unsplit, 3)[1].names
    assert split(unsplit, 3)[1].names != split(unsplit, 4)[1].names


def test_a_file_that_cannot_be_read_is_reported_once(unsplit):
    (unsplit / "happy" / "empty.png").touch()
    faces, validation, _ = split(unsplit)
    assert (*faces.skipped, *validation.skipped) == ("train/happy/empty.png",)


def test_data_without_an_emotion_or_without_training_faces_is_refused(labelled_folder):
    shutil.rmtree(labelled_folder / "train" / "fear")
    with pytest.raises(DatasetError, match="train: no face is fear; all seven are needed"):
        split(labelled_folder)
    shutil.rmtree(labelled_folder / "train")
    with pytest.raises(DatasetError, match="has no training split"):
        split(labelled_folder)


def test_too_few_faces_to_hold_any_out_are_refused(labelled_folder):
    few = labelled_folder / "test"
    for emotion in EMOTIONS:
        (few / emotion / "0.png").unlink()
    with pytest.raises(DatasetError, match="too few faces"):
        split(few)
