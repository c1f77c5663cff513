"""Labelled faces in the folder layouts in which data sets are found."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.evaluation.datasets import find_splits, load_split
from edge.faces.crop import crop_face, to_gray
from edge.support.errors import DatasetError
from edge.support.labels import EMOTIONS


@pytest.fixture
def save(tmp_path, pixels):
    """Write a random gray image into the data set and return its pixels."""

    def write(name, height=48, width=48):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = pixels(height, width)
        cv2.imwrite(str(path), image)
        return image

    return write


def test_kaggles_layout_has_a_folder_for_each_split(labelled_folder_once):
    assert set(find_splits(labelled_folder_once)) == {"train", "test"}
    test = load_split(labelled_folder_once, "test")
    assert test.split == "test"
    assert len(test) == 3 * 7
    assert test.counts() == dict.fromkeys(EMOTIONS, 3)
    assert test.images.shape == (21, 48, 48)
    assert test.images.dtype == np.uint8
    assert test.skipped == ()
    assert test.votes is None
    for name, label, image in zip(test.names, test.labels, test.images, strict=True):
        assert name.startswith(f"test/{EMOTIONS[label]}/")
        path = labelled_folder_once / name
        np.testing.assert_array_equal(image, cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


def test_the_split_kept_for_testing_is_the_default(labelled_folder_once):
    assert load_split(labelled_folder_once).names == load_split(labelled_folder_once, "test").names


def test_one_folder_per_emotion_is_one_split(tmp_path, save):
    face = save("happy/a.png")
    save("sad/a.png")
    splits = find_splits(tmp_path)
    assert list(splits) == ["all"]
    assert splits["all"].place == tmp_path
    faces = load_split(tmp_path)
    assert faces.split == "all"
    assert faces.labels.tolist() == [EMOTIONS.index("happy"), EMOTIONS.index("sad")]
    np.testing.assert_array_equal(faces.images[0], face)


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("Training", "train"),
        ("val", "validation"),
        ("PublicTest", "validation"),
        ("PrivateTest", "test"),
        ("images/test", "test"),
    ],
)
def test_other_names_of_splits_are_understood(tmp_path, save, folder, split):
    save(f"{folder}/happy/a.png")
    assert list(find_splits(tmp_path)) == [split]
    assert len(load_split(tmp_path)) == 1


def test_folders_are_found_under_their_synonyms(tmp_path, save):
    save("test/Anger/a.png")
    save("test/Happiness/a.png")
    assert load_split(tmp_path).labels.tolist() == [0, 3]


def test_folders_that_mean_the_same_emotion_are_one_class(tmp_path, save):
    save("test/anger/a.png")
    save("test/Angry /a.png")
    assert load_split(tmp_path).labels.tolist() == [0, 0]


def test_a_face_is_reduced_as_the_device_reduces_it(tmp_path, pixels):
    (tmp_path / "happy").mkdir()
    frame = pixels(90, 70, 3)
    cv2.imwrite(str(tmp_path / "happy" / "a.png"), frame)
    as_live = crop_face(to_gray(frame), (0, 0, 70, 90), (48, 48))
    np.testing.assert_array_equal(load_split(tmp_path).images[0], as_live)


def test_images_of_any_size_and_colour_become_gray_and_of_the_requested_size(
    tmp_path, save, pixels
):
    save("happy/large.png", 100, 80)
    cv2.imwrite(str(tmp_path / "happy" / "color.jpg"), pixels(60, 60, 3))
    cv2.imwrite(str(tmp_path / "happy" / "tiny.bmp"), pixels(3, 5))
    faces = load_split(tmp_path, shape=(32, 40))
    assert faces.images.shape == (3, 32, 40)


def test_an_emotion_without_images_is_allowed_and_counted_as_none(tmp_path, save):
    save("happy/a.png")
    (tmp_path / "disgust").mkdir()
    assert load_split(tmp_path).counts() == {**dict.fromkeys(EMOTIONS, 0), "happy": 1}


def test_what_a_system_keeps_in_a_folder_is_passed_over_and_other_files_are_named(tmp_path, save):
    save("happy/a.png")
    (tmp_path / "happy" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "happy" / "notes.txt").write_text("x")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    faces = load_split(tmp_path)
    assert len(faces) == 1
    assert [os.path.basename(name) for name in faces.skipped] == ["notes.txt"]


def test_a_corrupt_image_is_skipped_and_listed(labelled_folder, tmp_path):
    happy = labelled_folder / "test" / "happy"
    good = len(load_split(labelled_folder))
    (happy / "empty.png").touch()
    (happy / "text.jpg").write_text("no image")
    whole = (happy / "0.png").read_bytes()
    (happy / "cut.png").write_bytes(whole[: len(whole) // 2])
    (happy / "folder.png").mkdir()
    faces = load_split(labelled_folder)
    assert len(faces) == good
    assert {Path(name).name for name in faces.skipped} == {
        *("empty.png", "text.jpg", "cut.png", "folder.png")
    }
    assert not set(faces.skipped) & set(faces.names)


def test_a_folder_that_is_no_emotion_is_refused_by_name(labelled_folder):
    (labelled_folder / "test" / "bored").mkdir()
    with pytest.raises(DatasetError, match=r"test.bored: 'bored' is not an emotion"):
        load_split(labelled_folder)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Contempt", "move this one out of the data set"),
        ("contemptuous", "move this one out"),
        ("3", "numbers them in its own way, so rename it"),
    ],
)
@pytest.mark.parametrize("place", [".", "train"])
def test_a_class_that_is_not_ours_is_refused_with_what_to_do(tmp_path, save, place, name, hint):
    save(f"{place}/{name}/a.png")
    with pytest.raises(DatasetError, match=f"{name}: '{name}' is not an emotion.*{hint}"):
        load_split(tmp_path)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda d: d.rmdir(), "no such folder"),
        (lambda d: None, r"holds no folders; expected train/ and test/.*angry.*or fer2013.csv"),
        (lambda d: (d / "fer2013").mkdir(), "holds folders named fer2013; expected"),
        (lambda d: (d / "happy").mkdir(), "holds no readable image"),
        (lambda d: (d / "test" / "happy").mkdir(parents=True), "holds no readable image"),
        (lambda d: (d / "test").mkdir(), "holds no readable image"),
    ],
)
def test_a_data_set_without_images_is_refused_with_its_name(tmp_path, make, said):
    data = tmp_path / "data"
    data.mkdir()
    make(data)
    with pytest.raises(DatasetError, match=f"data.*: {said}"):
        load_split(data)


def test_a_data_set_of_nothing_but_damaged_images_is_refused(tmp_path):
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "a.png").write_bytes(b"x")
    with pytest.raises(DatasetError, match="holds no readable image"):
        load_split(tmp_path)


def test_a_split_that_is_not_there_is_refused_with_those_that_are(labelled_folder_once):
    with pytest.raises(DatasetError, match="no split 'validation'; it has test, train"):
        load_split(labelled_folder_once, "validation")


def test_the_order_of_faces_is_that_of_their_names(labelled_folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(labelled_folder, copy)
    names = load_split(labelled_folder).names
    assert list(names) == sorted(names)
    assert load_split(copy).names == names


def test_selected_faces_keep_label_and_name_together(labelled_folder_once):
    faces = load_split(labelled_folder_once, "test")
    some = faces.select(np.array([5, 0, 20]))
    assert some.names == (faces.names[5], faces.names[0], faces.names[20])
    np.testing.assert_array_equal(some.labels, faces.labels[[5, 0, 20]])
    np.testing.assert_array_equal(some.images, faces.images[[5, 0, 20]])
    assert some.split == "test"


def test_progress_ends_at_the_number_of_files(labelled_folder_once):
    told = []
    load_split(
        labelled_folder_once, "test", progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (21, 21)


def test_faces_can_be_read_in_colour(tmp_path):
    (tmp_path / "happy").mkdir()
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, :, 2] = 200  # red, as OpenCV writes it
    cv2.imwrite(str(tmp_path / "happy" / "red.png"), picture)
    cv2.imwrite(str(tmp_path / "happy" / "sheet.png"), picture[:, :, 2])
    faces = load_split(tmp_path, shape=(48, 48, 3)).images
    assert faces.shape == (2, 48, 48, 3)
    assert faces[0, 24, 24].tolist() == [200, 0, 0]
    assert faces[1, 24, 24].tolist() == [200, 200, 200]


def test_what_lies_deeper_than_a_class_is_named_and_counted(tmp_path, save):
    for name in EMOTIONS:
        save(tmp_path / "test" / name / "1.png")
    for i in range(3):
        save(tmp_path / "test" / "happy" / "one" / f"{i}.png")
    (tmp_path / "test" / "happy" / "1.png").unlink()
    (tmp_path / "test" / "sad" / "notes.txt").write_text("no image")
    (tmp_path / "test" / "sad" / "Thumbs.db").touch()
    (tmp_path / "test" / "__MACOSX").mkdir()
    faces = load_split(tmp_path)
    assert len(faces) == 6
    assert len(faces.skipped) == 4
    assert faces.left_out() == [
        "test/sad/notes.txt: is not a readable image; skipped",
        "test/happy/one: 3 files in a folder within a class; move them up to it",
        "4 of 10 files or rows are skipped (test)",
        "there is no face of happy (test)",
    ]


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", "", ".data"])
def test_an_image_of_any_name_is_a_face(tmp_path, save, suffix):
    save(tmp_path / "test" / "happy" / "1.jpg")
    path = tmp_path / "test" / "happy" / "1.jpg"
    path.rename(path.with_name(f"1{suffix}"))
    assert len(load_split(tmp_path)) == 1
