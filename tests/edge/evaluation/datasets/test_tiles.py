"""Sheets of faces with room around them: cut out as a detector does, people apart in the splits."""

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.evaluation.datasets import find_splits, load_split
from edge.evaluation.datasets.tiles import TilesSplit
from edge.faces.crop import crop_face, to_gray
from edge.support.labels import EMOTIONS

SIDE = 96
PEOPLE = 60


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """Write a sheet of the astronaut under many people's names, two photos of each."""
    folder = tmp_path_factory.mktemp("tiles")
    x, y, side, _ = FACES["astronaut"]
    margin = round(0.3 * side)
    wide = (x - margin, y - margin, side + 2 * margin, side + 2 * margin)
    tile = crop_face(to_gray(portrait("astronaut")), wide, (SIDE, SIDE))
    sheet = np.zeros((25 * SIDE, 40 * SIDE), np.uint8)
    box = SIDE * margin / wide[2], SIDE * side / wide[2]
    rows = ["face,emotion,file,box_x,box_y,box_width,box_height"]
    for face in range(2 * PEOPLE):
        row, column = (SIDE * place for place in divmod(face, 40))
        sheet[row : row + SIDE, column : column + SIDE] = tile
        name = f"Person_{chr(97 + face // 2 % 26)}{face // 52}_{face % 2 + 1:04d}.jpg"
        rows.append(f"{face},happy,{name},{box[0]:.1f},{box[0]:.1f},{box[1]:.1f},{box[1]:.1f}")
    cv2.imwrite(str(folder / "faces-00.jpg"), sheet)
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def people(faces):
    return {name.partition("_0")[0] for name in faces.names}


def test_both_splits_are_found_and_share_nobody(sheets):
    assert sorted(find_splits(sheets)) == ["test", "train"]
    train, test = load_split(sheets, "train"), load_split(sheets, "test")
    assert len(train) + len(test) == 2 * PEOPLE
    assert 0 < len(test) < len(train)
    assert not people(train) & people(test)
    assert set(train.labels) == {EMOTIONS.index("happy")}


def test_a_face_is_cut_out_where_its_box_lies(sheets):
    face = load_split(sheets, "train").images[0].astype(float)
    wanted = crop_face(to_gray(portrait("astronaut")), FACES["astronaut"], (48, 48)).astype(float)
    assert np.corrcoef(face.ravel(), wanted.ravel())[0, 1] > 0.95


def test_the_tiles_are_those_of_the_faces(sheets):
    split = TilesSplit("train", sheets)
    tiles = split.read_tiles()
    assert tiles.images.shape == (len(load_split(sheets, "train")), SIDE, SIDE)
    assert tiles.boxes.shape == (len(tiles.images), 4)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "faces-00.jpg").unlink(), "faces-00.jpg: is not a sheet"),
        (lambda f: (f / "faces-00.jpg").write_bytes(b"no picture"), "faces-00.jpg: is not a sheet"),
        (lambda f: _replace(f, ",happy,", ",cheerful,"), "'cheerful' is not an emotion"),
        (lambda f: _replace(f, "\n0,", "\nzero,"), "no number in its row"),
    ],
)
def test_damaged_sheets_are_refused_by_name(
    sheets, tmp_path, edge_emo, assert_refused, spoil, said
):
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in sheets.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    spoil(copy)
    assert_refused(edge_emo("evaluate", "--data", copy, "--split", "train"), said)


def _replace(folder, old, new):
    table = folder / "labels.csv"
    table.write_text(table.read_text().replace(old, new))
