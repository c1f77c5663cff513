"""The exam is read as its folder says it, and every figure comes from one rule of what is found."""

import json

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from benchmarks.faces.exam import SMALL, Truth, read_exam
from benchmarks.faces.matching import false_runs, match
from edge.support.errors import DatasetError

HEAD = "file,frame,x,y,width,height,kind,right_eye_x,right_eye_y,left_eye_x,left_eye_y\n"
FACE = Truth((100, 100, 50, 60))


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes a `boxes.csv` of these rows, beside two pictures."""
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((40, 60), np.uint8))

    def write(*rows, head=HEAD):
        (tmp_path / "boxes.csv").write_text(head + "".join(f"{row}\n" for row in rows))
        return tmp_path

    return write


def test_faces_are_read_with_their_kind_and_eyes(folder):
    (one,) = read_exam(folder("a.png,,1,2,3,4,hard,1.5,3,3.5,5"))
    (truth,) = one.items[0].truths[0]
    assert (truth.box, truth.kind) == ((1, 2, 3, 4), "hard")
    assert truth.roll == pytest.approx(45)


def test_columns_that_are_not_needed_may_be_missing(folder):
    (one,) = read_exam(folder("a.png,1,2,3,4", head="file,x,y,width,height\n"))
    assert one.items[0].truths[0] == (Truth((1, 2, 3, 4), "face", None),)


def test_a_picture_without_a_row_shows_no_face_and_counts(folder):
    (one,) = read_exam(folder("a.png,,1,2,3,4,,,,,"))
    assert [(item.name, len(item.truths.get(0, ()))) for item in one.items] == [
        ("a.png", 1),
        ("b.png", 0),
    ]


def test_a_folder_below_with_boxes_of_its_own_is_a_set_of_its_own(folder):
    top = folder("a.png,,1,2,3,4,,,,,")
    (top / "more").mkdir()
    cv2.imwrite(str(top / "more" / "c.png"), np.zeros((40, 60), np.uint8))
    (top / "more" / "boxes.csv").write_text(HEAD)
    sets = read_exam(top)
    assert {one.name: [i.name for i in one.items] for one in sets} == {
        top.name: ["a.png", "b.png"],
        "more": ["c.png"],
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [("a.png,,1,2,three,4,,,,,", "line 2"), ("gone.png,,1,2,3,4,,,,,", "gone.png")],
)
def test_a_row_that_does_not_fit_is_refused_by_name(folder, row, said):
    with pytest.raises(DatasetError, match=said):
        read_exam(folder(row))


def test_a_folder_without_boxes_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"boxes\.csv"):
        read_exam(tmp_path)


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((100, 100, 50, 60), True),
        ((124, 129, 50, 60), True),  # the face's centre just within
        ((126, 100, 50, 60), False),
        ((90, 90, 124, 124), True),
        ((40, 40, 126, 126), False),  # more than 2.5 times as wide
        ((116, 120, 19, 20), False),  # less than 0.4 times
    ],
)
def test_a_face_is_found_by_a_box_on_its_centre_of_about_its_width(box, found):
    seen = match([box], [FACE])
    assert seen.found == (found,)
    assert seen.false == (() if found else (box,))


def test_a_second_box_on_a_face_is_false():
    seen = match([(92, 95, 60, 70), (100, 100, 50, 60)], [FACE])
    assert seen.found == (True,)
    assert seen.false == ((92, 95, 60, 70),)


def test_a_box_on_a_small_face_is_not_false():
    assert match([(100, 100, 50, 60)], [Truth(FACE.box, SMALL)]).false == ()


def test_a_false_track_is_as_long_as_a_false_box_stays_about_there():
    here, moved, elsewhere = (10, 10, 40, 40), (14, 10, 40, 40), (300, 10, 40, 40)
    assert sorted(false_runs([[here], [moved], [], [here, elsewhere], [moved]])) == [1, 2, 2]


def test_the_portraits_make_an_exam_that_haar_passes(edge_emo, tmp_path):
    rows = []
    for name, (x, y, width, height) in FACES.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), portrait(name))
        eyes = f"{x + 30},{y + 40},{x + width - 30},{y + 40}"
        rows.append(f"{name}.png,,{x},{y},{width},{height},clear,{eyes}\n")
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((240, 320), 128, np.uint8))
    (tmp_path / "boxes.csv").write_text(HEAD + "".join(rows))
    picture = tmp_path.parent / f"{tmp_path.name}.png"
    ran = edge_emo(
        "bench", "--faces", tmp_path, "--detector", "haar", "--json", "-", "--plot", picture
    )
    assert ran.status == 0
    (system,) = json.loads(ran.out)["systems"]
    assert system["name"] == "haar"
    assert system["recall"][f"{tmp_path.name}: clear"] == {"found": 2, "of": 2}
    assert system["sets"][tmp_path.name]["false_boxes"] == 0
    assert system["sets"][tmp_path.name]["pictures"] == 3
    assert system["stress"]["upright, 90 px wide in 640x360"] == {"found": 2, "of": 2, "false": 0}
    assert cv2.imread(str(picture)).shape[1] == 1440


def test_boxes_without_eyes_make_an_exam_without_harder_cases(edge_emo, tmp_path):
    (name, (x, y, width, height)) = next(iter(FACES.items()))
    cv2.imwrite(str(tmp_path / "one.png"), portrait(name))
    row = f"one.png,{x},{y},{width},{height},clear\n"
    (tmp_path / "boxes.csv").write_text("file,x,y,width,height,kind\n" + row)
    ran = edge_emo("bench", "--faces", tmp_path, "--detector", "network")
    assert ran.status == 0
    assert ": clear (1)" in ran.out
    assert "No harder cases are made: they need pictures of one face" in ran.out
